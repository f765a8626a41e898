"""Login by email and password, with a lockout after too many wrong passwords."""

from datetime import timedelta
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
from users import security_notices
from users.models import User
from users.security_notices import notify

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
