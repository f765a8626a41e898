"""INSERT and UPDATE of one row, compiled once for each set of columns, and prepared on the connection.

Django calls `_do_insert` and `_do_update` of a model, which use this module, after its own work and signals. A value that is an
expression is written by the ORM.
"""

from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import Any

from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, connections
from django.db.models import Field, Model

from core.fast_lists import compiled_queries
from core.fast_lists.query_session import CompiledQuery, Rows, from_sql

MAX_STATEMENTS = 1_000  # in the process; a model has one for each set of columns that the code saves
Column = Field[Any, Any]
KEY = "primary key"  # with a space, so that it differs from every column's name


def insert(row: Model, fields: Iterable[Column], using: str) -> bool:
    """Insert a row, or return False if the ORM must do that."""
    values = [(field, field.pre_save(row, True)) for field in fields] if settings.FAST_LISTS else []
    return _execute(_insert_statement, values, None, using) is not None


def update(row: Model, values: Iterable[tuple[Column, object]], using: str) -> bool | None:
    """Update a row and return True if it exists, or return None if the ORM must do that."""
    rows = _execute(_update_statement, list(values) if settings.FAST_LISTS else [], row.pk, using)
    return None if rows is None else bool(rows)


def _execute(
    compiler: Callable[[tuple[Column, ...]], CompiledQuery], values: list[tuple[Column, object]], key: object, using: str
) -> Rows | None:
    if not values or any(hasattr(value, "resolve_expression") for _, value in values):
        return None
    opened = connections[using]
    statement = compiler(tuple(field for field, _ in values))
    literals = {str(field.column): field.get_db_prep_save(value, opened) for field, value in values} | {KEY: key}
    return compiled_queries.read_in_transaction(opened, statement, literals)


@lru_cache(MAX_STATEMENTS)
def _insert_statement(fields: tuple[Column, ...]) -> CompiledQuery:
    columns = ", ".join(f'"{field.column}"' for field in fields)
    table, values = fields[0].model._meta.db_table, ", ".join(map(_placeholder, fields))
    sql = f'INSERT INTO "{table}" ({columns}) VALUES ({values})'  # noqa: S608 - names of models and columns only
    return from_sql(sql, tuple(str(field.column) for field in fields))


@lru_cache(MAX_STATEMENTS)
def _update_statement(fields: tuple[Column, ...]) -> CompiledQuery:
    options = fields[0].model._meta
    columns = ", ".join(f'"{field.column}" = {_placeholder(field)}' for field in fields)
    where = f'WHERE "{options.pk.column}" = %s RETURNING true'
    sql = f'UPDATE "{options.db_table}" SET {columns} {where}'  # noqa: S608 - names of models and columns only
    return from_sql(sql, (*(str(field.column) for field in fields), KEY))


def _placeholder(field: Column) -> str:
    return field.get_placeholder(None, None, connections[DEFAULT_DB_ALIAS]) if hasattr(field, "get_placeholder") else "%s"
