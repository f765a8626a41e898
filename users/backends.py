"""Login by email and password, with limits on failed attempts."""

from datetime import datetime, timedelta
from functools import cache
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib.auth.backends import ModelBackend
from django.contrib.auth.hashers import make_password
from django.contrib.auth.models import Permission
from django.db import connection
from django.db.models import QuerySet
from django.http import HttpRequest

from core import clock
from core.fast_lists import compiled_queries
from core.fast_lists.compiled_instances import CompiledInstanceQuery
from core.fast_lists.compiled_queries import CompiledQuery
from users import login_attempts, security_notices
from users.models import User

_users = CompiledInstanceQuery(lambda values: User.objects.filter(pk=values["pk"]), pk=UUID)
PERMISSION_COLUMNS = ("content_type__app_label", "codename")


@cache
def _permissions() -> CompiledQuery:
    """Return the query for the permissions of a user and of their groups."""

    def rows(values: dict[str, Any]) -> QuerySet[Any]:
        of_user, of_groups = Permission.objects.filter(user=values["pk"]), Permission.objects.filter(group__user=values["pk"])
        return of_user.values_list(*PERMISSION_COLUMNS).union(of_groups.values_list(*PERMISSION_COLUMNS))

    return compiled_queries.compile_query(rows, {"pk": UUID}, connection)


class EmailBackend(ModelBackend):
    """An authentication backend that counts an attempt before it checks the password, against parallel guesses."""

    def authenticate(
        self, request: HttpRequest | None, username: str | None = None, password: str | None = None, **credentials: Any
    ) -> User | None:
        """Return the account of `email` (or `username`, as the admin calls it); None if anything is wrong.

        `session` is the session of the request if it is not Django's.
        """
        email = credentials.get("email") or username
        if not email or password is None or "\x00" in email:
            return None
        now = clock.now()
        attempt = login_attempts.reserve(email, request, session=credentials.get("session"), now=now)
        user = attempt.user
        if user is None:
            make_password(password)  # takes as long as a real check, to hide whether the account is unknown or locked
        is_right = user is not None and user.check_password(password)
        factor = attempt.factor_of_code(is_password_right=is_right, now=now)
        if user is None or not is_right or (attempt.requires_code and factor is None):
            if user is not None and attempt.has_locked:
                notify_locked(user, attempt.network, now)
            return None
        attempt.succeed(user, with_code=factor is not None, now=now)
        if request is not None:
            request.login_factor = factor  # type: ignore[attr-defined]  # see users.login_codes
        return user if self.user_can_authenticate(user) else None

    def get_user(self, user_id: UUID) -> User | None:
        """Return the user of a session; None if the account is missing or disabled."""
        user = next(iter(_users(pk=user_id)), None)
        return user if user is not None and self.user_can_authenticate(user) else None

    def get_all_permissions(self, user_obj: Any, obj: Any = None) -> set[str]:
        """Return the user's permissions, as Django does but by one prepared statement, which every page of staff executes."""
        if settings.FAST_LISTS and user_obj.is_active and not user_obj.is_superuser and not hasattr(user_obj, "_perm_cache"):
            rows = compiled_queries.read_in_transaction(connection, _permissions(), {"pk": user_obj.pk})
            user_obj._perm_cache = {f"{app_label}.{codename}" for app_label, codename in rows}
        return super().get_all_permissions(user_obj, obj)


def notify_locked(user: User, network: str, now: datetime) -> None:
    minutes = settings.LOGIN_LOCKOUT // timedelta(minutes=1)
    detail = f"{minutes} minutes. The last failed login was from the network {network}"
    security_notices.notify_daily(user, security_notices.LOCKED, detail=detail, now=now)
