"""Updates of many rows to values of their own with one statement."""

import re
from collections.abc import Collection, Sequence
from itertools import chain
from typing import Any

from django.db import connection
from django.db.models import Model

LENGTH = re.compile(r"\(\d[\d, ]*\)")  # of varchar(50): a cast to it would cut the value, where the column refuses it


def update_rows(rows: Sequence[Model], names: Collection[str]) -> None:
    """Write the fields `names` of `rows`, all of one model, by their keys.

    Django's `bulk_update` writes a CASE with a branch for each row, which PostgreSQL evaluates for each row: for 1,000 rows it
    takes five times as long. Like `bulk_update`, this does not call `pre_save`.
    """
    if not rows:
        return
    model: Any = type(rows[0])
    fields = [model._meta.pk, *(model._meta.get_field(name) for name in names)]
    quote = connection.ops.quote_name
    types = [LENGTH.sub("", field.db_type(connection)) for field in fields]
    first = ", ".join(f"%s::{kind}" for kind in types)  # decides the types of the other rows
    other = ", ".join(["%s"] * len(fields))
    values = [[field.get_db_prep_save(getattr(row, field.attname), connection) for field in fields] for row in rows]
    table, key, *columns = (quote(name) for name in (model._meta.db_table, *(field.column for field in fields)))
    sql = (
        f"UPDATE {table} SET {', '.join(f'{column} = given.{column}' for column in columns)} "  # noqa: S608 - names of our models
        f"FROM (VALUES ({'), ('.join([first] + [other] * (len(rows) - 1))})) AS given ({', '.join([key, *columns])}) "
        f"WHERE {table}.{key} = given.{key}"
    )
    with connection.cursor() as cursor:
        cursor.execute(sql, list(chain.from_iterable(values)))
