"""Cursors of the changes of a user: signed texts that name the changes and objects that a client has read."""

import base64
import binascii
from dataclasses import dataclass
from uuid import UUID

import orjson
from django.core.signing import BadSignature, Signer

from core.changes.log import LAST_ID
from core.json_input import parsed

SALT = "core.changes.cursor:{}"  # SECURITY: the cursor of another user is refused
SEPARATOR = "."  # which is in no base64 text, and needs no escape in a URL


@dataclass(frozen=True, slots=True)
class ChangeCursor:
    """The changes and objects that a client has read.

    - `position` is the last position of which it has read changes: those up to the key `change`.
    - It has read all objects of the types in `read`, at this position or later, and those of the next type up to the key `row`.
    """

    position: int
    change: UUID = LAST_ID
    read: tuple[str, ...] = ()
    row: UUID = UUID(int=0)

    def encode(self, user_id: UUID) -> str:
        packed = orjson.dumps([self.position, self.change, self.row, *self.read])
        return _signer(user_id).sign(base64.urlsafe_b64encode(packed).decode().rstrip("="))

    @classmethod
    def decode(cls, text: str, user_id: UUID) -> "ChangeCursor":
        """Decode a cursor of this user, or raise ValueError."""
        try:
            signed = _signer(user_id).unsign(text)
            packed = base64.urlsafe_b64decode(signed.encode("ascii") + b"=" * (-len(signed) % 4))
        except (BadSignature, binascii.Error) as error:
            raise ValueError("not a cursor of this user") from error
        position, change, row, *read = parsed(packed, "The cursor")
        return cls(position, UUID(change), tuple(read), UUID(row))


def _signer(user_id: UUID) -> Signer:
    return Signer(sep=SEPARATOR, salt=SALT.format(user_id))
