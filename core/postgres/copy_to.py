"""Exports of rows as CSV or JSON lines that PostgreSQL formats with COPY.

The expressions format values like `core.csv_export.cell` and orjson. Tests compare the results byte by byte.
"""

from collections.abc import Iterable, Iterator
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import EmptyResultSet
from django.db import connections, models, transaction
from django.db.models import Case, Func, Q, QuerySet, Value, When
from django.db.models.expressions import Combinable
from django.db.models.functions import Cast, Coalesce, Length, NullIf, Ord, Replace
from django.db.models.lookups import Exact, In

from core import context, rls
from core.csv_export import FORMULA_START, JSON_ESCAPES

# A JSON object is one column of COPY. It can't contain these characters, because JSON escapes control characters.
JSON_LINES = r"FORMAT csv, DELIMITER E'\x02', QUOTE E'\x03'"
CSV_LINES = "FORMAT csv"
KEY_LENGTH = 36  # of a UUID as text
SAME_TEXT_IN_SQL = (models.UUIDField, models.DecimalField, models.DateField, models.IntegerField)  # as text, to Python's str()


class UnsupportedColumnError(TypeError):
    """A type of column that the expressions of this module do not support."""


class Instant(Func):
    """A timestamp in ISO 8601 and UTC with the suffix `zone`, without a fraction if it is a whole second.

    `to_json` is six times as fast as `to_char`, but omits trailing zeros of a fraction.
    """

    template = (
        "CASE mod(date_part('microseconds', %(expressions)s)::int, 10)"
        " WHEN 0 THEN replace(to_char(%(expressions)s AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US'), '.000000', '')"
        " ELSE btrim(to_json(%(expressions)s AT TIME ZONE 'UTC')::text, '\"') END || '%(zone)s'"
    )
    output_field = models.TextField()


class BooleanText(Func):
    """A boolean as "True" or "False"."""

    template = "CASE %(expressions)s WHEN true THEN 'True' WHEN false THEN 'False' END"
    output_field = models.TextField()


class AsJson(Func):
    """A value as JSON text with the same escapes as orjson; NULL stays NULL."""

    template = "to_json(%(expressions)s)::text"
    output_field = models.TextField()


def csv_expression(expression: Combinable, kind: models.Field[Any, Any]) -> Combinable:
    """Return `expression`, of the field type `kind`, formatted like `csv_export.cell`, or raise UnsupportedColumnError.

    An empty text becomes NULL, because COPY would quote it. Numbers in JSON are formatted as they are stored, so 0.00001 does
    not become 1e-05 as in Python.
    """
    if isinstance(kind, models.DateTimeField):
        return Instant(expression, zone="+00:00")
    if isinstance(kind, models.BooleanField):
        return BooleanText(expression)
    if isinstance(kind, ArrayField):
        return _json_text(Func(expression, function="to_jsonb", output_field=models.JSONField()))
    if isinstance(kind, models.JSONField):
        return _json_text(expression)
    if kind.choices and not kind.blank:  # a constraint of the table allows no other text
        return expression
    if isinstance(kind, models.CharField | models.TextField):
        # SECURITY: third parties choose text such as a merchant's name, and a spreadsheet would run `=HYPERLINK(…)`
        return _without_formulas(_text(expression))
    if isinstance(kind, SAME_TEXT_IN_SQL):
        return expression
    raise UnsupportedColumnError(f"A {type(kind).__name__} is not supported. Add it to csv_expression.")


def _json_text(expression: Combinable) -> Combinable:
    text: Combinable = NullIf(_text(expression), _text_of("null"))
    for separator, escape in JSON_ESCAPES.items():
        text = Replace(text, _text_of(separator), _text_of(escape))
    return text


def _without_formulas(text: Combinable) -> Combinable:
    """Return the text as `csv_export.cell` writes it. The pattern takes 4 µs, so most texts skip it: ASCII without signs."""
    number, as_text = {"output_field": models.IntegerField()}, {"output_field": models.TextField()}
    signs = [Func(text, _text_of(sign), function="strpos", **number) for sign in "=+-@"]
    is_ascii = Exact(Func(text, function="octet_length", **number), Length(text))
    is_plain = is_ascii & Exact(sum(signs, Value(0)), Value(0)) & ~Q(In(Ord(text), [ord(first) for first in "'\t\n\r"]))
    safe = Func(text, _text_of(FORMULA_START), _text_of("'"), _text_of("g"), function="regexp_replace", **as_text)
    return Case(When(is_plain, then=NullIf(text, _text_of(""))), default=safe)


def json_expression(values: Iterable[tuple[str, Any, models.Field[Any, Any]]]) -> Combinable:
    """Return an expression for one JSON object, formatted like orjson. `values` are names, expressions and field types."""
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
    if isinstance(kind, models.DecimalField):  # money is a string, because clients may read numbers as floats
        return AsJson(_text(expression))
    if hasattr(kind, "refers_to") and kind.null:  # "" in Python
        return AsJson(Coalesce(expression, _text_of("")))
    if isinstance(kind, (ArrayField, models.BooleanField, models.CharField, models.TextField, *SAME_TEXT_IN_SQL)):
        return AsJson(expression)
    raise UnsupportedColumnError(f"A {type(kind).__name__} is not supported. Add it to json_expression.")


def _text(expression: Combinable) -> Cast:
    return Cast(expression, models.TextField())


def _text_of(constant: str) -> Value:
    return Value(constant, output_field=models.TextField())


def in_batches(
    queryset: QuerySet[Any], columns: Iterable[Any], options: str, *, size: int, key_at: int = 0
) -> Iterator[list[bytes]]:
    """Yield the lines of `queryset` without line feeds, sorted by primary key (a UUID), in batches of `size`.

    `key_at` is the offset of the primary key in a line, in bytes. Each batch is a COPY in a transaction of its own, under the
    context of the caller: a single COPY would occupy a transaction and a pooled connection for the whole download.
    """
    rows = queryset.order_by("pk").values_list(*columns)
    lines = _copy_lines(rows[:size], options)
    while lines:
        yield lines
        last = lines[-1][key_at : key_at + KEY_LENGTH].decode()
        lines = _copy_lines(rows.filter(pk__gt=last)[:size], options) if len(lines) == size else []


def _copy_lines(rows: QuerySet[Any, Any], options: str) -> list[bytes]:
    connection = connections[rows.db]
    try:
        sql, parameters = rows.query.get_compiler(connection=connection).as_sql()
    except EmptyResultSet:
        return []
    with transaction.atomic(using=rows.db), connection.cursor() as cursor, connection.wrap_database_errors:
        rls.apply_context(connection, context.current())
        raw: Any = cursor.cursor  # the `copy` of Django's debug cursor takes no parameters
        with raw.copy(f"COPY ({sql}) TO STDOUT ({options})", parameters) as copy:
            # copying is three times as fast as keeping the memoryviews, whose memory is libpq's
            return [bytes(line[:-1]) for line in copy]
