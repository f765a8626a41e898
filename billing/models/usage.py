"""Uses counted with an idempotency key, so that a repeated call counts once and can be given back."""

from django.db import models

from core.models.base import OwnedModel
from core.models.fields import BoundedIntegerField, NonBlankCharField
from core.privacy.declarations import internal
from core.privacy.masks import personal


class UsageRecord(OwnedModel):
    """Uses of a feature that were counted with one idempotency key."""

    feature_name = NonBlankCharField(max_length=100)
    idempotency_key = NonBlankCharField(max_length=255)
    amount = BoundedIntegerField(min=1, help_text="Number of uses.")
    period_start = models.DateTimeField(help_text="Start of the counting month of the uses.")
    given_back_at = models.DateTimeField(null=True, blank=True)

    privacy = internal("uses that were already counted, so that a repeated call counts once; they are part of the counts")
    personal_fields = personal("idempotency_key")

    class Meta(OwnedModel.Meta):
        constraints = [models.UniqueConstraint(fields=["user", "idempotency_key"], name="billing_usagerecord_key_unique")]
        indexes = [models.Index(fields=["created_at"], name="billing_usage_by_age")]

    def __str__(self) -> str:
        return f"{self.amount} {self.feature_name}"
