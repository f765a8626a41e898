"""What an instance with encrypted fields holds in memory: sealed bytes, or a plaintext beside the bytes it came from.

None of it shows a value: both print as `<sealed>`, and only ciphertext enters a pickle.
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

REDACTED = "<sealed>"

# The values of a row that its sealed values are bound to: the primary key, then the owner where there is one.
RowIdentity = tuple[Any, ...]


class Ciphertext:
    """A sealed value as the database holds it. `place` is where it was loaded from, None when nobody saw that."""

    __slots__ = ("blob", "place")

    def __init__(self, blob: bytes, place: RowIdentity | None = None) -> None:
        self.blob = blob
        self.place = place

    def __repr__(self) -> str:
        return REDACTED

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Ciphertext) and other.blob == self.blob

    def __hash__(self) -> int:
        return hash(self.blob)

    def __deepcopy__(self, memo: dict[int, Any]) -> "Ciphertext":
        return self


class Decrypted:
    """A plaintext inside an instance, with the sealed value that it came from or replaces (None: there was none)."""

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
        # SECURITY: a pickle lands in caches, queues and files, so only ciphertext may enter one
        sealed = self.unchanged_ciphertext()
        if sealed is None:
            raise EncryptionError(f"{self.field.label}: a changed value can't be pickled unsealed. Save the row first.")
        return Ciphertext, (sealed.blob, sealed.place)

    def unchanged_ciphertext(self) -> Ciphertext | None:
        """The sealed value that says the same, None when the plaintext was changed since."""
        origin = self.origin
        if origin is None or origin.place is None or not self.field.is_unchanged(origin, self.value, origin.place):
            return None
        return origin


class EncryptedAttribute(DeferredAttribute):
    """Opens a value when it is read, and remembers what an assignment replaces so that unchanged bytes stay."""

    field: "EncryptingField"

    def __get__(self, instance: models.Model | None, cls: type[models.Model] | None = None) -> Any:
        if instance is None:
            return self
        held = self.field.held(instance)
        if isinstance(held, Ciphertext):
            held = instance.__dict__[self.field.attname] = self.field.decrypted(instance, held)
        return held.value if isinstance(held, Decrypted) else held

    def __set__(self, instance: models.Model, value: object) -> None:
        held = instance.__dict__.get(self.field.attname)
        if isinstance(value, Ciphertext):
            value = Ciphertext(value.blob, self._identity_while_loading(instance))
            if self.field.has_data_keys and value.place and key_ring.is_encrypted_with_data_key(value.blob):
                data_keys.prefetch_later(value.place[1])
        elif value is not None:
            value = Decrypted(self.field, value, getattr(held, "origin", held))
        instance.__dict__[self.field.attname] = value

    def __delete__(self, instance: models.Model) -> None:
        """Forget the value, so that the next read loads it again, as Django documents for any field."""
        del instance.__dict__[self.field.attname]

    def _identity_while_loading(self, instance: models.Model) -> RowIdentity | None:
        """The row's place as loaded; an instance in use may have been moved since, so there it is not known."""
        if not instance._state.adding:
            return None
        try:
            return tuple(map(instance.__dict__.__getitem__, self.field.identity_attnames))
        except KeyError:
            return None
