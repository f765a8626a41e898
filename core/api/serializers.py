"""The base classes of all serializers.

A write parses each field, looks up foreign keys among the owner's rows only, sets the values on a copy of the row, calls the
model's `clean`, and saves. `core.api.errors` returns a violated constraint of the database as a 400.
"""

import copy
from collections.abc import Iterator
from functools import cache, cached_property
from typing import Any, NoReturn, cast

from django.core.exceptions import ValidationError as DjangoValidationError
from django.db import models
from django.db.models import Model
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.exceptions import ErrorDetail
from rest_framework.utils.serializer_helpers import BindingDict

from core.api import derived_fields
from core.api.money import AmountField
from core.api.owned_keys import OwnedKeyField as OwnedKeyField
from core.fast_lists import sql_serializer
from core.fast_lists.lookups import Lookup, look_up
from core.models.base import BaseModel, OwnedModel
from core.models.fields import JSONListField, JSONObjectField
from core.models.money import MoneyField
from core.models.references import NameReferenceField
from core.models.validators import has_null_character

COLUMN_TEXTS = {  # no help texts of the models, because the migrations would repeat them for every table
    "id": "The UUID of the {}, which never changes.",
    "created_at": "When the {} was stored in MINGUS, in UTC.",
    "updated_at": "When the {} was last changed, in UTC; at first equal to `created_at`.",
}


@extend_schema_field({"$ref": "#/components/schemas/JsonValue"})
class JsonField(serializers.JSONField):
    """A JSON field that refuses null characters, which PostgreSQL can't store."""

    def to_internal_value(self, data: Any) -> Any:
        if has_null_character(data):
            raise serializers.ValidationError("Null characters are not allowed.", "null_characters_not_allowed")
        return super().to_internal_value(data)


@extend_schema_field({"$ref": "#/components/schemas/JsonObject"})
class JsonObjectField(JsonField):
    """A JSON object with any members."""


@extend_schema_field({"type": "array", "items": {"$ref": "#/components/schemas/JsonValue"}})
class JsonListField(JsonField):
    """A list of any JSON values."""


class NameField(serializers.CharField):
    """The name of another row, or "" for none, never null."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**{**options, "allow_null": False, "allow_blank": True})


class ListedChoiceField(serializers.ChoiceField):
    """A choice whose error lists the choices."""

    def fail(self, key: str, **values: Any) -> NoReturn:
        if key == "invalid_choice":
            known = ", ".join(map(str, self.choices))
            raise serializers.ValidationError(f"“{str(values['input'])[:40]}” is unknown. Use one of: {known}.", key)
        super().fail(key, **values)


class StrictSerializer(serializers.Serializer):
    """A serializer that refuses unknown fields. It ignores read-only ones, so that the response of a GET can be sent back."""

    def to_internal_value(self, data: object) -> object:
        unknown = sorted(set(data) - set(self.fields)) if isinstance(data, dict) else []
        if unknown:
            writable = ", ".join(name for name, field in self.fields.items() if not field.read_only)
            message = f"This field is unknown. Known fields: {writable}."
            raise serializers.ValidationError({name: [ErrorDetail(message, "unknown_field")] for name in unknown})
        return super().to_internal_value(data)


@cache
def _sql_serializer_of(serializer_class: type["BaseSerializer"]) -> sql_serializer.SqlSerializer | None:
    return sql_serializer.compile_serializer(serializer_class)


@cache
def _fields_of(serializer_class: type["BaseSerializer"]) -> dict[str, serializers.Field]:
    """Build and bind the fields once, because that takes as long as the rest of a request."""
    serializer = serializer_class()
    fields = super(BaseSerializer, serializer).get_fields()
    for name, field in fields.items():
        if (
            not isinstance(field, serializers.BaseSerializer)
            and not hasattr(field, "child")
            and not hasattr(field, "child_relation")
        ):
            field.bind(name, serializer)
            vars(field)["read_attname"] = _attname(serializer.model, field)
    return fields


def _attname(model: type[Model], field: serializers.Field) -> str | None:
    """Return the attribute of a row that the field reads without DRF's lookup, or None."""
    reads_attribute = type(field).get_attribute is serializers.Field.get_attribute
    if not reads_attribute and not (isinstance(field, serializers.PrimaryKeyRelatedField) and field.pk_field is None):
        return None
    columns = {
        column.name: column.attname for column in model._meta.concrete_fields if column.is_relation is not reads_attribute
    }
    source = str(field.source)
    return columns.get(source) or (source if isinstance(getattr(model, source, None), property) else None)


def _copied(field: serializers.Field) -> serializers.Field:
    """Copy a field for a serializer; deeply, as DRF does, if it is not bound because it has fields of its own."""
    if field.field_name is None:
        return copy.deepcopy(field)
    copied: serializers.Field = object.__new__(type(field))
    copied.__dict__ |= field.__dict__
    return copied


class RowWriter(serializers.ModelSerializer):
    """The part of a serializer that saves rows, with steps that a subclass may override."""

    @property
    def model(self) -> type[BaseModel]:
        return cast("type[BaseModel]", self.Meta.model)

    def owner(self) -> dict[str, Any]:
        """Return the field that sets the owner of a new row."""
        return {"user": self.context["request"].user} if issubclass(self.model, OwnedModel) else {}

    def build(self, validated_data: dict[str, Any]) -> BaseModel:
        """Return a new row, not saved."""
        return self.model(**self.owner(), **validated_data)

    def before_insert(self, rows: list[Any]) -> None:
        """Complete new rows, which are then saved in the same transaction."""

    def before_updates(self, changes: list[tuple[Any, dict[str, Any]]]) -> None:
        """Prepare the validation of many rows, each with the values that were sent for it, which may be invalid."""

    def after_insert(self, rows: list[Any]) -> None:
        """Save what belongs to new rows in other tables, in the same transaction."""

    def after_update(self, rows: list[Any]) -> None:
        """Save what belongs to changed rows in other tables, in the same transaction."""

    def insert(self, rows: list[Any]) -> None:
        """Insert new rows with one statement."""
        self.model._base_manager.bulk_create(rows)
        self.after_insert(rows)

    def create(self, validated_data: dict[str, Any]) -> BaseModel:
        row = self.build(validated_data)
        self.before_insert([row])
        row.save(force_insert=True)
        self.after_insert([row])
        return row

    def update(self, instance: BaseModel, validated_data: dict[str, Any]) -> BaseModel:
        for name, value in validated_data.items():
            setattr(instance, name, value)
        instance.save()
        self.after_update([instance])
        return instance


class BaseSerializer(StrictSerializer, RowWriter):
    """A serializer of a model, by default of its public fields. `Meta.example` is its example in the API's documentation."""

    serializer_choice_field = ListedChoiceField
    serializer_related_field = OwnedKeyField
    serializer_field_mapping = serializers.ModelSerializer.serializer_field_mapping | {
        models.JSONField: JsonField,
        JSONObjectField: JsonObjectField,
        JSONListField: JsonListField,
        MoneyField: AmountField,
        NameReferenceField: NameField,
    }

    def include_extra_kwargs(self, kwargs: Any, extra_kwargs: Any) -> Any:
        """Keep `allow_blank` of a read-only choice, so that its schema has the empty text that a response may contain."""
        blank = {"allow_blank": True} if "choices" in kwargs and kwargs.get("allow_blank") else {}
        return {**super().include_extra_kwargs(kwargs, extra_kwargs), **blank}

    @classmethod
    def get_sql_serializer(cls) -> sql_serializer.SqlSerializer | None:
        """Return this serializer compiled to SQL columns, or None if a field can't be read from SQL."""
        return _sql_serializer_of(cls)

    @cached_property
    def fields(self) -> BindingDict:
        fields = BindingDict(self)
        for name, field in self.get_fields().items():
            if field.field_name == name:
                field.parent, fields.fields[name] = self, field  # the copy of a field that was bound before
            else:
                fields[name] = field
        return fields

    def to_representation(self, instance: BaseModel) -> dict[str, Any]:
        """Return what DRF returns, faster if each field reads one attribute of the row."""
        found = {}
        for name, field in self.fields.fields.items():
            if field.write_only:
                continue
            attname = getattr(field, "read_attname", None)
            if attname is None:
                return super().to_representation(instance)
            value = getattr(instance, attname)
            if isinstance(field, serializers.PrimaryKeyRelatedField):
                found[name] = value
            else:
                found[name] = None if value is None else field.to_representation(value)
        return found

    def is_valid(self, *, raise_exception: bool = False) -> bool:
        """Validate the data, after looking up the rows that it refers to together."""
        if isinstance(self.initial_data, dict):
            look_up(self.lookups(self.initial_data))
        return super().is_valid(raise_exception=raise_exception)

    def lookups(self, data: dict[str, Any]) -> Iterator[Lookup]:
        """Yield the look-ups of the rows that `data`, which may be invalid, refers to, for `seen_by`."""
        for name in self.fields.keys() & data.keys():
            field = self.fields[name]
            if isinstance(field, OwnedKeyField) and not field.read_only:
                yield from field.lookups(data[name])

    def get_fields(self) -> dict[str, serializers.Field]:
        return {name: _copied(field) for name, field in _fields_of(type(self)).items()}

    def get_field_names(self, declared_fields: Any, info: Any) -> list[str]:
        """Return `Meta.fields`, by default the public fields of the model."""
        has_fields = hasattr(self.Meta, "fields")
        return super().get_field_names(declared_fields, info) if has_fields else derived_fields.public_names(self.model)

    def build_standard_field(self, field_name: str, model_field: models.Field[Any, Any]) -> derived_fields.FieldSpec:
        """Return the class and options of a column's field; the columns that all models have are described here."""
        field_class, options = super().build_standard_field(field_name, model_field)
        text = COLUMN_TEXTS.get(field_name, "").format(self.model._meta.verbose_name)
        return field_class, {"help_text": text} | options

    def build_property_field(self, field_name: str, model_class: type[Model]) -> derived_fields.FieldSpec:
        return derived_fields.field_for(model_class, field_name)

    def get_validators(self) -> list[Any]:
        """Return those of `Meta` only. The database's constraints check the others without another query and without a race."""
        return list(getattr(getattr(self, "Meta", None), "validators", ()))

    def run_validators(self, value: object) -> None:
        if self.validators:  # else DRF would look for defaults in all read-only fields
            super().run_validators(value)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Call the model's `clean` on the changed row."""
        candidate = self.candidate(attrs)
        try:
            candidate.clean()
        except DjangoValidationError as error:
            raise serializers.ValidationError(serializers.as_serializer_error(error)) from error
        return attrs

    def candidate(self, attrs: dict[str, Any]) -> BaseModel:
        """Return a copy of the row with `attrs` set, or a new row with its owner and `attrs`."""
        row = copy.copy(self.instance) if self.instance else self.model(**self.owner())
        for name, value in attrs.items():
            setattr(row, name, value)
        return row
