"""Reads values that stock django-cryptography wrote (release 1.1 and django-cryptography-5), for people who come from it.

Its format: `0x80 | time (8 bytes) | IV (16) | AES-256-CBC ciphertext | HMAC-SHA256 (32)`. The signature is keyed by SECRET_KEY;
the cipher's key is PBKDF2-SHA256 (30,000 rounds) of CRYPTOGRAPHY_KEY, or of SECRET_KEY where that is not set. Inside is a
pickle. A pickle is a program, so here it is run, after its signature was verified, by an interpreter that knows no names
but those of plain values. This is the one module that may mention pickle (tests/security/test_no_pickle.py).
"""

import datetime
import decimal
import hashlib
import hmac
import io
import pickle  # nosec B403 - an Unpickler that finds no class but the few that are listed here
from typing import Any

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.padding import PKCS7

from core.encryption.key_ring import EncryptionError, TamperedError

FIRST = b"\x80"
HEADER_BYTES = 9
IV_BYTES = 16
SIGNATURE_BYTES = 32
ROUNDS = 30_000
SALT = "django-cryptography"
MAX_DEPTH = 50
NAMES: dict[tuple[str, str], Any] = {
    ("decimal", "Decimal"): decimal.Decimal,
    ("datetime", "date"): datetime.date,
    ("datetime", "datetime"): datetime.datetime,
    ("datetime", "time"): datetime.time,
    ("datetime", "timedelta"): datetime.timedelta,
    ("datetime", "timezone"): datetime.timezone,
}
PLAIN = {type(None), bool, int, float, str, bytes, *NAMES.values()}


class StockReader:
    """Opens values under the secrets of the project that wrote them."""

    def __init__(self, *, secret_key: str, cryptography_key: str = "", salt: str = SALT) -> None:
        self._signing = secret_key.encode()
        self._cipher = hashlib.pbkdf2_hmac("sha256", (cryptography_key or secret_key).encode(), salt.encode(), ROUNDS)

    def read(self, value: bytes) -> Any:
        """The plain value inside. Raises TamperedError for a wrong signature, EncryptionError for what is not a plain value."""
        signed, signature = value[:-SIGNATURE_BYTES], value[-SIGNATURE_BYTES:]
        # SECURITY: nothing of an unsigned value is looked at, let alone decrypted or interpreted
        if not hmac.compare_digest(hmac.digest(self._signing, signed, "sha256"), signature) or not signed.startswith(FIRST):
            raise TamperedError("The signature is wrong: the value was edited, or STOCK_SECRET_KEY is not its SECRET_KEY.")
        return plain(self._decrypted(signed[HEADER_BYTES:]))

    def _decrypted(self, body: bytes) -> bytes:
        try:
            opener = Cipher(algorithms.AES(self._cipher), modes.CBC(body[:IV_BYTES])).decryptor()
            padded = opener.update(body[IV_BYTES:]) + opener.finalize()
            unpadder = PKCS7(algorithms.AES.block_size).unpadder()
            return unpadder.update(padded) + unpadder.finalize()
        except ValueError:
            raise EncryptionError(
                "The value is signed but can't be decrypted: STOCK_CRYPTOGRAPHY_KEY or its salt is wrong."
            ) from None


def plain(pickled: bytes) -> Any:
    """The value of a pickle that holds plain values only: text, bytes, numbers, dates, None, and lists and dicts of them.

    Raises EncryptionError for all else, before anything is called that is not in NAMES.
    """
    try:
        value = _Plain(io.BytesIO(pickled)).load()
    except EncryptionError:
        raise
    except Exception:  # noqa: BLE001 - a broken pickle fails in any way
        # SECURITY: the cause may quote the value
        raise EncryptionError("The value is signed and decrypted, but is not a pickle that can be read.") from None
    _require_plain(value)
    return value


class _Plain(pickle.Unpickler):
    """The interpreter of pickles without its powers."""

    def find_class(self, module: str, name: str) -> Any:
        """SECURITY: every name that a pickle calls comes from here."""
        try:
            return NAMES[module, name]
        except KeyError:
            raise EncryptionError(
                f"The value holds a {module}.{name}, which is not a plain value. It was not called."
            ) from None


def _require_plain(value: Any, depth: int = 0) -> None:
    if depth > MAX_DEPTH:
        raise EncryptionError(f"The value holds lists within lists, more than {MAX_DEPTH} deep or without an end.")
    if type(value) is list:
        for item in value:
            _require_plain(item, depth + 1)
    elif type(value) is dict:
        for pair in value.items():
            _require_plain(list(pair), depth + 1)
    elif type(value) not in PLAIN:
        raise EncryptionError(f"The value holds a {type(value).__name__}, which is not a plain value.")
