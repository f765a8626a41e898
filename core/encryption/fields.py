"""Encrypted model fields: `encrypt(models.CharField(...), label="finance.account_number")`.

The call, the bytea column and the only lookup, `isnull`, are those of django-cryptography. That package signs with SECRET_KEY,
pickles values and allows ciphertext to be moved between rows. Here a value is encrypted as JSON, a binary one as it is, and
bound to its label, its row's primary key and its owner (`user_id`). The key is the owner's data key
(`core.encryption.data_keys`) if the owner is a user, else the primary key of the ring (`core.encryption.key_ring`).

- A value is decrypted when its attribute is read, so that an invalid value does not affect a list that does not read it.
- In its `__dict__` an instance has None, `Ciphertext` or `Decrypted`, whose repr is `<encrypted>`.
- Saving encrypts with the current key, also a value that was encrypted with a former one.
- `QuerySet.update(user=...)` and an upsert that keeps another row's key make values unreadable.
"""

import json
from base64 import b64encode
from collections.abc import Iterator
from functools import cache
from typing import Any, TypeVar
from uuid import UUID

from django.conf import settings
from django.core import checks
from django.core.exceptions import ValidationError
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.utils.functional import cached_property
from django_cryptography.fields import EncryptedMixin

from core.encryption import data_keys, key_ring
from core.encryption.descriptor import REDACTED, Ciphertext, Decrypted, EncryptedAttribute, RowIdentity
from core.encryption.key_ring import EncryptionError, Key, UnknownKeyError

OWNER = "user_id"
FieldT = TypeVar("FieldT", bound=models.Field[Any, Any])


class RowBoundField(models.Field[Any, Any]):
    """A field whose values are bound to their row, with the encoding of plaintexts as bytes: JSON, except for a BinaryField."""

    label: str

    @cached_property
    def identity_fields(self) -> tuple[models.Field[Any, Any], ...]:
        """Return the fields whose values are a row's identity."""
        meta = self.model._meta
        return (meta.pk, *(field for field in meta.concrete_fields if field.attname == OWNER))

    @cached_property
    def has_data_keys(self) -> bool:
        """Return True if the rows belong to users, so that the users' data keys encrypt the values."""
        owners = [anchor.remote_field.model._meta.label for anchor in self.identity_fields[1:] if anchor.remote_field]
        return owners == [settings.AUTH_USER_MODEL]

    @cached_property
    def identity_attnames(self) -> tuple[str, ...]:
        return tuple(anchor.attname for anchor in self.identity_fields)

    def owner_in(self, identity: RowIdentity) -> UUID | None:
        """Return the user whose data key encrypts the row's values, or None for a key of the ring."""
        owner: UUID | None = self.identity_fields[1].to_python(identity[1]) if self.has_data_keys else None
        return owner

    def identity_of(self, instance: models.Model) -> RowIdentity:
        """Return the row's identity as it is in memory now."""
        return tuple([getattr(instance, name) for name in self.identity_attnames])

    def associated_data(self, identity: RowIdentity) -> bytes:
        """Encode a row's identity in the types of the database, because a UUID may still be a string in memory."""
        parts = [anchor.to_python(part) for anchor, part in zip(self.identity_fields, identity, strict=True)]
        if parts[0] is None:
            raise EncryptionError(
                f"{self.label}: a value is bound to its row's primary key, which is not set. Give it a default."
            )
        return key_ring.encode_associated_data(self.label, *(str(part) for part in parts if part is not None))

    def encode(self, value: object) -> bytes:
        """Return the bytes to encrypt, or raise EncryptionError for a value that is invalid for the field."""
        if isinstance(self, models.BinaryField):
            if isinstance(value, bytes | memoryview):
                return bytes(value)
            raise EncryptionError(f"{self.label}: this {type(value).__name__} is invalid for the field.")
        encoder = getattr(self, "encoder", None) or DjangoJSONEncoder
        try:
            plain = self.get_prep_value(value)
            text = json.dumps(plain, cls=encoder, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
        except (TypeError, ValueError, ValidationError):
            # SECURITY: the cause may quote the value
            raise EncryptionError(f"{self.label}: this {type(value).__name__} is invalid for the field.") from None
        return text.encode("utf-8", "surrogatepass")

    def decode(self, plaintext: bytes) -> object:
        """Return the value that `encode` was called with, or raise EncryptionError."""
        if isinstance(self, models.BinaryField):
            return plaintext
        try:
            return self.to_python(json.loads(plaintext, cls=getattr(self, "decoder", None)))
        except (TypeError, ValueError, ValidationError):
            # SECURITY: the cause contains the plaintext
            raise EncryptionError(f"{self.label}: the value was encrypted by a field of another type. Migrate it.") from None


class EncryptingField(RowBoundField):
    """A field that encrypts values for their row, and keeps the ciphertext if neither the value nor the key has changed."""

    def raw_value(self, instance: models.Model) -> Ciphertext | Decrypted | None:
        """Return the instance's value without decrypting it; a deferred value is loaded."""
        data = instance.__dict__
        if self.attname not in data:
            manager = type(instance)._base_manager.db_manager(instance._state.db, hints={"instance": instance})
            data[self.attname] = manager.filter(pk=instance.pk).values_list(self.attname, flat=True).get()
        return data[self.attname]

    def decrypted(self, instance: models.Model, ciphertext: Ciphertext) -> Decrypted:
        """Decrypt the instance's ciphertext, or raise EncryptionError, see `core.encryption.key_ring.decrypt`."""
        identity = ciphertext.identity or self.identity_of(instance)
        return Decrypted(self, self.decrypt_value(identity, ciphertext.blob), Ciphertext(ciphertext.blob, identity))

    def decrypt_value(self, identity: RowIdentity, blob: bytes | None) -> object:
        """Return the value in the row's ciphertext, None for NULL, or raise EncryptionError."""
        return None if blob is None else self.decode(self.decrypt(identity, blob))

    def decrypt(self, identity: RowIdentity, blob: bytes) -> bytes:
        """Return the plaintext bytes of the row's ciphertext, or raise EncryptionError."""
        owner = self.owner_in(identity)
        data_key = data_keys.key_for_decryption(owner, blob) if owner and key_ring.is_encrypted_with_data_key(blob) else None
        try:
            return key_ring.decrypt(self.label, self.associated_data(identity), blob, data_key)
        except UnknownKeyError:
            data_key = data_keys.get_key(owner) if owner else None
            if data_key is None:
                raise
            # with the owner's key, a ciphertext whose header was changed to a key of the ring is reported as tampered
            return key_ring.decrypt(self.label, self.associated_data(identity), blob, data_key)

    def encrypt(self, identity: RowIdentity, plaintext: bytes) -> bytes:
        """Encrypt bytes for a row with its current key, or raise EncryptionError."""
        return self.key_for(identity).encrypt(self.label, self.associated_data(identity), plaintext)

    def key_for(self, identity: RowIdentity) -> Key:
        """Return the key that encrypts the row's values: the owner's data key, else the ring's primary key."""
        owner = self.owner_in(identity)
        return data_keys.key_for_encryption(owner) if owner else key_ring.primary_key()

    def is_unchanged(self, ciphertext: Ciphertext, value: object, identity: RowIdentity) -> bool:
        """Return True if `ciphertext` is `value` encrypted for the row; False if it can't be decrypted."""
        try:
            return self.decrypt(identity, ciphertext.blob) == self.encode(value)
        except EncryptionError:
            return False

    def pre_save(self, model_instance: models.Model, add: bool) -> Ciphertext | None:
        """Return the ciphertext to save, which is the stored one for an unchanged value, so that nothing is audited."""
        raw = self.raw_value(model_instance)
        if isinstance(raw, Ciphertext):
            must_decrypt = add or self._has_other_identity(model_instance, raw)
            raw = self.decrypted(model_instance, raw) if must_decrypt else self._with_current_key(model_instance, raw)
        if isinstance(raw, Decrypted):
            raw = self._encrypted(model_instance, raw)
        model_instance.__dict__[self.attname] = raw
        return raw.origin if isinstance(raw, Decrypted) else raw

    def _has_other_identity(self, instance: models.Model, ciphertext: Ciphertext) -> bool:
        """Return True if the ciphertext may be bound to another row: the row is new, or its key or owner has changed."""
        if instance._state.adding or ciphertext.identity is None:
            return True
        here = self.identity_of(instance)
        return ciphertext.identity != here and self.associated_data(ciphertext.identity) != self.associated_data(here)

    def _with_current_key(self, instance: models.Model, ciphertext: Ciphertext) -> Ciphertext | Decrypted:
        """Decrypt a ciphertext of a former key; return it unchanged if its key is current or it can't be decrypted."""
        try:
            is_current = self.key_for(self.identity_of(instance)).is_key_of(ciphertext.blob)
            return ciphertext if is_current else self.decrypted(instance, ciphertext)
        except EncryptionError:
            return ciphertext

    def _encrypted(self, instance: models.Model, raw: Decrypted) -> Decrypted | None:
        if raw.value == "" and self.null and self.empty_strings_allowed:
            return None
        identity, origin = self.identity_of(instance), raw.origin
        # SECURITY: the key is read first, because ciphertext of a key that was rolled back or destroyed must not be reused
        key = self.key_for(identity)
        if origin is not None and key.is_key_of(origin.blob) and self.is_unchanged(origin, raw.value, identity):
            return Decrypted(self, raw.value, Ciphertext(origin.blob, identity))
        blob = key.encrypt(self.label, self.associated_data(identity), self.encode(raw.value))
        return Decrypted(self, raw.value, Ciphertext(blob, identity))


class EncryptedField(EncryptingField, EncryptedMixin):
    """The methods that Django calls. `label` must never change, because it is part of every ciphertext."""

    base_class: type[models.Field[Any, Any]]
    descriptor_class = EncryptedAttribute

    def __init__(self, *args: Any, label: str, **kwargs: Any) -> None:
        self.label = label
        # SECURITY: EncryptedMixin.__init__ is skipped, because it creates a cipher that uses SECRET_KEY and unpickles
        super(EncryptedMixin, self).__init__(*args, **kwargs)

    def from_db_value(self, value: bytes | memoryview | None, *args: object, **kwargs: object) -> Ciphertext | None:
        return None if value is None else Ciphertext(bytes(value))

    def get_db_prep_value(self, value: object, connection: BaseDatabaseWrapper, prepared: bool = False) -> bytes | None:
        """Return ciphertext or None, or raise EncryptionError for anything else, which might be plaintext."""
        if value is None:
            return None
        blob: bytes | None = value.blob if isinstance(value, Ciphertext) else key_ring.from_text(value)
        if blob is None:
            raise EncryptionError(
                f"{self.label}: update(), bulk_update(), an expression or a new column's default can't encrypt a value, "
                "because it is bound to its row. Use save() or bulk_create()."
            )
        return blob

    def get_db_prep_save(self, value: object, connection: BaseDatabaseWrapper) -> bytes | None:
        return self.get_db_prep_value(value, connection)

    def value_from_object(self, obj: models.Model) -> Ciphertext | Decrypted | None:
        """Return the value encrypted if possible, for forms, `model_to_dict` and Django's serializers."""
        raw = self.raw_value(obj)
        return (raw.unchanged_ciphertext() or raw) if isinstance(raw, Decrypted) else raw

    def value_to_string(self, obj: models.Model) -> str:
        """Return the ciphertext as text, which `loaddata` can load; REDACTED for a value that is not saved."""
        value = self.value_from_object(obj)
        return key_ring.TEXT_PREFIX + b64encode(value.blob).decode() if isinstance(value, Ciphertext) else REDACTED

    def formfield(self, **kwargs: object) -> None:
        """Return None, so that no form has the field: staff must not see the value, and users change it through the API."""

    def deconstruct(self) -> tuple[str, str, list[Any], dict[str, Any]]:
        name, _, args, kwargs = super().deconstruct()
        return name, f"{encrypt.__module__}.{encrypt.__name__}", [self.base_class(*args, **kwargs)], {"label": self.label}

    def clone(self) -> Any:
        _, _, args, kwargs = self.deconstruct()
        return encrypt(*args, **kwargs)

    def check(self, **kwargs: object) -> list[checks.CheckMessage]:
        errors = super().check(**kwargs)
        # SECURITY: with the same label, values could be moved between two columns if their rows have the same key and owner
        if not self.label or list(_labels(self)).count(self.label) > 1:
            hint = "Give each encrypted field a unique label, and never change it once values are stored."
            errors.append(checks.Error(f"The label {self.label!r} is empty or used twice.", hint, self, "core.E001"))
        if self.unique or self.has_db_default():
            hint = "Remove unique, primary_key and db_default: the database has only random bytes."
            errors.append(checks.Error("An encrypted field can't be unique or computed.", hint, self, "core.E002"))
        return errors


def encrypt(base_field: FieldT, *, label: str) -> FieldT:
    """Return `base_field` with an encrypted column. `label` must be unique and must never change.

    The attribute has the values of `base_field`. None is stored as NULL, and so is "" if the field is a nullable text.
    Reading the attribute raises TamperedError or UnknownKeyError if the value can't be decrypted.
    """
    _, _, args, kwargs = base_field.deconstruct()
    base_class: Any = type(base_field)
    encrypted: FieldT = _encrypted_class(base_class)(*args, label=label, **kwargs)
    return encrypted


def is_encrypted(field: object) -> bool:
    return isinstance(field, EncryptedField)


@cache
def _encrypted_class(base: type[models.Field[Any, Any]]) -> Any:
    members = {"base_class": base, "wasinstance": True, "__module__": __name__}
    return type(f"Encrypted{base.__name__}", (EncryptedField, base), members)


def encrypted_fields(model: type[models.Model]) -> list[EncryptedField]:
    return [field for field in model._meta.concrete_fields if isinstance(field, EncryptedField)]


def _labels(field: EncryptedField) -> Iterator[str]:
    """Yield the labels of all encrypted columns in the project of `field`."""
    for model in field.model._meta.apps.get_models():
        yield from (other.label for other in model._meta.local_concrete_fields if isinstance(other, EncryptedField))
