"""Values of encrypted fields in memory, as ciphertext, or as plaintext with the ciphertext that it was decrypted from.

Both have the repr `<encrypted>`, and only ciphertext can be pickled.
"""

from collections.abc import Callable
from copy import deepcopy
from typing import TYPE_CHECKING, Any

from django.db import models
from django.db.models.query_utils import DeferredAttribute

from core.encryption import data_keys, key_ring
from core.encryption.key_ring import EncryptionError

if TYPE_CHECKING:
    from core.encryption.fields import EncryptingField

REDACTED = "<encrypted>"

# The values of a row that its ciphertexts are bound to: the primary key, and the owner if there is one.
RowIdentity = tuple[Any, ...]


class Ciphertext:
    """An encrypted value as it is stored. `identity` is the identity of the row that it was loaded from, None if unknown."""

    __slots__ = ("blob", "identity")

    def __init__(self, blob: bytes, identity: RowIdentity | None = None) -> None:
        self.blob = blob
        self.identity = identity

    def __repr__(self) -> str:
        return REDACTED

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Ciphertext) and other.blob == self.blob

    def __hash__(self) -> int:
        return hash(self.blob)

    def __deepcopy__(self, memo: dict[int, Any]) -> "Ciphertext":
        return self


class Decrypted:
    """A plaintext in an instance, with the ciphertext that it was decrypted from or replaces, if there was one."""

    __slots__ = ("field", "origin", "value")

    def __init__(self, field: "EncryptingField", value: object, origin: Ciphertext | None) -> None:
        self.field = field
        self.value = value
        self.origin = origin

    def __repr__(self) -> str:
        return REDACTED

    def __deepcopy__(self, memo: dict[int, Any]) -> "Decrypted":
        return Decrypted(self.field, deepcopy(self.value, memo), self.origin)

    def __reduce__(self) -> tuple[Callable[..., Ciphertext], tuple[bytes, RowIdentity | None]]:
        # SECURITY: pickles are stored in caches, queues and files, so they may contain only ciphertext
        ciphertext = self.unchanged_ciphertext()
        if ciphertext is None:
            raise EncryptionError(f"{self.field.label}: a changed value can't be pickled in clear. Save the row first.")
        return Ciphertext, (ciphertext.blob, ciphertext.identity)

    def unchanged_ciphertext(self) -> Ciphertext | None:
        """Return the ciphertext of the same value, or None if the plaintext was changed."""
        origin = self.origin
        if origin is None or origin.identity is None or not self.field.is_unchanged(origin, self.value, origin.identity):
            return None
        return origin


class EncryptedAttribute(DeferredAttribute):
    """A descriptor that decrypts a value when it is read, and that remembers the ciphertext which an assignment replaces."""

    field: "EncryptingField"

    def __get__(self, instance: models.Model | None, cls: type[models.Model] | None = None) -> Any:
        if instance is None:
            return self
        raw = self.field.raw_value(instance)
        if isinstance(raw, Ciphertext):
            raw = instance.__dict__[self.field.attname] = self.field.decrypted(instance, raw)
        return raw.value if isinstance(raw, Decrypted) else raw

    def __set__(self, instance: models.Model, value: object) -> None:
        raw = instance.__dict__.get(self.field.attname)
        if isinstance(value, Ciphertext):
            value = Ciphertext(value.blob, self._identity_while_loading(instance))
            if self.field.has_data_keys and value.identity and key_ring.is_encrypted_with_data_key(value.blob):
                data_keys.prefetch_later(value.identity[1])
        elif value is not None:
            value = Decrypted(self.field, value, getattr(raw, "origin", raw))
        instance.__dict__[self.field.attname] = value

    def __delete__(self, instance: models.Model) -> None:
        del instance.__dict__[self.field.attname]

    def _identity_while_loading(self, instance: models.Model) -> RowIdentity | None:
        """Return the row's identity while it is loaded; later it is unknown, because the instance may have been changed."""
        if not instance._state.adding:
            return None
        try:
            return tuple(map(instance.__dict__.__getitem__, self.field.identity_attnames))
        except KeyError:
            return None
