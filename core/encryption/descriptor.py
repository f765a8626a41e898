"""What an instance with encrypted fields holds in memory: sealed bytes, or a plaintext beside the bytes it came from.

None of it shows a value: both print as `<sealed>`, and only ciphertext enters a pickle.
"""

from collections.abc import Callable
from copy import deepcopy
from typing import TYPE_CHECKING, Any

from django.db import models
from django.db.models.query_utils import DeferredAttribute

from core.encryption import data_keys, key_ring
from core.encryption.key_ring import SealError

if TYPE_CHECKING:
    from core.encryption.fields import Sealing

SHOWN = "<sealed>"

# The values of a row that its sealed values are bound to: the primary key, then the owner where there is one.
Place = tuple[Any, ...]


class Sealed:
    """A sealed value as the database holds it. `place` is where it was loaded from, None when nobody saw that."""

    __slots__ = ("blob", "place")

    def __init__(self, blob: bytes, place: Place | None = None) -> None:
        self.blob = blob
        self.place = place

    def __repr__(self) -> str:
        return SHOWN

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sealed) and other.blob == self.blob

    def __hash__(self) -> int:
        return hash(self.blob)

    def __deepcopy__(self, memo: dict[int, Any]) -> "Sealed":
        return self


class Opened:
    """A plaintext inside an instance, with the sealed value that it came from or replaces (None: there was none)."""

    __slots__ = ("field", "origin", "value")

    def __init__(self, field: "Sealing", value: Any, origin: Sealed | None) -> None:
        self.field = field
        self.value = value
        self.origin = origin

    def __repr__(self) -> str:
        return SHOWN

    def __deepcopy__(self, memo: dict[int, Any]) -> "Opened":
        return Opened(self.field, deepcopy(self.value, memo), self.origin)

    def __reduce__(self) -> tuple[Callable[..., Sealed], tuple[bytes, Place | None]]:
        # SECURITY: a pickle lands in caches, queues and files, so only ciphertext may enter one
        sealed = self.resealed()
        if sealed is None:
            raise SealError(f"{self.field.label}: a changed value can't be pickled unsealed. Save the row first.")
        return Sealed, (sealed.blob, sealed.place)

    def resealed(self) -> Sealed | None:
        """The sealed value that says the same, None when the plaintext was changed since."""
        origin = self.origin
        if origin is None or origin.place is None or not self.field.still_says(origin, self.value, origin.place):
            return None
        return origin


class SealedAttribute(DeferredAttribute):
    """Opens a value when it is read, and remembers what an assignment replaces so that unchanged bytes stay."""

    field: "Sealing"

    def __get__(self, instance: models.Model | None, cls: type[models.Model] | None = None) -> Any:
        if instance is None:
            return self
        held = self.field.held(instance)
        if isinstance(held, Sealed):
            held = instance.__dict__[self.field.attname] = self.field.opened(instance, held)
        return held.value if isinstance(held, Opened) else held

    def __set__(self, instance: models.Model, value: Any) -> None:
        held = instance.__dict__.get(self.field.attname)
        if isinstance(value, Sealed):
            value = Sealed(value.blob, self._place_while_loading(instance))
            if self.field.has_data_keys and value.place and key_ring.is_under_data_key(value.blob):
                data_keys.expect(value.place[1])
        elif value is not None:
            value = Opened(self.field, value, getattr(held, "origin", held))
        instance.__dict__[self.field.attname] = value

    def __delete__(self, instance: models.Model) -> None:
        """Forget the value, so that the next read loads it again, as Django documents for any field."""
        del instance.__dict__[self.field.attname]

    def _place_while_loading(self, instance: models.Model) -> Place | None:
        """The row's place as loaded; an instance in use may have been moved since, so there it is not known."""
        if not instance._state.adding:
            return None
        try:
            return tuple(map(instance.__dict__.__getitem__, self.field.anchor_names))
        except KeyError:
            return None
