"""Rows as a file that is written while it is read from the database: neither memory nor a lock grows with it."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from typing import Any

import orjson
from django.db.models import F, QuerySet
from django.http import StreamingHttpResponse

from mingus.kit import rls, spreadsheet
from mingus.kit.api.renderers import OPTIONS, plain
from mingus.kit.api.wire import Wire

BATCH = 2_000
CSV, JSON = "csv", "json"
FORMATS = (CSV, JSON)
MEDIA_TYPES = {CSV: "text/csv; charset=utf-8", JSON: "application/json"}
Row = tuple[Any, ...]


def download(queryset: QuerySet[Any], *, wire: Wire, file_format: str, name: str) -> StreamingHttpResponse:
    """All rows of `queryset` as a file called `name`, with the fields of `wire`: those that the list shows.

    The first rows are read before the answer begins, so that a refusal of the database is still answered as an error.
    """
    columns = _columns(queryset, wire) if file_format == CSV else wire.expressions
    batches = in_batches(queryset, columns)
    batches = chain([next(batches, [])], batches)
    rows = (row[: len(columns)] for batch in batches for row in batch)
    lines: Iterator[Any] = spreadsheet.lines(wire.names, rows) if file_format == CSV else as_json(wire, rows)
    headers = {"Content-Disposition": f'attachment; filename="{name}.{file_format}"'}
    return StreamingHttpResponse(rls.in_own_context(lines), content_type=MEDIA_TYPES[file_format], headers=headers)


def _columns(queryset: QuerySet[Any], wire: Wire) -> list[Any]:
    """The fields of `wire` as values: a number that came as text would be taken for a formula when it is negative."""
    derived = queryset.model.sql_derived()
    return [derived[name] if name in derived else F(name) for name in wire.names]


def in_batches(queryset: QuerySet[Any], columns: Sequence[Any]) -> Iterator[list[Row]]:
    """The rows in the order of their keys, some thousand at a time, each batch by a statement of its own; the key comes last.

    A server-side cursor would keep one transaction open as long as the slowest download, and a pooler forbids it.
    """
    rows = queryset.order_by("pk").values_list(*columns, "pk")
    batch = list(rows[:BATCH])
    while batch:
        yield batch
        batch = list(rows.filter(pk__gt=batch[-1][-1])[:BATCH]) if len(batch) == BATCH else []


def as_json(wire: Wire, rows: Iterable[Row]) -> Iterator[bytes]:
    """The bytes of one JSON list, a row a line."""
    start = b"["
    for row in rows:
        yield start + b"\n" + orjson.dumps(wire.objects([row])[0], plain, OPTIONS)
        start = b","
    yield b"[]\n" if start == b"[" else b"\n]\n"
