"""Who may read a list, as the compiled list path finds it out: by a token, and of staff by one statement more."""

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
    """Who may read a list at all, besides what of it he meets."""

    OWNER = "whoever has signed in: his own rows"
    PUBLIC = "everybody; staff may meet more"
    STAFF = "staff with the permission to view the model"


class Caller(NamedTuple):
    """Who has signed in."""

    pk: UUID
    is_staff: bool  # with all of its powers: his credentials stand for a second factor


class ListPermission:
    """The readers of one model's list."""

    def __init__(self, audience: Audience, model: type[Model]) -> None:
        self.audience, self.model = audience, model

    @property
    def staff_variants(self) -> tuple[bool | None, ...]:
        """What `staff_variant_of` may give."""
        return {Audience.OWNER: (None,), Audience.STAFF: (True,), Audience.PUBLIC: (False, True)}[self.audience]

    def staff_variant_of(self, caller: Caller) -> bool | None:
        """Whether the caller reads as one of the staff; None where that makes no difference."""
        return caller.is_staff if len(self.staff_variants) > 1 else self.staff_variants[0]

    def role_of(self, caller: Caller) -> Role:
        """The role of the database that the list is read as."""
        return Role.STAFF if self.staff_variant_of(caller) else CUSTOMER_ROLE

    def allows(self, caller: Caller, read: Read) -> bool:
        """Whether the caller is one of the readers."""
        if self.audience is not Audience.STAFF:
            return True
        with context.using_role(Role.STAFF, caller.pk):
            return caller.is_staff and bool(read(self.permission_query, {"pk": caller.pk}))

    @cached_property
    def permission_query(self) -> CompiledQuery:
        """The caller, if he has the permission to view the model."""
        options = self.model._meta
        permission = f"{options.app_label}.{get_permission_codename('view', options)}"

        def found(values: dict[str, Any]) -> QuerySet[Any]:
            return ModelBackend().with_perm(permission).filter(pk=values["pk"]).values_list("pk")

        return compiled_queries.compile_query(found, {"pk": UUID}, connection)
