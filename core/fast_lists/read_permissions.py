"""Permission checks of compiled reads: by the credential, and for staff by one more query."""

from datetime import date
from enum import Enum, StrEnum
from functools import cached_property
from typing import Any, NamedTuple
from uuid import UUID

from django.contrib.auth import get_permission_codename
from django.contrib.auth.backends import ModelBackend
from django.db import connection
from django.db.models import Model, QuerySet

from core import clock, context
from core.context import Role
from core.fast_lists import compiled_queries
from core.fast_lists.compiled_queries import CompiledQuery, Read

CUSTOMER_ROLE = Role.CUSTOMER


class Reason(StrEnum):
    """Why the plain path handles a request of a compiled view."""

    ANONYMOUS = "anonymous"
    CREDENTIAL = "credential"  # it must be refused, or its use recorded
    NOT_COMPILED = "not_compiled"  # a search, or SQL that depends on the values
    NOT_FOUND = "not_found"
    REFUSED = "refused"  # a parameter or the caller is refused
    THROTTLED = "throttled"
    DATABASE = "database"


class NotCompiledError(Exception):
    """The plain path must handle the request."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason)
        self.reason = reason


class Audience(Enum):
    """The callers that may read the rows of a view."""

    OWNER = "users, their own rows"
    PUBLIC = "everybody; staff may see more rows"
    STAFF = "staff with the permission to view the model"


class Caller(NamedTuple):
    """The user of a credential.

    - `is_staff` is true only with a second factor.
    - `position` counts the changes of the user's rows (`core.changes`) at a time before the rows are read.
    - `zone` is the name of the user's time zone, None without a profile.
    - `session` is the digest of the session; a token has none. `has_cookie` says that caches must regard the cookie.
    """

    pk: UUID
    is_staff: bool
    position: int
    zone: str | None
    session: str = ""
    has_cookie: bool = False

    @property
    def headers(self) -> dict[str, str]:
        """Return the headers that the session middleware adds."""
        return {"Vary": "Cookie"} if self.has_cookie else {}

    @property
    def today(self) -> date:
        """Return the current day in the user's time zone."""
        return clock.day_in(clock.zone_named(self.zone) if self.zone else clock.FALLBACK_ZONE, clock.now())


class ReadPermission:
    def __init__(self, audience: Audience, model: type[Model]) -> None:
        self.audience, self.model = audience, model

    @property
    def staff_variants(self) -> tuple[bool | None, ...]:
        return {Audience.OWNER: (None,), Audience.STAFF: (True,), Audience.PUBLIC: (False, True)}[self.audience]

    def staff_variant_of(self, caller: Caller) -> bool | None:
        """Return True if the caller reads as staff, or None if the rows do not depend on that."""
        return caller.is_staff if len(self.staff_variants) > 1 else self.staff_variants[0]

    def role_of(self, caller: Caller) -> Role:
        return Role.STAFF if self.staff_variant_of(caller) else CUSTOMER_ROLE

    def allows(self, caller: Caller, read: Read) -> bool:
        if self.audience is not Audience.STAFF:
            return True
        with context.using_role(Role.STAFF, caller.pk):
            return caller.is_staff and bool(read(self.permission_query, {"pk": caller.pk}))

    @cached_property
    def permission_query(self) -> CompiledQuery:
        """Return the query for the caller if they have the permission to view the model."""
        options = self.model._meta
        permission = f"{options.app_label}.{get_permission_codename('view', options)}"

        def found(values: dict[str, Any]) -> QuerySet[Any]:
            return ModelBackend().with_perm(permission).filter(pk=values["pk"]).values_list("pk")

        return compiled_queries.compile_query(found, {"pk": UUID}, connection)
