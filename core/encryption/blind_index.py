"""Blind indexes: keyed digests of encrypted values, by which rows are found.

The digest is HMAC-SHA256 over the label, the owner and the normalized value, cut to 16 bytes. Its key is a subkey of the
owner's data key that encrypts nothing.

- Equal values have equal digests within one owner's rows, and different ones for two owners.
- After an owner's erasure, values can't be guessed by comparing digests.
- `BaseModel.save` and `bulk_create` update the digest. `update(field=None)` does not; `manage.py rotate_field_keys` repairs it.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Any, cast
from uuid import UUID

from django.core import checks
from django.db import models

from core.encryption import data_keys, key_ring
from core.encryption.descriptor import Ciphertext, RowIdentity
from core.encryption.fields import EncryptedField
from core.encryption.key_ring import EncryptionError, Key


class BlindIndexField(models.BinaryField):
    """The blind index of the encrypted field `of`, over the value that `normalize` returns. List it in `secret_fields`."""

    def __init__(self, *args: Any, of: str = "", normalize: Callable[[str], str] = str, **kwargs: Any) -> None:
        self.of = of
        self.normalize = normalize
        super().__init__(*args, **{"max_length": key_ring.INDEX_BYTES, "null": True, "blank": True, "editable": False} | kwargs)

    def deconstruct(self) -> tuple[str, str, Sequence[Any], dict[str, Any]]:
        name, _, args, kwargs = super().deconstruct()
        return name, "django.db.models.BinaryField", args, kwargs

    def clone(self) -> Any:
        return type(self)(*super().deconstruct()[2], of=self.of, normalize=self.normalize, **super().deconstruct()[3])

    @property
    def source(self) -> EncryptedField:
        return cast("EncryptedField", self.model._meta.get_field(self.of))

    def pre_save(self, model_instance: models.Model, add: bool) -> bytes | None:
        """Return the digest to save, which is the stored one if the value was not decrypted and so has not changed."""
        raw, digest = self.source.raw_value(model_instance), model_instance.__dict__.get(self.attname)
        if raw is None or not isinstance(raw, Ciphertext) or add or digest is None:
            digest = self._digest_of_decrypted(model_instance, digest)
        model_instance.__dict__[self.attname] = digest
        return digest

    def _digest_of_decrypted(self, instance: models.Model, stored: bytes | None) -> bytes | None:
        identity = self.source.identity_of(instance)
        try:
            value = getattr(instance, self.of)
            return None if value is None else self.digest_for_row(identity, value)
        except EncryptionError:
            return stored  # a value that can't be decrypted must not prevent saving the rest of the row

    def digest_for_row(self, identity: RowIdentity, value: object) -> bytes:
        """Return the digest of `value` for a row, after locking or creating the owner's data key, or raise EncryptionError."""
        owner = self.source.owner_in(identity)
        if owner is None:
            raise EncryptionError(f"{self.source.label}: only a row with an owner can have a blind index.")
        return self._digest(data_keys.key_for_encryption(owner), owner, value)

    def digest_for_user(self, user_id: UUID, value: str) -> bytes | None:
        """Return the digest to search for among the user's rows; None without a data key, and so without encrypted values."""
        key = data_keys.get_key(user_id)
        return None if key is None else self._digest(key, user_id, value)

    def _digest(self, key: Key, owner: UUID, value: object) -> bytes:
        label = self.source.label
        return key.index(label, key_ring.encode_associated_data(label, str(owner), self.normalize(str(value))))

    def check(self, **kwargs: object) -> list[checks.CheckMessage]:
        errors = super().check(**kwargs)
        columns = list(self.model._meta.concrete_fields)
        source = next((field for field in columns if field.name == self.of), None)
        if not isinstance(source, EncryptedField) or not source.has_data_keys or columns.index(source) > columns.index(self):
            hint = "Name an encrypted field with `of`, in a model whose rows belong to users, and declare the index after it."
            errors.append(checks.Error("A blind index needs an encrypted field before it.", hint, self, "core.E004"))
        return errors


def blind_indexes(model: type[models.Model]) -> list[BlindIndexField]:
    return [field for field in model._meta.concrete_fields if isinstance(field, BlindIndexField)]


def with_blind_indexes(instance: models.Model, update_fields: Iterable[str] | None) -> Iterable[str] | None:
    """Add the blind indexes of the fields in `update_fields`. For None, add those of the instance's loaded fields to it."""
    indexes = blind_indexes(type(instance))
    if update_fields is not None:
        names = set(update_fields)
        return names | {index.name for index in indexes if index.of in names}
    for index in indexes:
        if index.of in instance.__dict__:
            instance.__dict__.setdefault(index.attname, None)
    return None
