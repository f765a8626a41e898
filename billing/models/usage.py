"""Uses that were counted under a key, so that a repeated call counts once and can be given back."""

from django.db import models

from core.models.base import OwnedModel
from core.models.constraints import between, not_blank
from core.models.fields import whole_number
from core.privacy.declarations import internal
from core.privacy.masks import personal

TABLE = "billing_usagerecord"


class UsageRecord(OwnedModel):
    """`amount` uses of a feature in the counting month that began at `period_start`, under the caller's key."""

    feature_name = models.CharField(max_length=100)
    idempotency_key = models.CharField(max_length=255)
    amount = whole_number(1)
    period_start = models.DateTimeField()
    given_back_at = models.DateTimeField(null=True, blank=True)

    privacy = internal("which uses were counted already, so that a repeated call counts once; they repeat the counts")
    personal_fields = personal("idempotency_key")

    class Meta(OwnedModel.Meta):
        constraints = [
            not_blank(TABLE, "feature_name"),
            not_blank(TABLE, "idempotency_key"),
            between(TABLE, "amount", 1),
            models.UniqueConstraint(fields=["user", "idempotency_key"], name=f"{TABLE}_key_unique"),
        ]
        indexes = [models.Index(fields=["created_at"], name="billing_usage_by_age")]

    def __str__(self) -> str:
        return f"{self.amount} {self.feature_name}"
