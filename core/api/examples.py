"""Example responses in the API's documentation: the `Meta.example` of a serializer, and default values by type."""

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
    """Return the example of a response with the given status, from `Meta.example` alone."""
    return OpenApiExample("Example", serializer.Meta.example, response_only=True, status_codes=[status])


def example_of(serializer: serializers.Serializer) -> dict[str, Any] | None:
    """Return a complete example response of `serializer`, or None if it has no `Meta.example`."""
    example = getattr(getattr(serializer, "Meta", None), "example", None)
    if example is None:
        return None
    shown = {name: field for name, field in serializer.fields.items() if not field.write_only}
    model = getattr(serializer.Meta, "model", None)  # type: ignore[attr-defined]  # the example is in its Meta
    usual = {} if model is None else {field.name: field for field in model._meta.concrete_fields if field.has_default()}
    return {name: example[name] if name in example else _value_of(field, usual.get(name)) for name, field in shown.items()}


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
