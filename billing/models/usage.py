"""Uses that were counted under a key, so that a repeated call counts once and can be given back."""

from django.db import models

from core.models.base import OwnedModel
from core.models.fields import BoundedIntegerField, NonBlankCharField
from core.privacy.declarations import internal
from core.privacy.masks import personal


class UsageRecord(OwnedModel):
    """`amount` uses of a feature in the counting month that began at `period_start`, under the caller's key."""

    feature_name = NonBlankCharField(max_length=100)
    idempotency_key = NonBlankCharField(max_length=255)
    amount = BoundedIntegerField(min=1)
    period_start = models.DateTimeField()
    given_back_at = models.DateTimeField(null=True, blank=True)

    privacy = internal("which uses were counted already, so that a repeated call counts once; they repeat the counts")
    personal_fields = personal("idempotency_key")

    class Meta(OwnedModel.Meta):
        constraints = [models.UniqueConstraint(fields=["user", "idempotency_key"], name="billing_usagerecord_key_unique")]
        indexes = [models.Index(fields=["created_at"], name="billing_usage_by_age")]

    def __str__(self) -> str:
        return f"{self.amount} {self.feature_name}"
