"""Reads a list's rows from SQL in the form in which they are sent, without model instances and per-field Python.

Keys, money, days and JSON come as text (JSON is spliced into the answer as it stands), the rest as what orjson writes by
itself. A serializer with a field that SQL can't give is left to the plain path; a test holds both paths equal.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import orjson
from django.db import models
from django.db.models import F
from django.db.models.functions import Cast
from rest_framework import serializers

AS_TEXT = (models.UUIDField, models.DecimalField, models.DateField, models.TimeField, models.JSONField, models.ForeignKey)


@dataclass(frozen=True, slots=True)
class Wire:
    """A serializer compiled to columns: `names` and `expressions` side by side, `json_at` the places of JSON columns."""

    names: tuple[str, ...]
    expressions: tuple[Any, ...]
    json_at: tuple[int, ...]

    def objects(self, rows: Iterable[tuple[Any, ...]]) -> list[dict[str, Any]]:
        """The rows as JSON objects; columns beyond the serializer's (the order's keys) are left out."""
        if not self.json_at:
            return [dict(zip(self.names, row, strict=False)) for row in rows]
        return [dict(zip(self.names, self._spliced(row), strict=False)) for row in rows]

    def _spliced(self, row: tuple[Any, ...]) -> list[Any]:
        values = list(row)
        for place in self.json_at:
            values[place] = None if values[place] is None else orjson.Fragment(values[place])
        return values


def compiled(serializer_class: Any) -> Wire | None:
    """The columns of `serializer_class`, or None when one of its fields can't be read straight from SQL."""
    model = serializer_class.Meta.model
    derived = model.sql_derived()
    names: list[str] = []
    expressions: list[Any] = []
    json_at: list[int] = []
    for name, field in serializer_class().fields.items():
        if field.write_only:
            continue
        expression = _as_sent(derived[name], derived[name].output_field) if name in derived else _column(model, field)
        if expression is None:
            return None
        if isinstance(_model_field(model, field), models.JSONField):
            json_at.append(len(names))
        names.append(name)
        expressions.append(expression)
    return Wire(tuple(names), tuple(expressions), tuple(json_at))


def _model_field(model: type[models.Model], field: serializers.Field) -> models.Field[Any, Any] | None:
    found = [candidate for candidate in model._meta.concrete_fields if candidate.name == field.source]
    return found[0] if found else None


def _column(model: type[models.Model], field: serializers.Field) -> Any:
    column = _model_field(model, field)
    if column is None or isinstance(field, serializers.SerializerMethodField):
        return None
    return _as_sent(F(column.attname), column)


def _as_sent(expression: Any, kind: models.Field[Any, Any]) -> Any:
    """`expression` of type `kind`, as text where that is what the answer carries."""
    as_text = isinstance(kind, AS_TEXT) and not isinstance(kind, models.DateTimeField)
    return Cast(expression, models.TextField()) if as_text else expression
