"""Declarations of how a model's rows are exported, imported and erased.

Each model with a user's key has one (`privacy = Privacy(…)`), which a test checks. Export, import and erasure depend only on
these declarations.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Protocol

from django.db.models import Q


class Erase(StrEnum):
    """The effect of an account's erasure on its rows."""

    DELETE = "delete"
    ANONYMIZE = "anonymize"
    KEEP = "keep"


class Restore(StrEnum):
    """The role that may import rows from an export."""

    OWNER = "owner"  # rows that the customer entered, or that are computed from those
    OPERATOR = "operator"  # rows that the service recorded, granted or charged, which a customer could forge
    NEVER = "never"  # rows that are bound to their account, such as keys


@dataclass(frozen=True, kw_only=True)
class ErasureBlocker:
    """Rows that prevent the erasure of their owner, and a message that says what to do."""

    rows: Q
    code: str
    remedy: str


class HasFile(Protocol):
    """A row with a file, which an export contains beside the row."""

    pk: Any

    @property
    def file_ending(self) -> str:
        """Return the ending of the file's name, without the dot."""

    def read_file(self) -> Iterator[bytes]:
        """Yield the contents of the file, or raise EncryptionError."""

    def store_file(self, content: bytes) -> None:
        """Store the contents of the file of a new row, or raise DomainError if they are invalid."""


@dataclass(frozen=True, kw_only=True)
class Privacy:
    """The privacy policy of one model. docs/privacy.md shows its `reason`.

    - `owner` is the lookup path to the user.
    - `withheld` names columns that are not exported, in addition to the model's `secret_fields`.
    - `loose_references` maps UUID columns without a foreign key to the model that they refer to.
    - `blank` maps columns to the values, expressions or functions that anonymize them.
    - `max_file_bytes` is the size of the largest file of a row. The model is a `HasFile` unless it is 0.
    - `is_replaced` marks rows that every account has, so that an account with only such rows counts as empty.
    """

    export: bool
    erase: Erase
    reason: str
    restore: Restore = Restore.OWNER
    owner: str = "user"
    withheld: tuple[str, ...] = ()
    loose_references: Mapping[str, str] = field(default_factory=dict)
    blank: Mapping[str, Any] = field(default_factory=dict)
    blocker: ErasureBlocker | None = None
    max_file_bytes: int = 0
    is_replaced: bool = False


def own(reason: str, **options: Any) -> Privacy:
    """Return the usual policy: the customer can export and import the rows, and erasure deletes them."""
    return Privacy(export=True, erase=Erase.DELETE, reason=reason, **options)


def recorded(reason: str, **options: Any) -> Privacy:
    """Return the policy of rows that the service recorded: like `own`, but only an operator can import them."""
    return Privacy(export=True, erase=Erase.DELETE, reason=reason, restore=Restore.OPERATOR, **options)


def internal(reason: str, **options: Any) -> Privacy:
    """Return the policy of technical rows: they are not exported, and erasure deletes them."""
    return Privacy(export=False, erase=Erase.DELETE, reason=reason, restore=Restore.NEVER, **options)
