"""Locks by name, for work that must not run twice at the same time."""

from django.db import connection


def lock(name: str) -> None:
    """Wait for the lock `name`, and hold it until the transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [name])
