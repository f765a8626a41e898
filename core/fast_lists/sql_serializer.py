"""Reads a list's rows from SQL in the form in which they are sent, without model instances and per-field Python.

Keys, money, days and JSON come as text (JSON is spliced into the answer as it stands), the rest as what orjson writes by
itself. What is shown of an encrypted field is made of its bytes, row by row. `Meta.annotated` of a serializer names what its
view's queryset computes. One with a field that nothing of this gives is left to the plain path; a test holds both paths equal.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial
from typing import Any, cast

import orjson
from django.db import models
from django.db.models import F
from django.db.models.expressions import Combinable
from django.db.models.functions import Cast
from rest_framework import serializers

from core.encryption.fields import EncryptedField
from core.models.base import BaseModel, DerivedFromEncrypted

AS_TEXT = (models.UUIDField, models.DecimalField, models.DateField, models.TimeField, models.JSONField, models.ForeignKey)


@dataclass(frozen=True, slots=True)
class DecryptedColumn:
    """Something shown of an encrypted field: its name, the field, and what makes it of a function that reads the field."""

    name: str
    field: EncryptedField
    show: DerivedFromEncrypted


@dataclass(frozen=True, slots=True)
class SqlSerializer:
    """A serializer compiled to columns: `names` and `expressions` side by side, `json_names` those of JSON.

    Where something is `opened`, the values that it is bound to, a row's place, are the columns behind the named ones.
    """

    names: tuple[str, ...]
    expressions: tuple[Any, ...]
    json_names: tuple[str, ...]
    opened: tuple[DecryptedColumn, ...]

    def objects(self, rows: Iterable[tuple[Any, ...]]) -> list[dict[str, Any]]:
        """The rows as JSON objects; columns beyond the serializer's (a place, the order's keys) are left out.

        Within the owner's reach: his data key may have to be read.
        """
        rows = list(rows)
        found = [dict(zip(self.names, row, strict=False)) for row in rows]
        for name in self.json_names:
            for each in found:
                text = each[name]
                each[name] = None if text is None else orjson.Fragment(text)
        for opened in self.opened:
            place = slice(len(self.names), len(self.names) + len(opened.field.identity_fields))
            for each, row in zip(found, rows, strict=True):
                each[opened.name] = opened.show(partial(opened.field.decrypt_value, row[place], each[opened.name]))
        return found


def compile_serializer(serializer_class: type[serializers.ModelSerializer]) -> SqlSerializer | None:
    """The columns of `serializer_class`, or None when one of its fields can't be read straight from SQL."""
    model = cast("type[BaseModel]", serializer_class.Meta.model)
    fields = {name: field for name, field in serializer_class().fields.items() if not field.write_only}
    columns = {name: _expression(serializer_class, name, field) for name, field in fields.items()}
    if any(column is None for column in columns.values()):
        return None
    json_names = tuple(name for name, field in fields.items() if isinstance(_model_field(model, field), models.JSONField))
    opened = tuple(DecryptedColumn(name, *_decrypted(model, name)) for name in fields if name in model.decrypted_derived)
    place = [F(name) for name in opened[0].field.identity_attnames] if opened else []
    return SqlSerializer(tuple(columns), (*columns.values(), *place), json_names, opened)


def _expression(serializer_class: type[serializers.ModelSerializer], name: str, field: serializers.Field) -> Combinable | None:
    """The column that the field is read from; None where there is none."""
    model = cast("type[BaseModel]", serializer_class.Meta.model)
    if name in model.decrypted_derived:
        return Cast(F(_decrypted(model, name)[0].attname), models.BinaryField())
    if name in getattr(serializer_class.Meta, "annotated", ()):
        return F(name)
    derived: dict[str, Any] = model.sql_derived()
    return _as_sent(derived[name], derived[name].output_field) if name in derived else _column(model, field)


def _decrypted(model: type[BaseModel], name: str) -> tuple[EncryptedField, DerivedFromEncrypted]:
    sealed, show = model.decrypted_derived[name]
    return cast("EncryptedField", model._meta.get_field(sealed)), show


def _model_field(model: type[models.Model], field: serializers.Field) -> models.Field[Any, Any] | None:
    found = [candidate for candidate in model._meta.concrete_fields if candidate.name == field.source]
    return found[0] if found else None


def _column(model: type[models.Model], field: serializers.Field) -> Combinable | None:
    column = _model_field(model, field)
    if column is None or isinstance(field, serializers.SerializerMethodField):
        return None
    return _as_sent(F(column.attname), column)


def _as_sent(expression: Combinable, kind: models.Field[Any, Any]) -> Combinable:
    """`expression` of type `kind`, as text where that is what the answer carries."""
    as_text = isinstance(kind, AS_TEXT) and not isinstance(kind, models.DateTimeField)
    return Cast(expression, models.TextField()) if as_text else expression
