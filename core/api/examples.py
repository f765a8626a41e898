"""The answers that the API's documentation shows: what a serializer's `Meta.example` says, and the rest by type."""

from typing import Any

from django.db.models import Field
from drf_spectacular.utils import OpenApiExample
from rest_framework import serializers

EXAMPLE_ID = "0197a1c0-7b1e-7c3a-9d55-1f0e6a2b4c8d"
EXAMPLE_TIME = "2026-03-01T09:30:00Z"
EXAMPLE_DAY = "2026-03-01"

BY_TYPE: tuple[tuple[Any, Any], ...] = (
    (serializers.DateTimeField, EXAMPLE_TIME),
    (serializers.DateField, EXAMPLE_DAY),
    (serializers.TimeField, "22:00:00"),
    (serializers.DecimalField, "1.00"),
    (serializers.IntegerField, 1),
    (serializers.BooleanField, False),
    (serializers.UUIDField | serializers.PrimaryKeyRelatedField, EXAMPLE_ID),
    (serializers.ListField | serializers.ListSerializer, []),
    (serializers.JSONField, {}),
)


def response_example(serializer: Any, status: str) -> OpenApiExample:
    """The example of an answer with a status that is not the usual one, or of a serializer without a model."""
    return OpenApiExample("Example", serializer.Meta.example, response_only=True, status_codes=[status])


def example_of(serializer: serializers.Serializer) -> dict[str, Any] | None:
    """A whole answer of `serializer`, None when it has no `Meta.example`; what that leaves out is filled in by type."""
    given = getattr(getattr(serializer, "Meta", None), "example", None)
    if given is None:
        return None
    shown = {name: field for name, field in serializer.fields.items() if not field.write_only}
    model = getattr(serializer.Meta, "model", None)  # type: ignore[attr-defined]  # whoever has an example has a Meta
    usual = {} if model is None else {field.name: field for field in model._meta.concrete_fields if field.has_default()}
    return {name: given[name] if name in given else _value_of(field, usual.get(name)) for name, field in shown.items()}


def _value_of(field: serializers.Field, column: Field[Any, Any] | None) -> object:
    if field.allow_null:
        return None
    if getattr(field, "allow_blank", False):
        return ""
    if column is not None and not column.primary_key:
        return field.to_representation(column.get_default())
    if isinstance(field, serializers.ChoiceField):
        return next(iter(field.choices))
    return next((value for kind, value in BY_TYPE if isinstance(field, kind)), "")
