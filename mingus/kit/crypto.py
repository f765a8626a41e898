"""Authenticated encryption of single values under a ring of keys of its own, so that rotating SECRET_KEY loses nothing.

A sealed value is `0x01 | key id (4 bytes) | nonce (12) | AES-256-GCM ciphertext and tag (n + 16)`: 33 bytes more than
the plaintext. The key id picks the key, so values sealed under an old key stay readable while it is in the ring. Each
label has a subkey of its own (HKDF-SHA256), which also keeps every subkey far below the 2**32 random nonces that NIST
SP 800-38D, section 8.3, allows. The first byte leaves room for another format, for example with a key per user.
"""

import os
from base64 import b64decode, b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings

SETTING = "FIELD_ENCRYPTION_KEYS"
TEXT_PREFIX = "sealed:"
VERSION = b"\x01"
KEY_BYTES = 32
KEY_ID_BYTES = 4
NONCE_BYTES = 12
TAG_BYTES = 16
HEADER_BYTES = len(VERSION) + KEY_ID_BYTES
OVERHEAD_BYTES = HEADER_BYTES + NONCE_BYTES + TAG_BYTES


class SealError(Exception):
    """A value can't be sealed or opened. The message names the remedy, never the value or a key."""


class UnknownKeyError(SealError):
    """The value was sealed under a key that is not in the ring: a matter of configuration, nothing is lost yet."""


class TamperedError(SealError):
    """The value was edited, cut, or moved here from another row, column or owner."""


@dataclass(frozen=True)
class KeyRing:
    """The keys by id; new values are sealed under `primary`, all others only open old ones."""

    primary: bytes
    keys: Mapping[bytes, bytes] = field(repr=False)  # SECURITY: a traceback or a log must not show key material


def seal(label: str, associated_data: bytes, plaintext: bytes) -> bytes:
    """`plaintext` sealed under the primary key for `label`; only the same label and `associated_data` open it again.

    Raises SealError when the ring is missing or malformed.
    """
    ring = _ring()
    header = VERSION + ring.primary
    # SECURITY: a nonce that repeats under one subkey gives both plaintexts away
    nonce = os.urandom(NONCE_BYTES)
    return header + nonce + _cipher(ring.keys[ring.primary], label).encrypt(nonce, plaintext, header + associated_data)


def unseal(label: str, associated_data: bytes, sealed: bytes) -> bytes:
    """The plaintext that `seal` was given with the same `label` and `associated_data`.

    Raises UnknownKeyError when the value names a key outside the ring, TamperedError when it is not what `seal` wrote for
    this place, SealError when the ring is missing or malformed.
    """
    if not _looks_sealed(sealed):
        raise TamperedError(f"{label}: this is not a sealed value. Restore the row from a backup or set a new value.")
    ring = _ring()
    key = ring.keys.get(key_id_of(sealed))
    if key is None:
        raise _stranger(ring, label, associated_data, sealed)
    try:
        return _opened(key, label, associated_data, sealed)
    except InvalidTag:
        raise _tampered(label) from None


def associate(*parts: str) -> bytes:
    """`parts` as associated data; each is led by its length, so no two different lists give the same bytes."""
    encoded = [part.encode() for part in parts]
    return b"".join(len(part).to_bytes(4, "big") + part for part in encoded)


def to_text(sealed: bytes) -> str:
    """A sealed value as text, for a fixture."""
    return TEXT_PREFIX + b64encode(sealed).decode()


def from_text(text: object) -> bytes | None:
    """The sealed value inside what `to_text` wrote, None for anything else."""
    if not isinstance(text, str) or not text.startswith(TEXT_PREFIX):
        return None
    try:
        sealed = b64decode(text.removeprefix(TEXT_PREFIX), validate=True)
    except ValueError:
        return None
    return sealed if _looks_sealed(sealed) else None


def key_id_of(sealed: bytes) -> bytes:
    """The id (4 bytes) of the key that a sealed value names."""
    return sealed[len(VERSION) : HEADER_BYTES]


def primary_key_id() -> bytes:
    """The id (4 bytes) of the key that new values are sealed under."""
    return _ring().primary


def parse_keys(texts: Sequence[str]) -> KeyRing:
    """The ring that `texts` describe: each 64 hexadecimal digits or the base64 of 32 bytes, the first one primary.

    Raises SealError with everything that is wrong: no key, a malformed key, a key given twice.
    """
    problems = _problems(texts)
    if problems:
        raise SealError(" ".join(problems))
    keys = {_key_id(raw): raw for raw in map(_decoded, texts) if raw is not None}
    return KeyRing(primary=next(iter(keys)), keys=keys)


def ring_problems() -> list[str]:
    """What is wrong with the configured keys, one sentence each with its remedy; empty when values can be sealed."""
    return _problems(getattr(settings, SETTING, ()))


def _problems(texts: object) -> list[str]:
    if not isinstance(texts, list | tuple):
        return [f"{SETTING} must be a list of keys, not {type(texts).__name__}: write [key], the primary first."]
    if not texts:
        return [f"{SETTING} is empty: set at least one key of 32 random bytes, for example from `openssl rand -hex 32`."]
    decoded = [_decoded(text) for text in texts]
    malformed = [_malformed(place) for place, raw in enumerate(decoded, 1) if raw is None]
    return malformed + _repeated([raw and _key_id(raw) for raw in decoded])


def _malformed(place: int) -> str:
    # SECURITY: the key's place is named, not its text, which may be a real key with one character missing
    return f"Key {place} of {SETTING} is not 64 hexadecimal digits or the base64 of {KEY_BYTES} bytes: replace it."


def _repeated(ids: list[bytes | None]) -> list[str]:
    return [
        f"Key {place} of {SETTING} repeats key {ids.index(key_id) + 1}: remove it."
        for place, key_id in enumerate(ids, 1)
        if key_id is not None and key_id in ids[: place - 1]
    ]


def _decoded(text: object) -> bytes | None:
    """The 32 bytes that `text` stands for, None when it stands for anything else."""
    if not isinstance(text, str):
        return None
    text = text.strip()
    try:
        raw = bytes.fromhex(text) if len(text) == 2 * KEY_BYTES else _from_base64(text)
    except ValueError:
        return None
    return raw if len(raw) == KEY_BYTES else None


def _from_base64(text: str) -> bytes:
    padded = text.rstrip("=") + "=" * (-len(text.rstrip("=")) % 4)
    return b64decode(padded.replace("-", "+").replace("_", "/"), validate=True)


def _ring() -> KeyRing:
    texts = getattr(settings, SETTING, ())
    return _ring_of(tuple(texts) if isinstance(texts, list) else texts)


@lru_cache(maxsize=8)
def _ring_of(texts: tuple[str, ...]) -> KeyRing:
    return parse_keys(texts)


@lru_cache(maxsize=8)
def _key_id(raw: bytes) -> bytes:
    """A key's name in the values it sealed; derived, so that no operator has to keep a list of names."""
    return _derive(raw, b"mingus/field/v1/key-id", KEY_ID_BYTES)


@lru_cache(maxsize=256)
def _cipher(raw: bytes, label: str) -> AESGCM:
    return AESGCM(_derive(raw, b"mingus/field/v1/label/" + label.encode(), KEY_BYTES))


def _derive(raw: bytes, info: bytes, length: int) -> bytes:
    return HKDF(algorithm=SHA256(), length=length, salt=None, info=info).derive(raw)


def _looks_sealed(value: bytes) -> bool:
    return len(value) >= OVERHEAD_BYTES and value.startswith(VERSION)


def _opened(key: bytes, label: str, associated_data: bytes, sealed: bytes) -> bytes:
    nonce, body = sealed[HEADER_BYTES : HEADER_BYTES + NONCE_BYTES], sealed[HEADER_BYTES + NONCE_BYTES :]
    # SECURITY: the header is authenticated too, so no value can be relabelled to another version or key
    return _cipher(key, label).decrypt(nonce, body, sealed[:HEADER_BYTES] + associated_data)


def _stranger(ring: KeyRing, label: str, associated_data: bytes, sealed: bytes) -> SealError:
    """Why the ring lacks the key: it never existed because its id was edited in the value, or the setting lost it."""
    for key_id, key in ring.keys.items():
        try:
            _opened(key, label, associated_data, VERSION + key_id + sealed[HEADER_BYTES:])
        except InvalidTag:
            continue
        return _tampered(label)
    return UnknownKeyError(
        f"{label}: sealed under key {key_id_of(sealed).hex()}, which is not in {SETTING}. Put that key back at its end."
    )


def _tampered(label: str) -> TamperedError:
    return TamperedError(
        f"{label}: the value was edited or moved from another row, column or owner. "
        "Restore the row from a backup or set a new value."
    )
