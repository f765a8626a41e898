"""Login by email and password, with a lockout after too many wrong passwords."""

from datetime import timedelta
from typing import Any

from django.conf import settings
from django.contrib.auth.backends import ModelBackend
from django.contrib.auth.hashers import make_password
from django.http import HttpRequest

from core import clock
from users import security_notices
from users.models import User
from users.security_notices import notify


class EmailBackend(ModelBackend):
    """An authentication backend that counts an attempt before it checks the password, against parallel guesses."""

    def authenticate(
        self, request: HttpRequest | None, username: str | None = None, password: str | None = None, **credentials: Any
    ) -> User | None:
        """Return the account of `email` (or `username`, as the admin calls it); None if anything is wrong."""
        email = credentials.get("email") or username
        if not email or password is None or "\x00" in email:
            return None
        now = clock.now()
        user = User.objects.reserve_login_attempt(email, now=now)
        if user is None:
            make_password(password)  # takes as long as a real check, to hide whether the account is unknown or locked
            return None
        if not user.check_password(password):
            if user.is_locked:  # this attempt reached the limit
                notify(user, security_notices.LOCKED, detail=str(settings.LOGIN_LOCKOUT // timedelta(minutes=1)))
            return None
        user.login_succeeded(now=now)
        return user if self.user_can_authenticate(user) else None
