"""Rows that are written with COPY, which takes a tenth of the time of `bulk_create`."""

from collections.abc import Iterable, Sequence
from itertools import islice
from typing import Any

from django.db import connection
from uuid_utils.compat import uuid7

LINES_AT_ONCE = 2_000
# COPY can't write to a table with row-level security
STAGE = "CREATE TEMPORARY TABLE {stage} ON COMMIT DROP AS SELECT {columns} FROM {table} WITH NO DATA"
INSERT = (
    "INSERT INTO {table} ({columns}, created_at, updated_at) SELECT {columns}, statement_timestamp(), statement_timestamp() "
    "FROM {stage}"
)


NULL = r"\N"


def insert(model: Any, columns: Sequence[str], rows: Iterable[Sequence[Any]], *, parents: Sequence[str] = ()) -> None:
    """Insert rows, whose texts have no tabs and no backslashes, in a transaction. Each gets a key and its times.

    `parents` are statements that first insert the rows to which the staged ones refer.
    """
    table = model._meta.db_table
    names = {"table": table, "stage": f"staged_{table}", "columns": ", ".join(("id", *columns))}
    lines = ("\t".join([str(uuid7()), *(NULL if value is None else str(value) for value in row)]) + "\n" for row in rows)
    with connection.cursor() as cursor:
        cursor.execute(STAGE.format(**names))
        with cursor.copy(f"COPY {names['stage']} ({names['columns']}) FROM STDIN") as copy:
            while some := "".join(islice(lines, LINES_AT_ONCE)):
                copy.write(some)
        for statement in (*parents, INSERT):
            cursor.execute(statement.format(**names))
