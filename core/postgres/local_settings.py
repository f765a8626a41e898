"""Settings of a transaction that triggers read, such as the id of the edit to which changes belong."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection, transaction

FORGET_SETTING = "app.forget_deleted"
"""While it is `on`, triggers store no deleted rows for a restoration, and do not require that the rest of a transaction's parts
remains: an erasure, or the undo of an import."""


@contextmanager
def local_setting(name: str, value: str) -> Iterator[None]:
    """Run a block as a transaction in which a setting has a value, and restore the previous value afterwards."""
    with transaction.atomic(savepoint=False), connection.cursor() as cursor:
        cursor.execute("SELECT coalesce(current_setting(%s, true), ''), set_config(%s, %s, true)", [name, name, value])
        before = cursor.fetchone()[0]
        yield
        cursor.execute("SELECT set_config(%s, %s, true)", [name, before])
