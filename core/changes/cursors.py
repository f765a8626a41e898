"""Cursors of the changes of a user: signed texts that name the changes and objects that a client has read."""

import base64
import binascii
from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256
from uuid import UUID

import orjson
from django.core.signing import BadSignature, Signer

from core.changes.log import LAST_ID
from core.json_input import parsed

SALT = "core.changes.cursor:{}"  # SECURITY: the cursor of another user is refused
CODE_LENGTH = 4
FIRST_KEY = UUID(int=0)
SEPARATOR = "."  # which is in no base64 text, and needs no escape in a URL


@dataclass(frozen=True, slots=True)
class ChangeCursor:
    """The changes and objects that a client has read.

    - `position` is the last position of which it has read changes: those up to the key `change`.
    - It has read all objects of the types in `read`, at this position or later, and those of the type `reading` up to the key
      `row`.
    """

    position: int
    change: UUID = LAST_ID
    read: tuple[str, ...] = ()
    reading: str = ""
    row: UUID = FIRST_KEY

    def encode(self, user_id: UUID) -> str:
        codes = "".join(map(code_of, (self.reading, *self.read)))
        packed = orjson.dumps([self.position, self.change, self.row, codes])
        return _signer(user_id).sign(base64.urlsafe_b64encode(packed).decode().rstrip("="))

    @classmethod
    def decode(cls, text: str, user_id: UUID, types: Iterable[str]) -> "ChangeCursor":
        """Decode a cursor of this user for the names of all types, or raise ValueError."""
        try:
            signed = _signer(user_id).unsign(text)
            packed = base64.urlsafe_b64decode(signed.encode("ascii") + b"=" * (-len(signed) % 4))
        except (BadSignature, binascii.Error) as error:
            raise ValueError("not a cursor of this user") from error
        position, change, row, codes = parsed(packed, "The cursor")
        names = {code_of(name): name for name in types}
        reading, *read = (names.get(codes[place : place + CODE_LENGTH]) for place in range(0, len(codes), CODE_LENGTH))
        return cls(position, UUID(change), tuple(filter(None, read)), reading or "", UUID(row) if reading else FIRST_KEY)


def code_of(name: str) -> str:
    """Return the short code of a type in cursors, which does not depend on the other types."""
    return sha256(name.encode()).hexdigest()[:CODE_LENGTH]


def _signer(user_id: UUID) -> Signer:
    return Signer(sep=SEPARATOR, salt=SALT.format(user_id))
