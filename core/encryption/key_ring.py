"""Authenticated encryption of single values under keys of its own, so that rotating SECRET_KEY loses nothing.

A sealed value is `version | key id (4 bytes) | nonce (12) | AES-256-GCM ciphertext and tag (n + 16)`: 33 bytes more than
the plaintext. Version 0x01 is sealed under a key of the ring in FIELD_ENCRYPTION_KEYS, whose id picks the key, so values
under an old key stay readable while it is in the ring. Version 0x02 is sealed under its owner's data key
(`core.encryption.data_keys`), which the ring's keys wrap. Each label has a subkey of its own (HKDF-SHA256), which also keeps
every subkey far below the 2**32 random nonces that NIST SP 800-38D, section 8.3, allows.
"""

import hmac
import os
from base64 import b64decode
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings

SETTING = "FIELD_ENCRYPTION_KEYS"
TEXT_PREFIX = "sealed:"
RING_KEY_VERSION = b"\x01"
DATA_KEY_VERSION = b"\x02"
KEY_BYTES = 32
KEY_ID_BYTES = 4
NONCE_BYTES = 12
TAG_BYTES = 16
HEADER_BYTES = 1 + KEY_ID_BYTES
OVERHEAD_BYTES = HEADER_BYTES + NONCE_BYTES + TAG_BYTES
INDEX_BYTES = 16
_INFO = {RING_KEY_VERSION: b"mingus/field/v1/", DATA_KEY_VERSION: b"mingus/field/v2/"}


class EncryptionError(Exception):
    """A value can't be sealed or opened. The message names the remedy, never the value or a key."""


class UnknownKeyError(EncryptionError):
    """The value was sealed under a key that is not in the ring: a matter of configuration, nothing is lost yet."""


class TamperedError(EncryptionError):
    """The value was edited, cut, or moved here from another row, column or owner."""


class MissingDataKeyError(EncryptionError):
    """The value was sealed under a data key that is gone: its owner was erased."""


class Key:
    """A key of 32 bytes with the subkeys that were derived from it. It shows nothing of itself."""

    __slots__ = ("_ciphers", "_indexes", "_info", "_raw", "header")

    def __init__(self, version: bytes, raw: bytes) -> None:
        self._raw, self._info = raw, _INFO[version]
        self._ciphers: dict[str, AESGCM] = {}
        self._indexes: dict[str, bytes] = {}
        # the id is derived, so that no operator has to keep a list of names
        self.header = version + self._derive("key-id", KEY_ID_BYTES)

    def encrypt(self, label: str, associated_data: bytes, plaintext: bytes) -> bytes:
        """`plaintext` sealed for `label`; only the same key, label and `associated_data` open it again."""
        # SECURITY: a nonce that repeats under one subkey gives both plaintexts away
        nonce = os.urandom(NONCE_BYTES)
        return self.header + nonce + self._cipher(label).encrypt(nonce, plaintext, self.header + associated_data)

    def decrypt(self, label: str, associated_data: bytes, sealed: bytes) -> bytes:
        """The plaintext in `sealed`, whose header is taken for this key's. Raises InvalidTag."""
        nonce, body = sealed[HEADER_BYTES : HEADER_BYTES + NONCE_BYTES], sealed[HEADER_BYTES + NONCE_BYTES :]
        # SECURITY: the header is authenticated too, so no value can be relabelled to another version or key
        return self._cipher(label).decrypt(nonce, body, self.header + associated_data)

    def is_key_of(self, sealed: bytes) -> bool:
        """Whether `sealed` says that it is sealed under this key."""
        return sealed[:HEADER_BYTES] == self.header

    def index(self, label: str, text: bytes) -> bytes:
        """A keyed digest of `text` (16 bytes) that finds equal texts and tells nothing else; no cipher shares its subkey."""
        if label not in self._indexes:
            self._indexes[label] = self._derive("index/" + label, KEY_BYTES)
        return hmac.digest(self._indexes[label], text, "sha256")[:INDEX_BYTES]

    def _cipher(self, label: str) -> AESGCM:
        if label not in self._ciphers:
            self._ciphers[label] = AESGCM(self._derive("label/" + label, KEY_BYTES))
        return self._ciphers[label]

    def _derive(self, purpose: str, length: int) -> bytes:
        return HKDF(algorithm=SHA256(), length=length, salt=None, info=self._info + purpose.encode()).derive(self._raw)


@dataclass(frozen=True)
class KeyRing:
    """The keys by id; new values are sealed under `primary`, all others only open old ones."""

    primary: bytes
    keys: Mapping[bytes, bytes] = field(repr=False)  # SECURITY: a traceback or a log must not show key material


def encrypt(label: str, associated_data: bytes, plaintext: bytes) -> bytes:
    """`plaintext` sealed under the ring's primary key for `label`; the same label and `associated_data` open it again.

    Raises EncryptionError when the ring is missing or malformed.
    """
    return primary_key().encrypt(label, associated_data, plaintext)


def decrypt(label: str, associated_data: bytes, sealed: bytes, data_key: Key | None = None) -> bytes:
    """The plaintext that was sealed with the same `label` and `associated_data` under the ring or `data_key`, the owner's.

    Raises UnknownKeyError when the value names a key outside the ring, TamperedError when it is not what was sealed for
    this place, EncryptionError when the ring is missing or malformed.
    """
    if not is_ciphertext(sealed):
        raise TamperedError(f"{label}: this is not a sealed value. Restore the row from a backup or set a new value.")
    keys = [*ring_keys(), *([data_key] if data_key else [])]
    key = next((key for key in keys if key.is_key_of(sealed)), None)
    if key is None:
        raise _unknown_key_error(keys, label, associated_data, sealed)
    try:
        return key.decrypt(label, associated_data, sealed)
    except InvalidTag:
        raise _tampered_error(label) from None


def encode_associated_data(*parts: str) -> bytes:
    """`parts` as associated data; each is led by its length, so no two different lists give the same bytes."""
    encoded = [part.encode() for part in parts]
    return b"".join(len(part).to_bytes(4, "big") + part for part in encoded)


def from_text(text: object) -> bytes | None:
    """Return the ciphertext in a fixture's text, TEXT_PREFIX and base64; None for any other text."""
    if not isinstance(text, str) or not text.startswith(TEXT_PREFIX):
        return None
    try:
        sealed = b64decode(text.removeprefix(TEXT_PREFIX), validate=True)
    except ValueError:
        return None
    return sealed if is_ciphertext(sealed) else None


def key_id_of(sealed: bytes) -> bytes:
    """The id (4 bytes) of the key that a sealed value names."""
    return sealed[1:HEADER_BYTES]


def is_ciphertext(value: bytes) -> bool:
    """Whether `value` has the form of a sealed value, whoever wrote it."""
    return len(value) >= OVERHEAD_BYTES and value[:1] in _INFO


def is_encrypted_with_data_key(sealed: bytes) -> bool:
    """Whether a value says that it is sealed under its owner's data key."""
    return sealed[:1] == DATA_KEY_VERSION


def primary_key() -> Key:
    """The ring's key that seals what has no owner, and wraps data keys. Raises EncryptionError for a ring that is not sound."""
    return ring_keys()[0]


def parse_keys(texts: Sequence[str]) -> KeyRing:
    """The ring that `texts` describe: each 64 hexadecimal digits or the base64 of 32 bytes, the first one primary.

    Raises EncryptionError with everything that is wrong: no key, a malformed key, a key given twice.
    """
    problems = ring_problems(texts)
    if problems:
        raise EncryptionError(" ".join(problems))
    keys = {key_id_of(_ring_key(raw).header): raw for raw in map(_decoded, texts) if raw is not None}
    return KeyRing(primary=next(iter(keys)), keys=keys)


def ring_problems(texts: object = None) -> list[str]:
    """Return what is wrong with `texts`, by default the configured keys: one sentence each, with its remedy."""
    if texts is None:
        texts = getattr(settings, SETTING, ())
    if not isinstance(texts, list | tuple):
        return [f"{SETTING} must be a list of keys, not {type(texts).__name__}: write [key], the primary first."]
    if not texts:
        return [f"{SETTING} is empty: set at least one key of 32 random bytes, for example from `openssl rand -hex 32`."]
    keys = [_decoded(text) for text in texts]
    # SECURITY: a key's place is named, not its text, which may be a real key with one character missing
    malformed = [
        f"Key {place} of {SETTING} is not 64 hexadecimal digits or the base64 of {KEY_BYTES} bytes: replace it."
        for place, key in enumerate(keys, 1)
        if key is None
    ]
    repeated = [
        f"Key {place} of {SETTING} repeats key {keys.index(key) + 1}: remove it."
        for place, key in enumerate(keys, 1)
        if key is not None and key in keys[: place - 1]
    ]
    return malformed + repeated


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


def ring_keys() -> tuple[Key, ...]:
    """The ring's keys, the primary one first."""
    texts = getattr(settings, SETTING, ())
    return _keys_of(tuple(texts) if isinstance(texts, list) else texts)


@lru_cache(maxsize=8)
def _keys_of(texts: tuple[str, ...]) -> tuple[Key, ...]:
    return tuple(map(_ring_key, parse_keys(texts).keys.values()))


@lru_cache(maxsize=8)
def _ring_key(raw: bytes) -> Key:
    return Key(RING_KEY_VERSION, raw)


def _unknown_key_error(keys: Iterable[Key], label: str, associated_data: bytes, sealed: bytes) -> EncryptionError:
    """Why the key is not there: it never existed because the header was edited, or it was lost."""
    for key in keys:
        try:
            key.decrypt(label, associated_data, sealed)
        except InvalidTag:
            continue
        return _tampered_error(label)
    if is_encrypted_with_data_key(sealed):
        return _tampered_error(label)
    return UnknownKeyError(
        f"{label}: sealed under key {key_id_of(sealed).hex()}, which is not in {SETTING}. Put that key back at its end."
    )


def _tampered_error(label: str) -> TamperedError:
    return TamperedError(
        f"{label}: the value was edited or moved from another row, column or owner. "
        "Restore the row from a backup or set a new value."
    )
