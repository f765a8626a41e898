"""Streamed CSV and JSON exports of a queryset: memory and lock time do not grow with the number of rows."""

from collections.abc import Iterator
from itertools import chain
from typing import Any

from django.db import models
from django.db.models import F, QuerySet
from django.http import StreamingHttpResponse

from core import csv_export, rls
from core.fast_lists.sql_serializer import SqlSerializer
from core.postgres import copy_to

BATCH = 40_000
CSV, JSON = "csv", "json"
FORMATS = (CSV, JSON)
MEDIA_TYPES = {CSV: "text/csv; charset=utf-8", JSON: "application/json"}


def download(queryset: QuerySet[Any], *, sql_serializer: SqlSerializer, file_format: str, name: str) -> StreamingHttpResponse:
    """Return all rows of `queryset` as an attachment called `name`, with the fields of `sql_serializer`.

    The first batch is read before the response begins, so that a database error still becomes an error response.
    """
    batches = as_csv(queryset, sql_serializer) if file_format == CSV else as_json(queryset, sql_serializer)
    batches = chain([next(batches)], batches)
    headers = {"Content-Disposition": f'attachment; filename="{name}.{file_format}"'}
    return StreamingHttpResponse(rls.iterate_in_context(batches), content_type=MEDIA_TYPES[file_format], headers=headers)


def as_csv(queryset: QuerySet[Any], sql_serializer: SqlSerializer) -> Iterator[bytes]:
    """Yield the bytes of a CSV file in batches of BATCH rows. The first field of `sql_serializer` must be the key."""
    columns = [copy_to.csv_expression(expression, kind) for _, expression, kind in _values(queryset, sql_serializer)]
    start = "".join(csv_export.lines(sql_serializer.names, [])).encode()
    for batch in copy_to.in_batches(queryset, columns, copy_to.CSV_LINES, size=BATCH):
        yield start + b"\r\n".join([*batch, b""])
        start = b""
    if start:
        yield start


def as_json(queryset: QuerySet[Any], sql_serializer: SqlSerializer) -> Iterator[bytes]:
    """Yield the bytes of one JSON array with one row per line. The first field of `sql_serializer` must be the key."""
    row, start = copy_to.json_expression(_values(queryset, sql_serializer)), b"[\n"
    for batch in copy_to.in_batches(queryset, [row], copy_to.JSON_LINES, size=BATCH, key_at=len('{"id":"')):
        yield start + b",\n".join(batch)
        start = b",\n"
    yield b"[]\n" if start == b"[\n" else b"\n]\n"


def _values(queryset: QuerySet[Any], sql_serializer: SqlSerializer) -> list[tuple[str, Any, models.Field[Any, Any]]]:
    """Return the name, the expression and the model field of each field of `sql_serializer`."""
    computed = {name: (value, value.output_field) for name, value in queryset.model.sql_derived().items()}
    computed |= {name: (value, models.JSONField()) for name, value in sql_serializer.json_columns.items()}
    return [(name, *(computed.get(name) or _column(queryset.model, name))) for name in sql_serializer.names]


def _column(model: type[models.Model], name: str) -> tuple[Any, models.Field[Any, Any]]:
    field: Any = model._meta.get_field(name)
    return F(field.attname), getattr(field, "target_field", field)
