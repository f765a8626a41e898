"""Serializer fields of derived values, with the type that the model declares."""

from datetime import date, datetime
from decimal import Decimal
from functools import cached_property
from types import NoneType
from typing import Any, get_args, get_origin, get_type_hints

from rest_framework import serializers

from core.encryption.fields import is_encrypted
from core.models.base import BaseModel
from core.models.derived import Derived
from core.models.evaluation import python_type

FIELDS: dict[type, type[serializers.Field]] = {
    bool: serializers.BooleanField,
    int: serializers.IntegerField,
    str: serializers.CharField,
    datetime: serializers.DateTimeField,
    date: serializers.DateField,
}


FieldSpec = tuple[type[serializers.Field], dict[str, Any]]


def field_for(model: type, name: str) -> FieldSpec:
    """Return the class and options of the field for a derived value; for a property from its annotation."""
    found = getattr(model, name)
    if isinstance(found, Derived):
        field = found.expression.output_field
        options = {"read_only": True, "allow_null": field.null, "help_text": found.help_text}
        if field.choices:
            return serializers.ChoiceField, options | {"choices": field.choices}
        return _of_kind(python_type(field), options)
    getter = found.func if isinstance(found, cached_property) else found.fget
    returned = get_type_hints(getter)["return"]
    kinds = get_args(returned) if NoneType in get_args(returned) else (returned,)
    [kind] = [kind for kind in kinds if kind is not NoneType]
    return _of_kind(get_origin(kind) or kind, {"read_only": True, "allow_null": NoneType in kinds})


def _of_kind(kind: type, options: dict[str, Any]) -> FieldSpec:
    if kind is Decimal:
        return serializers.DecimalField, options | {"max_digits": None, "decimal_places": None}
    if kind in (list, tuple):
        return serializers.ListField, options | {"child": serializers.CharField()}
    return FIELDS[kind], options


def public_names(model: type[BaseModel]) -> list[str]:
    """Return the names of the fields that the owner may read, then the derived values, then the timestamps."""
    hidden = {"user", "created_at", "updated_at", *model.secret_fields}
    columns = [field for field in model._meta.concrete_fields if not field.generated and not is_encrypted(field)]
    fields = [field.name for field in columns if field.name not in hidden]
    return [*fields, *model.derived, "created_at", "updated_at"]
