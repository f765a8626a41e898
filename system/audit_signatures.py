"""Signatures of the audit log's blocks, and anchors, which are copies of the last signature outside of the database.

A superuser of the database can write another log with correct hashes, but not sign it: the key is derived from
FIELD_ENCRYPTION_KEYS, which the database does not have. A new block is signed only if the signature of the block before is
valid. So the last signature covers the whole chain, also blocks whose key has left the ring.

A signature does not show that later blocks are missing. An anchor does: the chain must contain its block.
"""

import json
import logging
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from typing import Any, Self

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.conf import settings
from django.db import connection

from core import clock
from core.encryption import key_ring
from core.errors import DomainError
from system.models import AuditBlock, AuditSignature

logger = logging.getLogger(__name__)
LABEL = b"mingus/audit/v1"
SIGN = "SELECT system_sign_block(%s, %s, %s, %s)"
SIGNING_DELAY = timedelta(hours=1)  # a block that is signed later may have been rewritten
UNSIGNED = """
SELECT number, hash, pg_catalog.clock_timestamp() FROM system_auditblock AS block
 WHERE NOT EXISTS (SELECT FROM system_auditsignature AS signature WHERE signature.number = block.number) ORDER BY number
"""


class UnknownSigningKeyError(Exception):
    """The signature was made with a key that is not in FIELD_ENCRYPTION_KEYS."""


@dataclass(frozen=True)
class Anchor:
    """A block's number and hash, with its signature."""

    number: int
    hash: bytes
    signed_at: datetime
    key_id: bytes
    signature: bytes

    @classmethod
    def of(cls, block: AuditBlock, signature: AuditSignature) -> Self:
        key_id, signed = bytes(signature.key_id), bytes(signature.signature)
        return cls(block.number, bytes(block.hash), signature.signed_at, key_id, signed)

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Parse the text of `to_json`; raise ValueError, KeyError or TypeError for another text."""
        found: dict[str, Any] = json.loads(text)
        parts = (bytes.fromhex(found[name]) for name in ("key_id", "signature"))
        return cls(int(found["block"]), bytes.fromhex(found["hash"]), datetime.fromisoformat(found["signed_at"]), *parts)

    def to_json(self) -> str:
        texts = {"hash": self.hash.hex(), "signed_at": self.signed_at.isoformat()}
        return json.dumps({"block": self.number, **texts, "key_id": self.key_id.hex(), "signature": self.signature.hex()})

    def is_valid(self) -> bool:
        """Return True if the signature fits. Raise UnknownSigningKeyError if its key is not configured."""
        key = _signing_keys(tuple(settings.FIELD_ENCRYPTION_KEYS)).get(self.key_id)
        if key is None:
            raise UnknownSigningKeyError(f"key {self.key_id.hex()}")
        try:
            key.public_key().verify(self.signature, _message(self.number, self.hash, self.signed_at))
        except InvalidSignature:
            return False
        return True


def sign_new_blocks() -> None:
    """Sign the blocks that have no signature yet. Raise DomainError if the signature before them is missing or wrong.

    While this process's clock is far ahead of the database's, it signs none: it would sign that the blocks are late.
    """
    with connection.cursor() as cursor:
        cursor.execute(UNSIGNED)
        blocks = cursor.fetchall()
        if not blocks:
            return
        ahead = clock.now() - blocks[0][2]
        if ahead > SIGNING_DELAY:
            logger.error("Blocks of the audit log are not signed, because this clock is %s ahead of the database's.", ahead)
            return
        _require_signed(blocks[0][0] - 1)
        key_id, key = next(iter(_signing_keys(tuple(settings.FIELD_ENCRYPTION_KEYS)).items()))
        for number, digest, _ in blocks:
            now = clock.now()
            cursor.execute(SIGN, [number, now, key_id, key.sign(_message(number, bytes(digest), now))])


def last_anchor() -> Anchor | None:
    """Return the last block with its signature."""
    block = AuditBlock.objects.order_by("-number").first()
    signature = block and AuditSignature.objects.filter(number=block.number).first()
    return Anchor.of(block, signature) if block and signature else None


def write_anchor() -> None:
    """Log the last signature, and append it to AUDIT_ANCHOR_FILE if that is set. Both should be copied off the machine."""
    anchor = last_anchor()
    if anchor is None:
        return
    logger.info("Audit anchor: %s", anchor.to_json())
    if settings.AUDIT_ANCHOR_FILE:
        with Path(settings.AUDIT_ANCHOR_FILE).open("a") as file:
            file.write(anchor.to_json() + "\n")


def read_anchors(path: Path) -> Iterator[Anchor]:
    """Yield the anchors of a file of `write_anchor`, or of log lines that contain them. Raise ValueError if there are none."""
    count = 0
    with path.open() as file:
        for number, line in enumerate(file, 1):
            start = line.find('{"block"')
            if start < 0:
                continue
            try:
                yield Anchor.from_json(line[start : line.rfind("}") + 1])
            except (ValueError, KeyError, TypeError) as error:
                raise ValueError(f"line {number} contains no valid anchor ({error})") from error
            count += 1
    if not count:
        raise ValueError("it contains no anchor")


def _require_signed(number: int) -> None:
    """Raise DomainError unless the block before the first unsigned one has a valid signature. There is no block 0."""
    if number == 0:
        return
    block, signature = AuditBlock.objects.filter(number=number).first(), AuditSignature.objects.filter(number=number).first()
    try:
        is_valid = block is not None and signature is not None and Anchor.of(block, signature).is_valid()
    except UnknownSigningKeyError:
        is_valid = False
    if not is_valid:
        remedy = "Run manage.py verify_audit. If a key was removed from FIELD_ENCRYPTION_KEYS, add it at its end."
        raise DomainError("audit_chain_altered", f"Block {number} of the audit log has no valid signature. {remedy}")


def _message(number: int, digest: bytes, signed_at: datetime) -> bytes:
    microseconds = int(signed_at.timestamp()) * 1_000_000 + signed_at.microsecond
    return LABEL + number.to_bytes(8) + microseconds.to_bytes(8) + digest


@lru_cache(maxsize=8)
def _signing_keys(texts: tuple[str, ...]) -> dict[bytes, Ed25519PrivateKey]:
    """Return an Ed25519 key for each key of the ring, the primary one first, by the first bytes of its public key's digest."""
    keys = [Ed25519PrivateKey.from_private_bytes(key.derive(LABEL.decode(), 32)) for key in key_ring.ring_keys()]
    return {sha256(key.public_key().public_bytes_raw()).digest()[:8]: key for key in keys}
