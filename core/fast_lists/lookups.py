"""Look-ups of the rows that a request refers to, which are sent to the database in one message."""

from collections.abc import Callable, Iterable
from typing import NamedTuple

from django.db import DEFAULT_DB_ALIAS, connections

from core.fast_lists import compiled_queries
from core.fast_lists.query_session import CompiledQuery, Rows, Values


class Lookup(NamedTuple):
    """A statement with its values, and the function that takes its rows."""

    statement: CompiledQuery
    values: Values
    take: Callable[[Rows], object]


def look_up(lookups: Iterable[Lookup]) -> None:
    """Execute the statements in the open transaction, or raise django.db.Error."""
    wanted = list(lookups)
    if wanted:
        statements = [(lookup.statement, lookup.values) for lookup in wanted]
        found = compiled_queries.read_all_in_transaction(connections[DEFAULT_DB_ALIAS], statements)
        for lookup, rows in zip(wanted, found, strict=True):
            lookup.take(rows)
