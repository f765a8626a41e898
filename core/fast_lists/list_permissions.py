"""Permission checks of the compiled list path: by a token, and for staff by one more query."""

from enum import Enum
from functools import cached_property
from typing import Any, NamedTuple
from uuid import UUID

from django.contrib.auth import get_permission_codename
from django.contrib.auth.backends import ModelBackend
from django.db import connection
from django.db.models import Model, QuerySet

from core import context
from core.context import Role
from core.fast_lists import compiled_queries
from core.fast_lists.compiled_queries import CompiledQuery, Read

CUSTOMER_ROLE = Role.CUSTOMER


class Audience(Enum):
    """The callers that may read a list."""

    OWNER = "users, their own rows"
    PUBLIC = "everybody; staff may see more rows"
    STAFF = "staff with the permission to view the model"


class Caller(NamedTuple):
    pk: UUID
    is_staff: bool  # and logged in with a second factor


class ListPermission:
    def __init__(self, audience: Audience, model: type[Model]) -> None:
        self.audience, self.model = audience, model

    @property
    def staff_variants(self) -> tuple[bool | None, ...]:
        return {Audience.OWNER: (None,), Audience.STAFF: (True,), Audience.PUBLIC: (False, True)}[self.audience]

    def staff_variant_of(self, caller: Caller) -> bool | None:
        """Return True if the caller reads the list as staff, or None if the rows do not depend on that."""
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
