"""The base of every serializer: it refuses unknown fields, scopes incoming keys, sets the owner and asks the model.

The order for a write: parse each field; look incoming foreign keys up among the owner's rows only; put everything on a
copy of the row with its owner set; let the model's `clean` speak; save. What only the database can see comes back as a
400 through `core.api.errors`.
"""

import copy
from functools import cache
from types import SimpleNamespace
from typing import Any, cast
from uuid import UUID

from django.core.exceptions import ValidationError as DjangoValidationError
from django.db import models
from django.db.models import Model, QuerySet
from rest_framework import serializers
from rest_framework.exceptions import ErrorDetail

from core.api import derived_fields
from core.fast_lists import sql_serializer
from core.fast_lists.compiled_instances import CompiledInstanceQuery
from core.models.base import BaseModel, OwnedModel
from core.models.validators import has_null_character


class JsonField(serializers.JSONField):
    """Any JSON value that PostgreSQL can store: no null character in a key or a text."""

    def to_internal_value(self, data: Any) -> Any:
        if has_null_character(data):
            raise serializers.ValidationError("Null characters are not allowed.", "null_characters_not_allowed")
        return super().to_internal_value(data)


class OwnedKeyField(serializers.PrimaryKeyRelatedField):
    """A foreign key that finds its target only among the rows of the request's user."""

    def get_queryset(self) -> QuerySet[Any]:
        queryset: Any = super().get_queryset()
        if issubclass(queryset.model, OwnedModel):
            # SECURITY: without this a user could attach a row to another user's row
            return queryset.for_user(self.context["request"].user)
        return queryset

    def to_internal_value(self, data: object) -> object:
        """The row; in a bulk call each is looked up once, however many rows refer to it."""
        seen = self.context.get("keys_seen", {})
        place = (self.source, str(data))
        if place not in seen:
            seen[place] = self._found(data) or super().to_internal_value(data)
        return seen[place]

    def _found(self, data: object) -> OwnedModel | None:
        """The owner's row with this key, by a kept query; None where there is none, or the ordinary way has to ask."""
        targets = vars(self)["queryset"]  # for the type checker a manager on a class is a descriptor
        if not isinstance(data, str) or not isinstance(targets, models.Manager) or not issubclass(targets.model, OwnedModel):
            return None
        try:
            key = UUID(data)
        except ValueError:
            return None
        return next(iter(_by_key(targets.model)(pk=key, owner=self.context["request"].user.pk)), None)


@cache
def _by_key(model: type[OwnedModel]) -> CompiledInstanceQuery:
    # SECURITY: the owner's wall is the queryset's own, as above
    return CompiledInstanceQuery(
        lambda values: model.objects.for_user(SimpleNamespace(pk=values["owner"])).filter(pk=values["pk"]), pk=UUID, owner=UUID
    )


class StrictSerializer(serializers.Serializer):
    """Refuses a body with fields that nobody declared. Read-only fields are ignored, so a GET's answer can be sent back."""

    def to_internal_value(self, data: object) -> object:
        unknown = sorted(set(data) - set(self.fields)) if isinstance(data, dict) else []
        if unknown:
            writable = ", ".join(name for name, field in self.fields.items() if not field.read_only)
            sentence = f"There is no such field. Known: {writable}."
            raise serializers.ValidationError({name: [ErrorDetail(sentence, "unknown_field")] for name in unknown})
        return super().to_internal_value(data)


@cache
def _sql_serializer_of(serializer_class: type["BaseSerializer"]) -> sql_serializer.SqlSerializer | None:
    return sql_serializer.compile_serializer(serializer_class)


@cache
def _fields_of(serializer_class: type["BaseSerializer"]) -> dict[str, serializers.Field]:
    """Making them from the model takes as long as answering the request."""
    return super(BaseSerializer, serializer_class()).get_fields()


def _copied(field: serializers.Field) -> serializers.Field:
    """A field that can be bound to a serializer. One with fields of its own is made anew, as the library does it."""
    if isinstance(field, serializers.BaseSerializer) or hasattr(field, "child") or hasattr(field, "child_relation"):
        return copy.deepcopy(field)
    return copy.copy(field)


class BaseSerializer(StrictSerializer, serializers.ModelSerializer):
    """A model's fields as JSON. `Meta.example` is the answer that the API's documentation shows."""

    serializer_related_field = OwnedKeyField
    serializer_field_mapping = serializers.ModelSerializer.serializer_field_mapping | {models.JSONField: JsonField}

    @classmethod
    def get_sql_serializer(cls) -> sql_serializer.SqlSerializer | None:
        """This serializer as SQL columns, compiled once; None when its lists need the plain path."""
        return _sql_serializer_of(cls)

    @property
    def model(self) -> type[BaseModel]:
        return cast("type[BaseModel]", self.Meta.model)

    def get_fields(self) -> dict[str, serializers.Field]:
        """The fields, each a copy of one that was made once for the class."""
        return {name: _copied(field) for name, field in _fields_of(type(self)).items()}

    def build_property_field(self, field_name: str, model_class: type[Model]) -> derived_fields.FieldSpec:
        """A derived value, with the type that its property declares."""
        return derived_fields.field_for(model_class, field_name)

    def get_unique_together_validators(self) -> list[Any]:
        """None: the database's constraints answer the same in one statement, and without a race."""
        return []

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Ask the model about the row as it would be."""
        candidate = self.candidate(attrs)
        try:
            candidate.clean()
        except DjangoValidationError as error:
            raise serializers.ValidationError(serializers.as_serializer_error(error)) from error
        return attrs

    def candidate(self, attrs: dict[str, Any]) -> BaseModel:
        """A copy of the row with `attrs` on it; a new row gets its owner first."""
        row = copy.copy(self.instance) if self.instance else self.model(**self.owner())
        for name, value in attrs.items():
            setattr(row, name, value)
        return row

    def owner(self) -> dict[str, Any]:
        """The fields that say whose a new row is."""
        return {"user": self.context["request"].user} if issubclass(self.model, OwnedModel) else {}

    def build(self, validated_data: dict[str, Any]) -> BaseModel:
        """A new row, not yet saved."""
        return self.model(**self.owner(), **validated_data)

    def create(self, validated_data: dict[str, Any]) -> BaseModel:
        row = self.build(validated_data)
        row.save(force_insert=True)
        return row

    def update(self, instance: BaseModel, validated_data: dict[str, Any]) -> BaseModel:
        for name, value in validated_data.items():
            setattr(instance, name, value)
        instance.save()
        return instance
