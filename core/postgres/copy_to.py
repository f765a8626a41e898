"""Rows as lines of a file, written by the database itself: COPY makes the bytes, and Python only hands them on.

The expressions here are the twins in SQL of `core.csv_export.cell` and of orjson; tests hold both equal byte by byte.
"""

from collections.abc import Iterable, Iterator
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import connections, models, transaction
from django.db.models import Case, Func, QuerySet, Value, When
from django.db.models.expressions import Combinable
from django.db.models.functions import Cast, Coalesce, Concat, NullIf, Ord
from django.db.models.lookups import In

from core import context, rls
from core.csv_export import FORMULA_STARTS

# An object is one column for COPY, and none of these signs can be in it: JSON escapes control characters.
JSON_LINES = r"FORMAT csv, DELIMITER E'\x02', QUOTE E'\x03'"
CSV_LINES = "FORMAT csv"
KEY_LENGTH = 36  # of a UUID as text
FORMULA_CODES = [ord(sign) for sign in FORMULA_STARTS]
SAME_TEXT_IN_SQL = (models.UUIDField, models.DecimalField, models.DateField, models.IntegerField)  # as text, to Python's str()


class UnsupportedColumnError(TypeError):
    """COPY has no text for this kind of column that is the same as Python's."""


class Instant(Func):
    """An instant as ISO 8601 in UTC, without a fraction when it is a whole second; `zone` is how its end is written.

    `to_json` is six times as fast as `to_char`, but leaves out the zeros that a fraction ends with.
    """

    template = (
        "CASE mod(date_part('microseconds', %(expressions)s)::int, 10)"
        " WHEN 0 THEN replace(to_char(%(expressions)s AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US'), '.000000', '')"
        " ELSE btrim(to_json(%(expressions)s AT TIME ZONE 'UTC')::text, '\"') END || '%(zone)s'"
    )
    output_field = models.TextField()


class BooleanText(Func):
    """A truth as Python writes it."""

    template = "CASE %(expressions)s WHEN true THEN 'True' WHEN false THEN 'False' END"
    output_field = models.TextField()


class AsJson(Func):
    """A value as a JSON text, with the escapes that orjson writes; NULL stays NULL."""

    template = "to_json(%(expressions)s)::text"
    output_field = models.TextField()


def csv_expression(expression: Combinable, kind: models.Field[Any, Any]) -> Combinable:
    """`expression` of type `kind` as `spreadsheet.cell` writes it. NULL stands for an empty text too, which COPY would quote.

    Numbers in JSON are written as they are stored, so 0.00001 is not rewritten to 1e-05. Raises UnsupportedColumnError.
    """
    if isinstance(kind, models.DateTimeField):
        return Instant(expression, zone="+00:00")
    if isinstance(kind, models.BooleanField):
        return BooleanText(expression)
    if isinstance(kind, models.JSONField):
        return NullIf(_text(expression), _text_of("null"))
    if kind.choices and not kind.blank:  # a constraint of the table allows no other text
        return expression
    if isinstance(kind, models.CharField | models.TextField):
        # SECURITY: a merchant's name is an outsider's text, and `=HYPERLINK(…)` would run on a colleague's machine
        text = _text(expression)
        formula = When(In(Ord(text), FORMULA_CODES), then=Concat(_text_of("'"), text))
        return Case(formula, default=NullIf(text, _text_of("")))
    if isinstance(kind, SAME_TEXT_IN_SQL):
        return expression
    raise UnsupportedColumnError(f"A {type(kind).__name__} has no twin in SQL yet: give it one in csv_expression.")


def json_expression(values: Iterable[tuple[str, Any, models.Field[Any, Any]]]) -> Combinable:
    """One JSON object of names, expressions and their types, as orjson writes the rows of a list."""
    pieces: list[Any] = []
    for name, expression, kind in values:
        start = _text_of(f'{"," if pieces else "{"}"{name}":')
        pieces += [start, Coalesce(_json_value(expression, kind), _text_of("null"))]
    return Func(*pieces, _text_of("}"), function="concat", output_field=models.TextField())


def _json_value(expression: Combinable, kind: models.Field[Any, Any]) -> Combinable:
    if isinstance(kind, models.DateTimeField):
        return AsJson(Instant(expression, zone="Z"))
    if isinstance(kind, models.JSONField):
        return _text(expression)
    if isinstance(kind, models.DecimalField):  # money is a text, for a reader whose numbers are floats
        return AsJson(_text(expression))
    if isinstance(kind, (models.BooleanField, models.CharField, models.TextField, *SAME_TEXT_IN_SQL)):
        return AsJson(expression)
    raise UnsupportedColumnError(f"A {type(kind).__name__} has no twin in SQL yet: give it one in json_expression.")


def _text(expression: Combinable) -> Cast:
    return Cast(expression, models.TextField())


def _text_of(constant: str) -> Value:
    return Value(constant, output_field=models.TextField())


def in_batches(
    queryset: QuerySet[Any], columns: Iterable[Any], options: str, *, size: int, key_at: int = 0
) -> Iterator[list[bytes]]:
    """The lines of `queryset` without their ends, in the order of its keys (UUIDs), at most `size` at a time.

    A line has its row's key behind `key_at` other bytes. Each batch is a COPY and a transaction of its own, within the reach
    of the caller. One COPY of everything would keep a transaction open as long as the slowest download takes, with a
    connection of the pool.
    """
    rows = queryset.order_by("pk").values_list(*columns)
    lines = _copy_lines(rows[:size], options)
    while lines:
        yield lines
        last = lines[-1][key_at : key_at + KEY_LENGTH].decode()
        lines = _copy_lines(rows.filter(pk__gt=last)[:size], options) if len(lines) == size else []


def _copy_lines(rows: QuerySet[Any, Any], options: str) -> list[bytes]:
    """Each row as COPY sends it, without the line feed."""
    connection = connections[rows.db]
    try:
        sql, parameters = rows.query.get_compiler(connection=connection).as_sql()
    except EmptyResultSet:
        return []
    with transaction.atomic(using=rows.db), connection.cursor() as cursor, connection.wrap_database_errors:
        rls.apply_context(connection, context.current())
        raw: Any = cursor.cursor  # Django's own, where it counts queries, takes no parameters
        with raw.copy(f"COPY ({sql}) TO STDOUT ({options})", parameters) as copy:
            # libpq's own memory: to keep the views themselves takes three times as long as to copy what they show
            return [bytes(line[:-1]) for line in copy]


__all__ = ["CSV_LINES", "JSON_LINES", "UnsupportedColumnError", "csv_expression", "json_expression", "in_batches"]
