"""Serializers compiled to SQL columns, which read a list's rows as they are sent, without model instances.

Keys, money, dates and JSON are read as text, and JSON is inserted into the response unchanged. Values that are derived from an
encrypted field are decrypted row by row. `Meta.annotated` of a serializer names annotations of its view's queryset, and
`Meta.json_columns` has expressions of JSON for fields that are no columns. A serializer with any other field is not compiled.
A test checks that compiled and plain lists are equal.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, cast

import orjson
from django.db import models
from django.db.models import F, Value
from django.db.models.expressions import Combinable
from django.db.models.functions import Cast, Coalesce
from rest_framework import serializers

from core.encryption.fields import EncryptedField
from core.models.base import BaseModel, DerivedFromEncrypted
from core.models.references import NameReferenceField

AS_TEXT = (models.UUIDField, models.DecimalField, models.DateField, models.TimeField, models.JSONField, models.ForeignKey)


@dataclass(frozen=True, slots=True)
class DecryptedColumn:
    """A value that is derived from an encrypted field by the function `show`, see `BaseModel.decrypted_derived`."""

    name: str
    field: EncryptedField
    show: DerivedFromEncrypted


@dataclass(frozen=True, slots=True)
class SqlSerializer:
    """A serializer compiled to columns with `names` and `expressions`; `json_names` are those of JSON.

    `json_columns` has the expressions of JSON that no column of the model stores.
    If there are `decrypted` columns, `expressions` ends with the columns of the row's identity.
    """

    names: tuple[str, ...]
    expressions: tuple[Any, ...]
    json_names: tuple[str, ...]
    decrypted: tuple[DecryptedColumn, ...]
    json_columns: Mapping[str, Combinable]

    def objects(self, rows: Iterable[tuple[Any, ...]]) -> list[dict[str, Any]]:
        """Return the rows as JSON objects, under the role of the owner, whose data key may be read."""
        rows = list(rows)
        found = [dict(zip(self.names, row, strict=False)) for row in rows]
        for name in self.json_names:
            for each in found:
                text = each[name]
                each[name] = None if text is None else orjson.Fragment(text)
        for column in self.decrypted:
            identity = slice(len(self.names), len(self.names) + len(column.field.identity_fields))
            for each, row in zip(found, rows, strict=True):
                each[column.name] = column.show(partial(column.field.decrypt_value, row[identity], each[column.name]))
        return found


def compile_serializer(serializer_class: type[serializers.ModelSerializer]) -> SqlSerializer | None:
    """Compile a serializer, or return None if one of its fields can't be read from SQL."""
    model = cast("type[BaseModel]", serializer_class.Meta.model)
    fields = {name: field for name, field in serializer_class().fields.items() if not field.write_only}
    columns = {name: _expression(serializer_class, name, field) for name, field in fields.items()}
    if any(column is None for column in columns.values()):
        return None
    computed: dict[str, Combinable] = getattr(serializer_class.Meta, "json_columns", {})
    stored = [name for name, field in fields.items() if isinstance(_model_field(model, field), models.JSONField)]
    decrypted = tuple(DecryptedColumn(name, *_decrypted(model, name)) for name in fields if name in model.decrypted_derived)
    identity = [F(name) for name in decrypted[0].field.identity_attnames] if decrypted else []
    return SqlSerializer(tuple(columns), (*columns.values(), *identity), (*stored, *computed), decrypted, computed)


def _expression(serializer_class: type[serializers.ModelSerializer], name: str, field: serializers.Field) -> Combinable | None:
    """Return the column that the field is read from, or None if there is none."""
    model = cast("type[BaseModel]", serializer_class.Meta.model)
    if name in model.decrypted_derived:
        return Cast(F(_decrypted(model, name)[0].attname), models.BinaryField())
    if name in getattr(serializer_class.Meta, "annotated", ()):
        return F(name)
    if name in getattr(serializer_class.Meta, "json_columns", {}):
        return cast("Combinable", serializer_class.Meta.json_columns[name])
    derived: dict[str, Any] = model.sql_derived()
    return _as_sent(derived[name], derived[name].output_field) if name in derived else _column(model, field)


def _decrypted(model: type[BaseModel], name: str) -> tuple[EncryptedField, DerivedFromEncrypted]:
    source, show = model.decrypted_derived[name]
    return cast("EncryptedField", model._meta.get_field(source)), show


def _model_field(model: type[models.Model], field: serializers.Field) -> models.Field[Any, Any] | None:
    found = [candidate for candidate in model._meta.concrete_fields if candidate.name == field.source]
    return found[0] if found else None


def _column(model: type[models.Model], field: serializers.Field) -> Combinable | None:
    column = _model_field(model, field)
    if column is None or isinstance(field, serializers.SerializerMethodField):
        return None
    return _as_sent(F(column.attname), column)


def _as_sent(expression: Combinable, kind: models.Field[Any, Any]) -> Combinable:
    """Return the expression, cast to text for types that are sent as text."""
    as_text = isinstance(kind, AS_TEXT) and not isinstance(kind, models.DateTimeField)
    if isinstance(kind, NameReferenceField):
        return Coalesce(expression, Value(""), output_field=models.TextField())
    return Cast(expression, models.TextField()) if as_text else expression
