"""Secrets of second factors that are bound to their row and user, and codes that work once across all processes.

allauth encrypts a secret by a hook that does not know the row. So the hook only marks it, and the secret is encrypted when its
row is saved.
"""

import logging
from typing import Any
from uuid import UUID

from allauth.core.internal.cryptokit import compare_user_code
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import (
    TOTP,
    format_hotp_value,
    generate_totp_secret,
    hotp_value,
    yield_hotp_counters_from_time,
)
from allauth.mfa.utils import decrypt
from django.db import connection
from django.db.models import Q

from core import rls
from core.encryption.key_ring import EncryptionError
from users.models import User
from users.sealed_texts import seal, unseal

LABEL = "users.second_factor"
SECRETS = ("secret", "seed")  # of an authenticator app, and of recovery codes
NEXT_ID = "SELECT nextval(pg_get_serial_sequence('mfa_authenticator', 'id'))"
logger = logging.getLogger(__name__)


class NewSecret(str):
    """A secret whose row is not saved yet. As a string it is empty, so that it can't be stored in clear by mistake."""

    plaintext: str

    def __new__(cls, plaintext: str) -> "NewSecret":
        new = super().__new__(cls)
        new.plaintext = plaintext
        return new


class StoredSecret(str):
    """An encrypted secret, and the row that it was loaded from or saved to."""

    row: str
    user_id: UUID

    @classmethod
    def of(cls, factor: Authenticator, text: str) -> "StoredSecret":
        stored = cls(text)
        stored.row, stored.user_id = str(factor.pk), factor.user_id
        return stored


def remember_row(instance: Authenticator, **_: Any) -> None:
    """Mark the secrets of a factor that was loaded (`post_init`)."""
    data = vars(instance).get("data")  # absent if it is deferred
    if instance.pk is not None and isinstance(data, dict):
        data.update({name: StoredSecret.of(instance, data[name]) for name in SECRETS if type(data.get(name)) is str})


def encrypt_secrets(instance: Authenticator, **_: Any) -> None:
    """Encrypt the new secrets of a factor for its row, whose key is assigned for that (`pre_save`)."""
    new = {name: value for name, value in instance.data.items() if isinstance(value, NewSecret)}
    if new and instance.pk is None:
        with connection.cursor() as cursor:
            cursor.execute(NEXT_ID)
            [instance.pk] = cursor.fetchone()
    for name, value in new.items():
        text = seal(LABEL, row=str(instance.pk), user_id=instance.user_id, plaintext=value.plaintext.encode())
        instance.data[name] = StoredSecret.of(instance, text)


def plaintext_of(secret: str) -> str:
    """Return the plaintext of a secret. One that can't be decrypted is logged and replaced by one that no code fits."""
    if isinstance(secret, NewSecret):
        return secret.plaintext
    try:
        if isinstance(secret, StoredSecret):
            return unseal(LABEL, row=secret.row, user_id=secret.user_id, text=secret).decode()
        raise EncryptionError("the secret was not loaded with its row")
    except EncryptionError:
        logger.exception("A second factor can't be used, because its secret can't be decrypted")
        return str(generate_totp_secret())


def use_code(factor: TOTP, code: str) -> bool:
    """Mark a valid code as used. Return False if it, or one of a later time, was used before by any process.

    The time step is stored with the user, so that a factor that was removed and added again does not accept it either.
    """
    secret = decrypt(factor.instance.data["secret"])
    steps = [
        step
        for step in yield_hotp_counters_from_time()
        if compare_user_code(actual=code, expected=format_hotp_value(hotp_value(secret, step)))
    ]
    if not steps:
        return False  # the time step has ended since the code was compared
    is_later = Q(last_totp_step__isnull=True) | Q(last_totp_step__lt=steps[-1])
    with rls.as_accounts():
        return bool(User.objects.filter(is_later, pk=factor.instance.user_id).update(last_totp_step=steps[-1]))
