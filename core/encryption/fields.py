"""Model fields whose column holds ciphertext: `encrypt(models.CharField(...), label="finance.account_number")`.

The call and the field's shape are django-cryptography's (a bytea column, no lookups but `isnull`); what happens to the bytes
is not. That package signs with SECRET_KEY, pickles values and lets ciphertext be moved between rows, so here a value is JSON
under `core.encryption.key_ring`, bound to its label, its row's primary key and its owner (`user_id`, where the model has one).
Where the owner is a user, it is sealed under his data key (`core.encryption.data_keys`); all else is under the ring of keys.

A value stays sealed until its attribute is read, so a list that does not read it pays nothing and a bad row breaks one
attribute, not the list. In `__dict__`, and so in a pickle or a debugger, an instance holds None, `Ciphertext` or `Decrypted`;
all of them show as `<sealed>`. What is saved is always under the present key: a value under a former one is sealed anew.
`QuerySet.update(user=...)` and an upsert that keeps another row's key make values unreadable.
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
    """What a value is bound to, and what its plaintext is as bytes."""

    label: str

    @cached_property
    def identity_fields(self) -> tuple[models.Field[Any, Any], ...]:
        """The fields whose values make up a row's place."""
        meta = self.model._meta
        return (meta.pk, *(field for field in meta.concrete_fields if field.attname == OWNER))

    @cached_property
    def has_data_keys(self) -> bool:
        """Whether its rows belong to users, so that values are sealed under the users' data keys."""
        owners = [anchor.remote_field.model._meta.label for anchor in self.identity_fields[1:] if anchor.remote_field]
        return owners == [settings.AUTH_USER_MODEL]

    @cached_property
    def identity_attnames(self) -> tuple[str, ...]:
        return tuple(anchor.attname for anchor in self.identity_fields)

    def owner_in(self, place: RowIdentity) -> UUID | None:
        """The user whose data key seals at `place`, None where it is the ring's business."""
        owner: UUID | None = self.identity_fields[1].to_python(place[1]) if self.has_data_keys else None
        return owner

    def identity_of(self, instance: models.Model) -> RowIdentity:
        """The values of a row that its sealed values are bound to, as they are in memory now."""
        return tuple([getattr(instance, name) for name in self.identity_attnames])

    def associated_data(self, place: RowIdentity) -> bytes:
        """`place` in the one spelling that the database would give it: a UUID may still be a text in memory."""
        parts = [anchor.to_python(part) for anchor, part in zip(self.identity_fields, place, strict=True)]
        if parts[0] is None:
            raise EncryptionError(
                f"{self.label}: a value is bound to its row's primary key, which is not set. Give it a default."
            )
        return key_ring.encode_associated_data(self.label, *(str(part) for part in parts if part is not None))

    def encode(self, value: object) -> bytes:
        """`value` as the bytes that are sealed. Raises EncryptionError for what the field can't hold."""
        encoder = getattr(self, "encoder", None) or DjangoJSONEncoder
        try:
            plain = self.get_prep_value(value)
            text = json.dumps(plain, cls=encoder, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
        except (TypeError, ValueError, ValidationError):
            # SECURITY: the cause may quote the value
            raise EncryptionError(f"{self.label}: a {type(value).__name__} of this kind does not fit the field.") from None
        return text.encode("utf-8", "surrogatepass")

    def decode(self, plaintext: bytes) -> object:
        """The value that `encode` was given. Raises EncryptionError."""
        try:
            return self.to_python(json.loads(plaintext, cls=getattr(self, "decoder", None)))
        except (TypeError, ValueError, ValidationError):
            # SECURITY: the cause carries the plaintext
            raise EncryptionError(f"{self.label}: the value was sealed by a field of another type. Migrate it.") from None


class EncryptingField(RowBoundField):
    """What is written when: a value is sealed for its place, and kept as it is while it says the same under the present key."""

    def held(self, instance: models.Model) -> Ciphertext | Decrypted | None:
        """What `instance` holds: None, Ciphertext or Decrypted; a deferred value is loaded, but not opened."""
        data = instance.__dict__
        if self.attname not in data:
            manager = type(instance)._base_manager.db_manager(instance._state.db, hints={"instance": instance})
            data[self.attname] = manager.filter(pk=instance.pk).values_list(self.attname, flat=True).get()
        return data[self.attname]

    def decrypted(self, instance: models.Model, sealed: Ciphertext) -> Decrypted:
        """`sealed` opened where it was loaded. Raises EncryptionError, see `core.encryption.key_ring.decrypt`."""
        place = sealed.place or self.identity_of(instance)
        return Decrypted(self, self.decrypt_value(place, sealed.blob), Ciphertext(sealed.blob, place))

    def decrypt_value(self, place: RowIdentity, blob: bytes | None) -> object:
        """The value whose sealed bytes lie at `place`; None for NULL. Raises EncryptionError."""
        return None if blob is None else self.decode(self.decrypt(place, blob))

    def decrypt(self, place: RowIdentity, blob: bytes) -> bytes:
        """The plaintext bytes of the value that lies at `place`. Raises EncryptionError."""
        owner = self.owner_in(place)
        data_key = data_keys.key_for_decryption(owner, blob) if owner and key_ring.is_encrypted_with_data_key(blob) else None
        try:
            return key_ring.decrypt(self.label, self.associated_data(place), blob, data_key)
        except UnknownKeyError:
            data_key = data_keys.get_key(owner) if owner else None
            if data_key is None:
                raise
            # with the owner's key in hand, a value of his that was relabelled to the ring shows as tampered
            return key_ring.decrypt(self.label, self.associated_data(place), blob, data_key)

    def encrypt(self, place: RowIdentity, plaintext: bytes) -> bytes:
        """`plaintext` sealed for `place`, under the key that belongs there now. Raises EncryptionError."""
        return self.key_for(place).encrypt(self.label, self.associated_data(place), plaintext)

    def key_for(self, place: RowIdentity) -> Key:
        """The key that seals at `place`: the owner's data key, else the ring's primary one."""
        owner = self.owner_in(place)
        return data_keys.key_for_encryption(owner) if owner else key_ring.primary_key()

    def is_unchanged(self, sealed: Ciphertext, value: object, place: RowIdentity) -> bool:
        """Whether `sealed` is `value` sealed for `place`; what can't be opened says nothing and may be replaced."""
        try:
            return self.decrypt(place, sealed.blob) == self.encode(value)
        except EncryptionError:
            return False

    def pre_save(self, model_instance: models.Model, add: bool) -> Ciphertext | None:
        """The bytes to write: the very same for an unchanged value, so that no update is seen where there is none."""
        held = self.held(model_instance)
        if isinstance(held, Ciphertext):
            must_open = add or self._has_other_identity(model_instance, held)
            held = self.decrypted(model_instance, held) if must_open else self._with_current_key(model_instance, held)
        if isinstance(held, Decrypted):
            held = self._encrypted(model_instance, held)
        model_instance.__dict__[self.attname] = held
        return held.origin if isinstance(held, Decrypted) else held

    def _has_other_identity(self, instance: models.Model, sealed: Ciphertext) -> bool:
        """Whether bytes nobody opened yet could be unreadable where they go: the row is new, or its key or owner changed."""
        if instance._state.adding or sealed.place is None:
            return True
        here = self.identity_of(instance)
        return sealed.place != here and self.associated_data(sealed.place) != self.associated_data(here)

    def _with_current_key(self, instance: models.Model, sealed: Ciphertext) -> Ciphertext | Decrypted:
        """Bytes nobody opened yet, opened if they are under a former key; what can't be opened stays as it is."""
        try:
            stays = self.key_for(self.identity_of(instance)).is_key_of(sealed.blob)
            return sealed if stays else self.decrypted(instance, sealed)
        except EncryptionError:
            return sealed

    def _encrypted(self, instance: models.Model, held: Decrypted) -> Decrypted | None:
        if held.value == "" and self.null and self.empty_strings_allowed:
            return None
        place, origin = self.identity_of(instance), held.origin
        # SECURITY: the key is asked for first: bytes under one that was rolled back or destroyed must not be kept
        key = self.key_for(place)
        if origin is not None and key.is_key_of(origin.blob) and self.is_unchanged(origin, held.value, place):
            return Decrypted(self, held.value, Ciphertext(origin.blob, place))
        blob = key.encrypt(self.label, self.associated_data(place), self.encode(held.value))
        return Decrypted(self, held.value, Ciphertext(blob, place))


class EncryptedField(EncryptingField, EncryptedMixin):
    """The half that Django talks to. `label` must never change: it is part of every value."""

    base_class: type[models.Field[Any, Any]]
    descriptor_class = EncryptedAttribute

    def __init__(self, *args: Any, label: str, **kwargs: Any) -> None:
        self.label = label
        # SECURITY: the parent's __init__ is left out, for it makes a cipher that is keyed by SECRET_KEY and unpickles
        super(EncryptedMixin, self).__init__(*args, **kwargs)

    def from_db_value(self, value: bytes | memoryview | None, *args: object, **kwargs: object) -> Ciphertext | None:
        return None if value is None else Ciphertext(bytes(value))

    def get_db_prep_value(self, value: object, connection: BaseDatabaseWrapper, prepared: bool = False) -> bytes | None:
        """Only sealed bytes (or None) reach the database. Raises EncryptionError for anything else."""
        if value is None:
            return None
        blob: bytes | None = value.blob if isinstance(value, Ciphertext) else key_ring.from_text(value)
        if blob is None:
            # SECURITY: here a plaintext would reach the database
            raise EncryptionError(
                f"{self.label}: update(), bulk_update(), an expression or a new column's default can't seal a value, "
                "for it is bound to its row. Use save() or bulk_create()."
            )
        return blob

    def get_db_prep_save(self, value: object, connection: BaseDatabaseWrapper) -> bytes | None:
        return self.get_db_prep_value(value, connection)

    def value_from_object(self, obj: models.Model) -> Ciphertext | Decrypted | None:
        """The value still sealed: forms, `model_to_dict` and serializers ask here."""
        held = self.held(obj)
        return (held.unchanged_ciphertext() or held) if isinstance(held, Decrypted) else held

    def value_to_string(self, obj: models.Model) -> str:
        """The ciphertext, which `loaddata` puts back; REDACTED for a value that was not saved yet."""
        value = self.value_from_object(obj)
        return key_ring.TEXT_PREFIX + b64encode(value.blob).decode() if isinstance(value, Ciphertext) else REDACTED

    def formfield(self, **kwargs: object) -> None:
        """No form shows or takes the value: staff have no business with it, and users come through the API."""

    def deconstruct(self) -> tuple[str, str, list[Any], dict[str, Any]]:
        name, _, args, kwargs = super().deconstruct()
        return name, f"{encrypt.__module__}.{encrypt.__name__}", [self.base_class(*args, **kwargs)], {"label": self.label}

    def clone(self) -> Any:
        _, _, args, kwargs = self.deconstruct()
        return encrypt(*args, **kwargs)

    def check(self, **kwargs: object) -> list[checks.CheckMessage]:
        errors = super().check(**kwargs)
        # SECURITY: two columns with one label would open each other's values where their rows share key and owner
        if not self.label or list(_labels(self)).count(self.label) > 1:
            hint = "Give each encrypted field a label of its own, and never change it once values are stored."
            errors.append(checks.Error(f"The label {self.label!r} is empty or used twice.", hint, self, "core.E001"))
        if self.unique or self.has_db_default():
            hint = "Remove unique, primary_key and db_default: the database sees random bytes only."
            errors.append(checks.Error("An encrypted field can't be unique or computed.", hint, self, "core.E002"))
        return errors


def encrypt(base_field: FieldT, *, label: str) -> FieldT:
    """`base_field` with its column encrypted under `label`, a constant that no other field uses and that never changes.

    Its attribute takes and gives what `base_field` does; None is NULL, and so is "" where the field is a nullable text.
    Reading raises TamperedError or UnknownKeyError when the row can't be opened.
    """
    _, _, args, kwargs = base_field.deconstruct()
    base_class: Any = type(base_field)
    sealed: FieldT = _encrypted_class(base_class)(*args, label=label, **kwargs)
    return sealed


def is_encrypted(field: object) -> bool:
    """Whether a model's field is encrypted, so that its value has no place in a log, a list or a dump."""
    return isinstance(field, EncryptedField)


@cache
def _encrypted_class(base: type[models.Field[Any, Any]]) -> Any:
    members = {"base_class": base, "wasinstance": True, "__module__": __name__}
    return type(f"Encrypted{base.__name__}", (EncryptedField, base), members)


def encrypted_fields(model: type[models.Model]) -> list[EncryptedField]:
    """The encrypted fields of a model."""
    return [field for field in model._meta.concrete_fields if isinstance(field, EncryptedField)]


def _labels(field: EncryptedField) -> Iterator[str]:
    """The labels of all encrypted columns in the project of `field`."""
    for model in field.model._meta.apps.get_models():
        yield from (other.label for other in model._meta.local_concrete_fields if isinstance(other, EncryptedField))
