"""The types of objects among a user's changes, which `settings.CHANGE_TYPES` declares.

The objects of a type are those of a viewset's list, or of its only row, read by the same SQL.
"""

from collections.abc import Callable, Iterable, Mapping
from functools import cache, cached_property
from typing import Any, NamedTuple, cast
from uuid import UUID

from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, connections
from django.db.models import F, QuerySet
from django.db.models.expressions import RawSQL
from django.utils.module_loading import import_string

from core.fast_lists import compiled_queries
from core.fast_lists.compiled_queries import CompiledQuery, Rows, Statements, Values
from core.fast_lists.placeholders import KEY, OWNER, placeholder_view
from core.fast_lists.sql_serializer import SqlSerializer
from core.models.base import OwnedModel

KEYS, LIMIT = "the keys", "the limit"


class ObjectRead(NamedTuple):
    """A row that the user may see, as the API shows it."""

    key: UUID
    shown: dict[str, Any]


class ChangeType:
    """One type of objects. All reads are of the primary database, in the request's transaction."""

    def __init__(self, name: str, view_class: Any) -> None:
        self.name, self.view_class = name, view_class
        self.model: type[OwnedModel] = view_class.queryset.model
        self.table = self.model._meta.db_table
        self.action = "list" if hasattr(view_class, "list") else "retrieve"

    @cached_property
    def sql_serializer(self) -> SqlSerializer | None:
        return cast("SqlSerializer | None", self._view({}).get_sql_serializer())

    @property
    def is_compiled(self) -> bool:
        return settings.FAST_LISTS and self.sql_serializer is not None

    def after(self, key: UUID, *, owner: UUID, limit: int) -> list[ObjectRead]:
        """Return the first objects with greater keys, in their order."""
        values = {OWNER: owner, KEY: key, LIMIT: limit}
        if not self.is_compiled:
            return self.objects(self.rows_after(values)[:limit])
        return self.objects(_read([(self.statement_after, values)])[0])

    @cached_property
    def statement_after(self) -> CompiledQuery:
        found = self._compiled(self.rows_after, KEY, UUID)
        return CompiledQuery((*found.pieces[:-1], found.pieces[-1] + b" LIMIT ", b""), (*found.names, LIMIT))

    @cached_property
    def statement_with_keys(self) -> CompiledQuery:
        return self._compiled(self.rows_with_keys, KEYS, str)

    def _compiled(self, build: Callable[[Values], QuerySet[Any]], name: str, kind: type) -> CompiledQuery:
        # SECURITY: SQL without the owner is refused
        return compiled_queries.compile_query(build, {OWNER: UUID, name: kind}, connections[DEFAULT_DB_ALIAS])

    def rows_after(self, values: Values) -> QuerySet[Any]:
        return self._rows(values).filter(pk__gt=values[KEY]).order_by("pk")

    def rows_with_keys(self, values: Values) -> QuerySet[Any]:
        return self._rows(values).filter(pk__in=RawSQL("SELECT unnest(%s::uuid[])", [values[KEYS]])).order_by()

    def _rows(self, values: Values) -> QuerySet[Any]:
        """Return the rows that the viewset shows, without those of all users."""
        found: QuerySet[Any] = self._view(values).get_queryset().using(DEFAULT_DB_ALIAS)
        own = found.filter(**{self.model.owner_path: values[OWNER]})
        return own.values_list(*self.sql_serializer.expressions, F("pk")) if self.sql_serializer else own

    def _view(self, values: Values) -> Any:
        return placeholder_view(self.view_class, self.action, {}, values, as_staff=None)

    def objects(self, rows: Iterable[Any]) -> list[ObjectRead]:
        """Return the objects of rows, which are tuples if there is a `sql_serializer`, and else instances."""
        rows = list(rows)
        if self.sql_serializer:
            return [ObjectRead(row[-1], shown) for row, shown in zip(rows, self.sql_serializer.objects(rows), strict=True)]
        return [
            ObjectRead(row.pk, shown)
            for row, shown in zip(rows, self.view_class.serializer_class(rows, many=True).data, strict=True)
        ]


def read_objects(keys: Mapping[ChangeType, list[UUID]], *, owner: UUID) -> dict[tuple[ChangeType, UUID], dict[str, Any]]:
    """Return those of the objects that the user may see, by one statement for each type; compiled ones are sent together."""
    values = {kind: {OWNER: owner, KEYS: f"{{{','.join(map(str, each))}}}"} for kind, each in keys.items()}
    compiled = [kind for kind in keys if kind.is_compiled]
    found = dict(zip(compiled, _read([(kind.statement_with_keys, values[kind]) for kind in compiled]), strict=True))
    found |= {kind: list(kind.rows_with_keys(values[kind])) for kind in keys if kind not in found}
    return {(kind, each.key): each.shown for kind in keys for each in kind.objects(found[kind])}


def _read(statements: Statements) -> list[Rows]:
    return compiled_queries.read_all_in_transaction(connections[DEFAULT_DB_ALIAS], statements) if statements else []


@cache
def change_types() -> dict[str, ChangeType]:
    """Return all types by their names, in an order in which no object refers to one of a later type."""
    return {name: ChangeType(name, import_string(path)) for name, path in settings.CHANGE_TYPES.items()}
