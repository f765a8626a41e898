"""What becomes of a model's rows when their owner asks for his data, brings them back, or has his account erased.

Each model with a user's key says so beside its fields (`privacy = Privacy(…)`); a test fails for one that does not. What is
exported, imported and erased follows from these declarations and from nothing else.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from django.db.models import Q


class Erase(StrEnum):
    """What erasing an account does to its rows."""

    DELETE = "delete"
    ANONYMIZE = "anonymise"
    KEEP = "keep"


class Restore(StrEnum):
    """Who may bring rows back out of an export."""

    OWNER = "owner"  # the customer: it is what he told us, or follows from it
    OPERATOR = "operator"  # what the service recorded, granted or charged: a customer could grant himself anything
    NEVER = "nobody"  # it is bound to the account it was made for, as a key is


@dataclass(frozen=True, kw_only=True)
class ErasureBlocker:
    """Rows that must be settled before their owner can be erased: which, and the sentence that tells him how."""

    rows: Q
    code: str
    remedy: str


@dataclass(frozen=True, kw_only=True)
class Privacy:
    """One model's policy; `because` is the reason, for people.

    `owner` leads to the user by field names. `withheld` names columns that no export holds, besides the model's
    `secret_fields`. `loose_references` names UUID columns that point at rows without a foreign key, with the model that they
    point at. `blank` is what anonymising writes: values, expressions, or functions that make one. `is_replaced`: rows that an
    account has by itself, so that it counts as empty with them.
    """

    export: bool
    erase: Erase
    because: str
    restore: Restore = Restore.OWNER
    owner: str = "user"
    withheld: tuple[str, ...] = ()
    loose_references: Mapping[str, str] = field(default_factory=dict)
    blank: Mapping[str, Any] = field(default_factory=dict)
    blocker: ErasureBlocker | None = None
    is_replaced: bool = False


def own(because: str, **options: Any) -> Privacy:
    """The usual policy: the customer takes his rows along, may bring them back, and they go with him."""
    return Privacy(export=True, erase=Erase.DELETE, because=because, **options)


def recorded(because: str, **options: Any) -> Privacy:
    """For what the service noted: the customer takes it along and it goes with him, but only an operator brings it back."""
    return Privacy(export=True, erase=Erase.DELETE, because=because, restore=Restore.OPERATOR, **options)


def internal(because: str, **options: Any) -> Privacy:
    """For what only makes the service work: it says nothing of its own about the customer, and goes with him."""
    return Privacy(export=False, erase=Erase.DELETE, because=because, restore=Restore.NEVER, **options)
