"""Cursors of the changes of a user: signed texts that say what a client has read."""

import base64
import binascii
from dataclasses import dataclass
from uuid import UUID

import orjson
from django.core.signing import BadSignature, Signer

from core.changes.log import LAST_ID

SALT = "core.changes.cursor:{}"  # SECURITY: the cursor of another user is refused
SEPARATOR = "."  # which is in no base64 text, and needs no escape in a URL


@dataclass(frozen=True, slots=True)
class ChangeCursor:
    """What a client has read.

    - The rows of the types in `read`, as they were at `position` or later, and every change up to `position`. Of the changes
      of the next position, those up to the key `change`.
    - The rows of the first of the other types up to the key `row`.
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
        position, change, row, *read = orjson.loads(packed)
        return cls(position, UUID(change), tuple(read), UUID(row))


def _signer(user_id: UUID) -> Signer:
    return Signer(sep=SEPARATOR, salt=SALT.format(user_id))
