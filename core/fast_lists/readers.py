"""Who may read a list, as the compiled list path finds it out: by a token, and of staff by one statement more."""

from enum import Enum
from functools import cached_property
from typing import Any, NamedTuple
from uuid import UUID

from django.contrib.auth import get_permission_codename
from django.contrib.auth.backends import ModelBackend
from django.db import connection

from core import context
from core.context import Role
from core.fast_lists import compiled_queries
from core.fast_lists.compiled_queries import Read, Statement

OF_CUSTOMERS = Role.CUSTOMER


class Readers(Enum):
    """Who may read a list at all, besides what of it he meets."""

    OWNER = "whoever has signed in: his own rows"
    EVERYBODY = "everybody; staff may meet more"
    STAFF = "staff with the permission to view the model"


class Caller(NamedTuple):
    """Who has signed in."""

    pk: UUID
    is_staff: bool  # with all of its powers: his credentials stand for a second factor


class Gate:
    """The readers of one model's list."""

    def __init__(self, readers: Readers, model: Any) -> None:
        self.readers, self.model = readers, model

    @property
    def sides(self) -> tuple[bool | None, ...]:
        """What `side_of` may give."""
        return {Readers.OWNER: (None,), Readers.STAFF: (True,), Readers.EVERYBODY: (False, True)}[self.readers]

    def side_of(self, caller: Caller) -> bool | None:
        """Whether the caller reads as one of the staff; None where that makes no difference."""
        return caller.is_staff if len(self.sides) > 1 else self.sides[0]

    def role_of(self, caller: Caller) -> Role:
        """The role of the database that the list is read as."""
        return Role.STAFF if self.side_of(caller) else OF_CUSTOMERS

    def lets_in(self, caller: Caller, read: Read) -> bool:
        """Whether the caller is one of the readers."""
        if self.readers is not Readers.STAFF:
            return True
        with context.reach(Role.STAFF, caller.pk):
            return caller.is_staff and bool(read(self.permitted, {"pk": caller.pk}))

    @cached_property
    def permitted(self) -> Statement:
        """The caller, if he has the permission to view the model."""
        options = self.model._meta
        permission = f"{options.app_label}.{get_permission_codename('view', options)}"

        def found(values: dict[str, Any]) -> Any:
            return ModelBackend().with_perm(permission).filter(pk=values["pk"]).values_list("pk")

        return compiled_queries.compiled(found, {"pk": UUID}, connection)
