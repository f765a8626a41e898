"""UPDATE statements whose SQL is compiled once, for frequent changes that the database computes, such as a count."""

from collections.abc import Callable
from typing import Any, NamedTuple

from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, connections
from django.db.models import QuerySet
from django.db.models.sql import UpdateQuery

from core.fast_lists import compiled_queries
from core.fast_lists.compiled_queries import CompiledQuery

Changes = dict[str, Any]  # new values or expressions by field, as for `QuerySet.update`


class _Update(NamedTuple):
    query: UpdateQuery


class CompiledUpdate:
    """An UPDATE of the rows and with the changes that `build` returns for values of these types, by name.

    The first call raises UncompilableError if the SQL depends on the values.
    """

    def __init__(self, build: Callable[[dict[str, Any]], tuple[QuerySet[Any], Changes]], **kinds: type) -> None:
        self._build = build
        self._kinds = kinds
        self._statement: CompiledQuery | None = None

    def __call__(self, **values: object) -> int:
        """Update the rows in the open transaction and return their number, or raise django.db.Error."""
        if not settings.FAST_LISTS:
            rows, changes = self._build(values)
            return rows.update(**changes)
        self._statement = self._statement or self._compile()
        return len(compiled_queries.read_in_transaction(connections[DEFAULT_DB_ALIAS], self._statement, values))

    def _compile(self) -> CompiledQuery:
        found = compiled_queries.compile_query(self._update, self._kinds, connections[DEFAULT_DB_ALIAS])
        return CompiledQuery((*found.pieces[:-1], found.pieces[-1] + b" RETURNING true"), found.names)

    def _update(self, values: dict[str, Any]) -> _Update:
        rows, changes = self._build(values)
        query: Any = rows.query.chain(UpdateQuery)  # the stubs do not know that it has this class
        query.add_update_values(changes)
        return _Update(query)
