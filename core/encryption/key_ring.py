"""Authenticated encryption of single values, with keys that do not depend on SECRET_KEY.

An encrypted value is `version | key id (4 bytes) | nonce (12) | AES-256-GCM ciphertext and tag (n + 16)`, 33 bytes more than
the plaintext.

- Version 0x01 is encrypted with the key of this id in FIELD_ENCRYPTION_KEYS, the key ring. Old values stay readable while
  their key is in the ring.
- Version 0x02 is encrypted with the owner's data key (`core.encryption.data_keys`), which a key of the ring wraps.

Each label has its own subkey (HKDF-SHA256), which keeps the use of every subkey far below the 2**32 random nonces that NIST
SP 800-38D, section 8.3, allows.
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
TEXT_PREFIX = "encrypted:"
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
    """A value can't be encrypted or decrypted. The message says what to do, and never contains the value or a key."""


class UnknownKeyError(EncryptionError):
    """The value was encrypted with a key that is not in the ring; it can be read once the key is added again."""


class TamperedError(EncryptionError):
    """The value was edited, truncated, or moved from another row, column or owner."""


class MissingDataKeyError(EncryptionError):
    """The owner's data key does not exist, because the owner was erased."""


class Key:
    """A key of 32 bytes and the subkeys that are derived from it. Its repr contains no key material."""

    __slots__ = ("_ciphers", "_indexes", "_info", "_raw", "header")

    def __init__(self, version: bytes, raw: bytes) -> None:
        self._raw, self._info = raw, _INFO[version]
        self._ciphers: dict[str, AESGCM] = {}
        self._indexes: dict[str, bytes] = {}
        # the id is derived from the key, so that operators need not assign ids
        self.header = version + self.derive("key-id", KEY_ID_BYTES)

    def encrypt(self, label: str, associated_data: bytes, plaintext: bytes) -> bytes:
        """Encrypt; decryption needs the same key, `label` and `associated_data`."""
        # SECURITY: two messages with the same subkey and nonce reveal their plaintexts
        nonce = os.urandom(NONCE_BYTES)
        return self.header + nonce + self._cipher(label).encrypt(nonce, plaintext, self.header + associated_data)

    def decrypt(self, label: str, associated_data: bytes, ciphertext: bytes) -> bytes:
        """Return the plaintext, or raise InvalidTag. The header of `ciphertext` is not compared with this key's."""
        nonce, body = ciphertext[HEADER_BYTES : HEADER_BYTES + NONCE_BYTES], ciphertext[HEADER_BYTES + NONCE_BYTES :]
        # SECURITY: the header is authenticated, so that a ciphertext's version and key id can't be changed
        return self._cipher(label).decrypt(nonce, body, self.header + associated_data)

    def is_key_of(self, ciphertext: bytes) -> bool:
        """Return True if the header of `ciphertext` is this key's."""
        return ciphertext[:HEADER_BYTES] == self.header

    def index(self, label: str, text: bytes) -> bytes:
        """Return a keyed digest of `text`, 16 bytes, with a subkey that no cipher uses."""
        if label not in self._indexes:
            self._indexes[label] = self.derive("index/" + label, KEY_BYTES)
        return hmac.digest(self._indexes[label], text, "sha256")[:INDEX_BYTES]

    def _cipher(self, label: str) -> AESGCM:
        if label not in self._ciphers:
            self._ciphers[label] = AESGCM(self.derive("label/" + label, KEY_BYTES))
        return self._ciphers[label]

    def derive(self, purpose: str, length: int) -> bytes:
        """Return a subkey of `length` bytes for a purpose that nothing else uses."""
        return HKDF(algorithm=SHA256(), length=length, salt=None, info=self._info + purpose.encode()).derive(self._raw)


@dataclass(frozen=True)
class KeyRing:
    """The keys by id. The key `primary` encrypts new values; the other keys only decrypt."""

    primary: bytes
    keys: Mapping[bytes, bytes] = field(repr=False)  # SECURITY: a traceback or a log must not show key material


def encrypt(label: str, associated_data: bytes, plaintext: bytes) -> bytes:
    """Encrypt with the ring's primary key, or raise EncryptionError if the ring is missing or malformed."""
    return primary_key().encrypt(label, associated_data, plaintext)


def decrypt(label: str, associated_data: bytes, ciphertext: bytes, data_key: Key | None = None) -> bytes:
    """Decrypt a value that was encrypted with the same `label` and `associated_data`, by a key of the ring or `data_key`.

    Raise UnknownKeyError if the key is not in the ring, TamperedError if the value was not encrypted for this row, and
    EncryptionError if the ring is missing or malformed.
    """
    if not is_ciphertext(ciphertext):
        raise TamperedError(f"{label}: this is not an encrypted value. Restore the row from a backup or set a new value.")
    keys = [*ring_keys(), *([data_key] if data_key else [])]
    key = next((key for key in keys if key.is_key_of(ciphertext)), None)
    if key is None:
        raise _unknown_key_error(keys, label, associated_data, ciphertext)
    try:
        return key.decrypt(label, associated_data, ciphertext)
    except InvalidTag:
        raise _tampered_error(label) from None


def encode_associated_data(*parts: str) -> bytes:
    """Encode `parts`, each after its length, so that different lists have different encodings."""
    encoded = [part.encode() for part in parts]
    return b"".join(len(part).to_bytes(4, "big") + part for part in encoded)


def from_text(text: object) -> bytes | None:
    """Return the ciphertext in a fixture's text, TEXT_PREFIX and base64; None for any other text."""
    if not isinstance(text, str) or not text.startswith(TEXT_PREFIX):
        return None
    try:
        ciphertext = b64decode(text.removeprefix(TEXT_PREFIX), validate=True)
    except ValueError:
        return None
    return ciphertext if is_ciphertext(ciphertext) else None


def key_id_of(ciphertext: bytes) -> bytes:
    return ciphertext[1:HEADER_BYTES]


def is_ciphertext(value: bytes) -> bool:
    """Return True if `value` has the format of an encrypted value."""
    return len(value) >= OVERHEAD_BYTES and value[:1] in _INFO


def is_encrypted_with_data_key(ciphertext: bytes) -> bool:
    return ciphertext[:1] == DATA_KEY_VERSION


def primary_key() -> Key:
    """Return the ring's key that encrypts values without an owner and wraps data keys, or raise EncryptionError."""
    return ring_keys()[0]


def parse_keys(texts: Sequence[str]) -> KeyRing:
    """Parse keys of 64 hexadecimal digits or the base64 of 32 bytes, of which the first is the primary key.

    Raise EncryptionError if there is no key, a malformed one, or one more than once.
    """
    problems = ring_problems(texts)
    if problems:
        raise EncryptionError(" ".join(problems))
    keys = {key_id_of(_ring_key(raw).header): raw for raw in map(_decoded, texts) if raw is not None}
    return KeyRing(primary=next(iter(keys)), keys=keys)


def ring_problems(texts: object = None) -> list[str]:
    """Return the problems of `texts`, by default the configured keys, each as a message that says what to do."""
    if texts is None:
        texts = getattr(settings, SETTING, ())
    if not isinstance(texts, list | tuple):
        return [f"{SETTING} must be a list of keys, not {type(texts).__name__}: write [key], the primary first."]
    if not texts:
        return [f"{SETTING} is empty: set at least one key of 32 random bytes, for example from `openssl rand -hex 32`."]
    keys = [_decoded(text) for text in texts]
    # SECURITY: messages contain a key's position, not its text, which may be a real key with one character missing
    malformed = [
        f"Key {position} of {SETTING} is not 64 hexadecimal digits or the base64 of {KEY_BYTES} bytes: replace it."
        for position, key in enumerate(keys, 1)
        if key is None
    ]
    repeated = [
        f"Key {position} of {SETTING} repeats key {keys.index(key) + 1}: remove it."
        for position, key in enumerate(keys, 1)
        if key is not None and key in keys[: position - 1]
    ]
    return malformed + repeated


def _decoded(text: object) -> bytes | None:
    """Return the 32 bytes that `text` encodes, or None."""
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
    """Return the ring's keys, the primary one first."""
    texts = getattr(settings, SETTING, ())
    return _keys_of(tuple(texts) if isinstance(texts, list) else texts)


@lru_cache(maxsize=8)
def _keys_of(texts: tuple[str, ...]) -> tuple[Key, ...]:
    return tuple(map(_ring_key, parse_keys(texts).keys.values()))


@lru_cache(maxsize=8)
def _ring_key(raw: bytes) -> Key:
    return Key(RING_KEY_VERSION, raw)


def _unknown_key_error(keys: Iterable[Key], label: str, associated_data: bytes, ciphertext: bytes) -> EncryptionError:
    """Return a TamperedError if one of the keys fits, so that the header was edited, else an UnknownKeyError."""
    for key in keys:
        try:
            key.decrypt(label, associated_data, ciphertext)
        except InvalidTag:
            continue
        return _tampered_error(label)
    if is_encrypted_with_data_key(ciphertext):
        return _tampered_error(label)
    key_id = key_id_of(ciphertext).hex()
    return UnknownKeyError(f"{label}: encrypted with key {key_id}, which is not in {SETTING}. Add that key at its end.")


def _tampered_error(label: str) -> TamperedError:
    return TamperedError(
        f"{label}: the value was edited or moved from another row, column or owner. "
        "Restore the row from a backup or set a new value."
    )
