"""Row numbers instead of keys: an export has "@finance_financialtransaction/7" where the database has a UUID.

Keys are unique, so a copy of an account gets new keys, which must not change the contents of an export. The rows of a table
are numbered in the order of their keys, and an import generates keys in the order of the numbers. Equal rows therefore have
the same numbers in every account, and the files have the same bytes.
"""

from bisect import bisect_left
from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from django.apps import apps
from django.db import models
from uuid_utils.compat import uuid7

from core.errors import DomainError
from users.privacy.policies import AnyModel, policy_of, rows_of

ACCOUNT = "@account"
WIDTH = 16
HIGHEST = 2**32 - 1


class RowNumbers:
    """The sorted keys of one user's rows of one model, packed into 16 bytes each, so that a million fit into memory."""

    def __init__(self, keys: Iterable[Any]) -> None:
        self.packed = b"".join(key.bytes for key in keys)

    def __len__(self) -> int:
        return len(self.packed) // WIDTH

    def number_of(self, key: UUID) -> int | None:
        """Return the number of a key, 1 for the first; None if there is no such key."""
        wanted = key.bytes
        place = bisect_left(range(len(self)), wanted, key=self._at)
        return place + 1 if place < len(self) and self._at(place) == wanted else None

    def _at(self, place: int) -> bytes:
        return self.packed[WIDTH * place : WIDTH * (place + 1)]


def has_numbers(model: AnyModel) -> bool:
    """Return True if rows of a model can be referred to by number."""
    return isinstance(model._meta.pk, models.UUIDField) and policy_of(model).owner != "pk"


def keys_of(model: AnyModel, user: Any, referring: Iterable[AnyModel]) -> RowNumbers:
    """Return the keys of a user's rows, and of deleted rows to which rows of the models `referring` still refer."""
    keys = rows_of(model, user).order_by().values_list("pk")
    deleted = [
        rows_of(other, user).order_by().filter(**{f"{column}__isnull": False}).values_list(column)
        for other in referring
        for column, label in policy_of(other).loose_references.items()
        if apps.get_model(label) is model
    ]
    keys = keys.union(*deleted).order_by("id") if deleted else keys.order_by("pk")
    return RowNumbers(key for (key,) in keys.iterator(chunk_size=10_000))


def reference(model: AnyModel, number: int) -> str:
    """Return the reference in an export to row `number` of `model`."""
    return f"@{model._meta.db_table}/{number}"


class ImportKeys:
    """Keys of the rows of an import: one random UUIDv7 per table, with the row's number in the last 32 bits."""

    def __init__(self, tables: Mapping[str, AnyModel]) -> None:
        self.tables = tables
        self.bases: dict[str, int] = {table: uuid7().int & ~HIGHEST for table in tables}

    def of(self, model: AnyModel, number: Any) -> UUID:
        """Return the key of row `number` of `model`. Raise DomainError if it is not a valid number."""
        if type(number) is not int or not 1 <= number <= HIGHEST:
            raise DomainError("invalid_number", f"A row's number must be a whole number from 1 to {HIGHEST}.", field="id")
        return UUID(int=self.bases[model._meta.db_table] | number)

    def named(self, text: str) -> tuple[AnyModel, UUID] | None:
        """Return the model and key of a reference; None if the text is not a reference to an imported table."""
        table, _, number = text.removeprefix("@").partition("/")
        if not text.startswith("@") or table not in self.tables or not (number.isascii() and number.isdigit()):
            return None
        return self.tables[table], self.of(self.tables[table], int(number[:12]))
