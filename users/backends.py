"""Logging in by e-mail and password, with a lock after too many wrong ones."""

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
    """Checks a password only after the attempt was counted, so that guessing in parallel gains nothing."""

    def authenticate(
        self, request: HttpRequest | None, username: str | None = None, password: str | None = None, **credentials: Any
    ) -> User | None:
        """The account of `email` (or `username`, as the admin calls it); None when anything is wrong, without saying what."""
        email = credentials.get("email") or username
        if not email or password is None or "\x00" in email:
            return None
        now = clock.now()
        user = User.objects.reserve_login_attempt(email, now=now)
        if user is None:
            make_password(password)  # as long as a real check takes: an unknown or locked account must not answer faster
            return None
        if not user.check_password(password):
            if user.is_locked:  # by this attempt: it is the one that reached the limit
                notify(user, security_notices.LOCKED, detail=str(settings.LOGIN_LOCKOUT // timedelta(minutes=1)))
            return None
        user.login_succeeded(now=now)
        return user if self.user_can_authenticate(user) else None
