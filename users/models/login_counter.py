"""Counters of failed logins."""

from datetime import timedelta

from django.db import models
from django.utils.crypto import salted_hmac

from core.models.base import BaseModel, touch
from core.models.fields import BoundedIntegerField

TABLE = "users_logincounter"
DIGEST_LENGTH = 64
COUNTER_RETENTION = timedelta(days=1)  # after its last attempt a counter begins again, and its row is deleted


def digest_of(kind: str, value: str) -> str:
    """Return the stored form of an email address or a source, from which it can't be guessed without SECRET_KEY."""
    return salted_hmac(f"{TABLE}.{kind}", value, algorithm="sha256").hexdigest()


class LoginCounter(BaseModel):
    """The failed logins in a row to one address from one source: a network, or a device that has logged in before.

    Addresses without an account are counted too, so that a login to one takes as long. Address and source are stored as keyed
    hashes, because a stranger may have entered the address of a person who has no account.
    """

    account = models.CharField(max_length=DIGEST_LENGTH, editable=False)
    source = models.CharField(max_length=DIGEST_LENGTH, editable=False)
    attempts = BoundedIntegerField(min=1, default=1, editable=False)
    last_attempt_at = models.DateTimeField(editable=False)
    locked_until = models.DateTimeField(null=True, editable=False)

    class Meta(BaseModel.Meta):
        triggers = [touch]  # unaudited, see UNAUDITED in `tests/contract/test_audit.py`
        constraints = [models.UniqueConstraint(fields=["account", "source"], name=f"{TABLE}_source_unique")]
        indexes = [models.Index(fields=["last_attempt_at"], name="users_logincounter_by_age")]

    def __str__(self) -> str:
        return f"{self.attempts} failed"
