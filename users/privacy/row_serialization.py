"""Conversion of rows to the JSON of an export and back. One row is one line of JSON with sorted names.

Keys of the user's own rows become references (`users.privacy.row_references`), also inside JSON columns, where the first "@"
of other strings is escaped as "@@". Keys of shared rows, such as plans, are not changed.
"""

import base64
import json
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, time
from decimal import Decimal
from functools import cache
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import models

from core.encryption.key_ring import EncryptionError
from core.errors import DomainError
from users.privacy.policies import AnyModel, columns_of, find_policy, policy_of
from users.privacy.row_references import ACCOUNT, ImportKeys, RowNumbers, has_numbers, reference

UUID_LENGTH = 36
Row = dict[str, Any]


def line(row: Row) -> bytes:
    """Return a row as one line of UTF-8 with sorted names, so that the same row always has the same bytes."""
    return json.dumps(row, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False).encode() + b"\n"


def plain(value: Any) -> Any:
    """Return a column's value for JSON: times in UTC, decimals and keys as strings, bytes in base64."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, Decimal | UUID):
        return str(value)
    if isinstance(value, bytes | memoryview):
        return base64.b64encode(value).decode()
    return value


def map_strings(value: Any, each: Callable[[str], str]) -> Any:
    """Return a JSON value with `each` applied to all strings in it, except the names in objects."""
    if isinstance(value, str):
        return each(value)
    if isinstance(value, list):
        return [map_strings(item, each) for item in value]
    if isinstance(value, dict):
        return {name: map_strings(item, each) for name, item in value.items()}
    return value


class RowSerializer:
    """Converts a user's rows for an export. `numbered` contains the keys of the tables that the rows may refer to."""

    def __init__(self, user: Any, numbered: Mapping[AnyModel, RowNumbers]) -> None:
        self.account = str(user.pk)
        self.numbered = numbered
        self.unreadable = 0

    def row(self, instance: models.Model, number: int) -> Row:
        """Return one row, with its number as `id`."""
        model = type(instance)
        return {"id": number} | {field.attname: self.value(instance, field) for field in columns_of(model)}

    def value(self, instance: models.Model, field: models.Field[Any, Any]) -> Any:
        """Return the value of one column. An encrypted value that can't be decrypted becomes None and is counted."""
        try:
            value = getattr(instance, field.attname)
        except EncryptionError:
            self.unreadable += 1
            return None
        if isinstance(field, models.JSONField):
            return map_strings(value, self.text)
        target = referenced_model(field)
        if value is None or target not in self.numbered:
            return plain(value)
        number = self.numbered[target].number_of(value)
        return plain(value) if number is None else reference(target, number)

    def text(self, text: str) -> str:
        """Return a string inside JSON: keys become references, and a leading "@" is escaped."""
        if text.startswith("@"):
            return "@" + text
        key = as_key(text)
        if key is None:
            return text
        if text == self.account:
            return ACCOUNT
        found = ((model, keys.number_of(key)) for model, keys in self.numbered.items())
        return next((reference(model, number) for model, number in found if number is not None), text)


class RowDeserializer:
    """Converts rows of an export to unsaved instances that `user` owns."""

    def __init__(self, user: Any, keys: ImportKeys) -> None:
        self.user = user
        self.keys = keys

    def instance(self, model: AnyModel, row: Row) -> models.Model:
        """Return a new instance. Raise DomainError with the field of an invalid value, or with an unknown field."""
        fields = named_columns(model)
        unknown = sorted(set(row) - set(fields) - {"id"})
        if unknown:
            raise DomainError("unknown_field", "There is no such field.", field=unknown[0])
        values = {name: self.value(fields[name], value) for name, value in row.items() if name != "id"}
        return model(pk=self.keys.of(model, row.get("id")), **{policy_of(model).owner: self.user}, **values)

    def value(self, field: models.Field[Any, Any], value: Any) -> Any:
        if isinstance(field, models.JSONField):
            return map_strings(value, self.text)
        target = referenced_model(field)
        if value is not None and target in self.keys.tables.values():
            return self.shared(target, value) or self.key(field, target, value)
        try:
            return None if value is None else field.to_python(value)
        except (ValidationError, TypeError, ValueError, AttributeError) as error:
            raise DomainError("invalid", "This value is not valid.", field=field.attname) from error

    def key(self, field: models.Field[Any, Any], target: Any, value: Any) -> UUID:
        """Return the key of a reference. SECURITY: rows refer only to rows of the same import, not to keys in the file."""
        named = self.keys.named(value) if isinstance(value, str) else None
        if named is None or named[0] is not target:
            sentence = f"Must be a reference such as {reference(target, 1)}."
            raise DomainError("invalid_reference", sentence, field=field.attname)
        return named[1]

    def shared(self, target: Any, value: Any) -> UUID | None:
        """Return the key of an existing row that has no owner, such as a broadcast alert; None for all others."""
        key, owner = as_key(value) if isinstance(value, str) else None, policy_of(target).owner
        if key is None or not target._meta.get_field(owner).null:
            return None
        return key if target._base_manager.filter(pk=key, **{f"{owner}__isnull": True}).exists() else None

    def text(self, text: str) -> str:
        if text.startswith("@@"):
            return text[1:]
        if text == ACCOUNT:
            return str(self.user.pk)
        named = self.keys.named(text)
        return text if named is None else str(named[1])


@cache
def named_columns(model: AnyModel) -> dict[str, models.Field[Any, Any]]:
    """Return the exported fields by their names in the file."""
    return {field.attname: field for field in columns_of(model)}


@cache
def referenced_model(field: models.Field[Any, Any]) -> Any:
    """Return the model whose keys a column contains, with or without a foreign key; None for other columns."""
    if isinstance(field, models.ForeignKey):
        target: Any = field.related_model
        return target if find_policy(target) and has_numbers(target) else None
    label = policy_of(field.model).loose_references.get(field.name)
    return field.model._meta.apps.get_model(label) if label else None


def as_key(text: str) -> UUID | None:
    """Return the UUID of a text in canonical form; None for other texts."""
    if len(text) != UUID_LENGTH or text.count("-") != 4:
        return None
    try:
        key = UUID(text)
    except ValueError:
        return None
    return key if str(key) == text else None
