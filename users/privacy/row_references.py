"""Numbers for keys: an export says "@finance_financialtransaction/7" where the database has a UUID.

A key can exist only once, so a copy of an account gets keys of its own; what an export holds must not change by that. The
rows of a table are numbered in the order of their keys, and an import makes keys that ascend with the numbers. So the
same rows have the same numbers wherever they are, and the files the same bytes.
"""

from bisect import bisect_left
from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from django.apps import apps
from django.db import models
from uuid_utils.compat import uuid7

from core.errors import DomainError
from users.privacy.policies import AnyModel, rows_of, stated

ACCOUNT = "@account"
WIDTH = 16
HIGHEST = 2**32 - 1


class RowNumbers:
    """The keys of one user's rows of one model in ascending order: 16 bytes each, so that a million fit into memory."""

    def __init__(self, keys: Iterable[Any]) -> None:
        self.packed = b"".join(key.bytes for key in keys)

    def __len__(self) -> int:
        return len(self.packed) // WIDTH

    def number_of(self, key: UUID) -> int | None:
        """1 for the first; None for a key that is not among them."""
        wanted = key.bytes
        place = bisect_left(range(len(self)), wanted, key=self._at)
        return place + 1 if place < len(self) and self._at(place) == wanted else None

    def _at(self, place: int) -> bytes:
        return self.packed[WIDTH * place : WIDTH * (place + 1)]


def has_numbers(model: AnyModel) -> bool:
    """Whether rows of a model can be referred to by number."""
    return isinstance(model._meta.pk, models.UUIDField) and stated(model).owner != "pk"


def keys_of(model: AnyModel, user: Any, pointing: Iterable[AnyModel]) -> RowNumbers:
    """The keys of a user's rows, with those that are gone and that rows of the models `pointing` still speak of."""
    keys = rows_of(model, user).order_by().values_list("pk")
    gone = [
        rows_of(other, user).order_by().filter(**{f"{column}__isnull": False}).values_list(column)
        for other in pointing
        for column, label in stated(other).loose_references.items()
        if apps.get_model(label) is model
    ]
    keys = keys.union(*gone).order_by("id") if gone else keys.order_by("pk")
    return RowNumbers(key for (key,) in keys.iterator(chunk_size=10_000))


def reference(model: AnyModel, number: int) -> str:
    """How an export speaks of the row of `model` with a number."""
    return f"@{model._meta.db_table}/{number}"


class ImportKeys:
    """Keys for the rows of an import: a random UUIDv7 a table, whose last 32 bits are the row's number."""

    def __init__(self, tables: Mapping[str, AnyModel]) -> None:
        self.tables = tables
        self.bases: dict[str, int] = {table: uuid7().int & ~HIGHEST for table in tables}

    def of(self, model: AnyModel, number: Any) -> UUID:
        """The key of the row of `model` with a number. Raises DomainError for what is no number."""
        if type(number) is not int or not 1 <= number <= HIGHEST:
            raise DomainError("invalid_number", f"A row's number is a whole number from 1 to {HIGHEST}.", field="id")
        return UUID(int=self.bases[model._meta.db_table] | number)

    def named(self, text: str) -> tuple[AnyModel, UUID] | None:
        """The model and key that a reference names; None for a text that is no reference to an imported table."""
        table, _, number = text.removeprefix("@").partition("/")
        if not text.startswith("@") or table not in self.tables or not (number.isascii() and number.isdigit()):
            return None
        return self.tables[table], self.of(self.tables[table], int(number[:12]))
