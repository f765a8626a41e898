"""Finding rows by a sealed value: beside it lies a keyed digest, which only the owner's data key can make.

The digest is HMAC-SHA256 over the label, the owner and the normalised value, cut to 16 bytes, under a subkey of the owner's
data key that seals nothing. Equal values of two owners look different, an erased owner's can't be tried out, and within one
owner's rows the database learns which are equal, which is what it is there for. `core.models.base.BaseModel.save` and
`bulk_create` keep it in step; `update(field=None)` does not, and `manage.py rotate_field_keys` makes it right.
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
    """The blind index of the encrypted field called `of`, over what `normalize` makes of it. List it in `secret_fields`."""

    def __init__(self, *args: Any, of: str = "", normalize: Callable[[str], str] = str, **kwargs: Any) -> None:
        self.of = of
        self.normalize = normalize
        super().__init__(*args, **{"max_length": key_ring.INDEX_BYTES, "null": True, "blank": True, "editable": False} | kwargs)

    def deconstruct(self) -> tuple[str, str, Sequence[Any], dict[str, Any]]:
        """A migration need not know what the bytes are."""
        name, _, args, kwargs = super().deconstruct()
        return name, "django.db.models.BinaryField", args, kwargs

    def clone(self) -> Any:
        return type(self)(*super().deconstruct()[2], of=self.of, normalize=self.normalize, **super().deconstruct()[3])

    @property
    def source(self) -> EncryptedField:
        """The field whose values are indexed."""
        return cast("EncryptedField", self.model._meta.get_field(self.of))

    def pre_save(self, model_instance: models.Model, add: bool) -> bytes | None:
        """The digest of what is saved; the stored one where the value was not opened, for then it has not changed."""
        held, kept = self.source.held(model_instance), model_instance.__dict__.get(self.attname)
        if held is None or not isinstance(held, Ciphertext) or add or kept is None:
            kept = self._digest_of_decrypted(model_instance, kept)
        model_instance.__dict__[self.attname] = kept
        return kept

    def _digest_of_decrypted(self, instance: models.Model, kept: bytes | None) -> bytes | None:
        place = self.source.identity_of(instance)
        try:
            value = getattr(instance, self.of)
            return None if value is None else self.digest_for_row(place, value)
        except EncryptionError:
            return kept  # a value that can't be opened keeps nothing else of its row from being saved

    def digest_for_row(self, place: RowIdentity, value: object) -> bytes:
        """The digest of `value` for a row at `place`, whose owner's data key is locked or made. Raises EncryptionError."""
        owner = self.source.owner_in(place)
        if owner is None:
            raise EncryptionError(f"{self.source.label}: only a row with an owner can have a blind index.")
        return self._digest(data_keys.key_for_encryption(owner), owner, value)

    def digest_for_user(self, user_id: UUID, value: str) -> bytes | None:
        """The digest to look for among the rows of `user_id`; None when he has no data key, and so no sealed value."""
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
    """The blind indexes of a model."""
    return [field for field in model._meta.concrete_fields if isinstance(field, BlindIndexField)]


def with_blind_indexes(instance: models.Model, update_fields: Iterable[str] | None) -> Iterable[str] | None:
    """`update_fields` with the blind indexes of what is in them; of a row that was loaded in part, they are saved with it."""
    indexes = blind_indexes(type(instance))
    if update_fields is not None:
        names = set(update_fields)
        return names | {index.name for index in indexes if index.of in names}
    for index in indexes:
        if index.of in instance.__dict__:
            instance.__dict__.setdefault(index.attname, None)
    return None
