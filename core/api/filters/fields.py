"""The declaration of what a model's rows can be filtered by, in lists, searches, exports and bulk calls."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from django.db import models
from django.db.models import Q

from core.api.filters.kinds import Kind

HAS, IS, SORT = "has", "is", "sort"
Lookups = tuple[str, ...]


@dataclass(frozen=True)
class Field:
    """A column, by its `name` in searches and its `lookups` in the parameters of lists.

    `kind` reads a search's values; None if searches don't know the field. `empty` is the condition of rows without a value:
    then `has:name` finds the others. `is_sortable` says that `sort:name` sorts by the column.
    """

    name: str
    column: str
    kind: Kind | None = None
    lookups: Lookups = ()
    empty: Q | None = None
    is_sortable: bool = False
    about: str = ""


@dataclass(frozen=True, eq=False)  # equal only to itself, as a key of a cache
class FieldTable:
    """All fields of a model, the kind of words without a field, and what `is:` knows.

    `parts` are rows of another table that a row may consist of. A search finds a row if it matches it or one of its parts.
    """

    model: type[models.Model]
    words: Kind
    fields: tuple[Field, ...]
    flags: Mapping[str, Q]
    parts: "PartTable | None" = None

    @cached_property
    def kinds(self) -> dict[str, Kind]:
        """The kinds of the fields that a search may name."""
        return {field.name: field.kind for field in self.fields if field.kind}

    @cached_property
    def known(self) -> frozenset[str]:
        """The names that an operator may follow."""
        return frozenset({*self.kinds, HAS, IS, SORT})

    @cached_property
    def sortable(self) -> dict[str, str]:
        return {field.name: field.column for field in self.fields if field.is_sortable}

    @cached_property
    def conditions(self) -> dict[str, dict[str, Q]]:
        """The conditions of `has:` and `is:` by name."""
        return {HAS: {field.name: ~field.empty for field in self.fields if field.empty}, IS: dict(self.flags)}

    @cached_property
    def lookups(self) -> dict[str, list[str]]:
        """The lookups of the list's parameters, as in the `Meta.fields` of a filter set."""
        found: dict[str, list[str]] = {}
        for field in self.fields:
            if field.lookups:
                found[field.column] = [*found.get(field.column, []), *field.lookups]
        return found


@dataclass(frozen=True, eq=False)
class PartTable:
    """The fields of a row's parts, under the same names as those of the row.

    `parent` is their foreign key to the row, and `exist` the condition of rows that have parts. In the fields called `own` a
    part differs from its row.
    """

    table: FieldTable
    parent: str
    exist: Q
    own: frozenset[str]
