"""Codes that were mailed to a session, to be typed instead of opening the link in the same email."""

from uuid import uuid4

from django.db import models
from django.db.models import Q

from core.models.constraints import rule

TABLE = "users_emailcode"
MAX_ATTEMPTS = 5
MAX_REQUESTS = 5  # of one session in a day


class EmailCode(models.Model):
    """The current code of a session for one purpose. Its id is in the session's encrypted data, and only a hash is stored.

    There is a row for an address without an account, too, so that responses take as long for one. Its `digest` is empty until
    a code was mailed. Rows are deleted after a day.
    """

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    digest = models.CharField(max_length=64, blank=True, editable=False)
    attempts = models.PositiveSmallIntegerField(default=0, editable=False)
    expires_at = models.DateTimeField(null=True, editable=False)
    requests = models.PositiveSmallIntegerField(default=1, editable=False)
    requested_at = models.DateTimeField(editable=False)
    created_at = models.DateTimeField(editable=False)

    class Meta:
        indexes = [models.Index(fields=["created_at"], name="users_emailcode_by_age")]
        constraints = [
            rule(f"{TABLE}_attempts", Q(attempts__lte=MAX_ATTEMPTS), f"A code is tried at most {MAX_ATTEMPTS} times."),
            rule(f"{TABLE}_requests", Q(requests__lte=MAX_REQUESTS), f"A session gets at most {MAX_REQUESTS} codes a day."),
        ]

    def __str__(self) -> str:
        return f"requested at {self.requested_at}"
