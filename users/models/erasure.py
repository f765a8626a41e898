"""Erasures of accounts and their progress."""

from django.db import models
from django.db.models import Q

from core.models.base import OwnedModel
from core.models.constraints import between
from core.models.fields import ChoiceField
from core.privacy.declarations import Erase, Privacy, Restore

TABLE = "users_accounterasure"


class RequestedBy(models.TextChoices):
    CUSTOMER = "customer"
    STAFF = "staff"
    COMMAND = "command"


class AccountErasure(OwnedModel):
    """The erasure of one account, which can be resumed. It contains no personal data."""

    requested_by = ChoiceField(RequestedBy, max_length=20, editable=False)
    rows_deleted = models.BigIntegerField(default=0, editable=False)
    anonymized_at = models.DateTimeField(null=True, blank=True, editable=False)
    finished_at = models.DateTimeField(null=True, blank=True, editable=False)

    privacy = Privacy(
        export=False,
        erase=Erase.KEEP,
        restore=Restore.NEVER,
        reason="proof that an erasure was requested and carried out; it contains no personal data",
    )

    class Meta(OwnedModel.Meta):
        verbose_name = "erasure"
        constraints = [
            models.UniqueConstraint(
                fields=["user"], condition=Q(finished_at__isnull=True), name=f"{TABLE}_finished_at_one_under_way"
            ),
            between(TABLE, "rows_deleted", 0),
        ]
        indexes = [models.Index(fields=["user"], name="users_erasure_of_user")]

    def __str__(self) -> str:
        return f"{self.rows_deleted} rows deleted"
