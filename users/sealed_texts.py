"""Texts of one row, encrypted with the data key of the row's user, or with the ring's key if the row has no user.

SECURITY: the label, the row and the user are authenticated, so that a text that was moved to another row or user can't be
decrypted. After the erasure of the user no copy of the text can.
"""

import base64
import binascii
from uuid import UUID

from django.db import transaction

from core.encryption import data_keys, key_ring
from core.encryption.key_ring import TamperedError


def seal(label: str, *, row: str, user_id: UUID | None, plaintext: bytes) -> str:
    """Encrypt. Raise MissingDataKeyError if the user is being erased."""
    with transaction.atomic():  # the transaction that stores the text should be the same one
        key = data_keys.key_for_encryption(user_id) if user_id else key_ring.primary_key()
        return base64.b64encode(key.encrypt(label, _associated_data(label, row, user_id), plaintext)).decode()


def unseal(label: str, *, row: str, user_id: UUID | None, text: str) -> bytes:
    """Decrypt. Raise EncryptionError if the text is not of this row and user, or if its key does not exist any more."""
    ciphertext = _ciphertext_of(label, text)
    has_data_key = user_id is not None and key_ring.is_encrypted_with_data_key(ciphertext)
    data_key = data_keys.key_for_decryption(user_id, ciphertext) if user_id and has_data_key else None
    return key_ring.decrypt(label, _associated_data(label, row, user_id), ciphertext, data_key)


def unseal_with_key(label: str, *, row: str, user_id: UUID, text: str, wrapped_key: bytes) -> bytes:
    """Decrypt as `unseal`, with the user's wrapped data key, which the statement for the text has read, too."""
    ciphertext = _ciphertext_of(label, text)
    data_key = data_keys.unwrap_key(user_id, wrapped_key)
    return key_ring.decrypt(label, _associated_data(label, row, user_id), ciphertext, data_key)


def _ciphertext_of(label: str, text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error:
        raise TamperedError(f"{label}: this is not an encrypted text.") from None


def _associated_data(label: str, row: str, user_id: UUID | None) -> bytes:
    return key_ring.encode_associated_data(label, row, str(user_id or ""))
