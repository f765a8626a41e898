"""Locks by name, for work that must not run twice at the same time."""

from django.db import DEFAULT_DB_ALIAS, connections

from core.fast_lists.compiled_queries import read_in_transaction
from core.fast_lists.query_session import from_sql

LOCK = from_sql("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", ("name",))


def lock(name: str) -> None:
    """Wait for the lock `name`, and hold it until the transaction ends."""
    read_in_transaction(connections[DEFAULT_DB_ALIAS], LOCK, {"name": name})
