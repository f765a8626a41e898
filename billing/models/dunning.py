"""Dunning steps: failed payment attempts, notices to the customer, and the outcome."""

from django.db import models

from billing.models.invoices import BillingHistory
from core.models.base import OwnedModel, same_owner_foreign_key
from core.models.fields import ChoiceField, NonBlankCharField
from core.privacy.declarations import recorded
from core.privacy.masks import personal


class DunningKind(models.TextChoices):
    ATTEMPT = "attempt", "payment failed"
    NOTICE = "notice", "customer notified"
    PROCESSING = "processing", "payment under way"
    WARNING = "warning", "advance warning"
    PAID = "paid", "paid"
    STOPPED = "stopped", "stopped"


class DunningStep(OwnedModel):
    """One step. `key` is unique for the customer, so that a repeated sync records a step once."""

    invoice = same_owner_foreign_key(
        BillingHistory, on_delete=models.SET_NULL, null=True, blank=True, related_name="dunning_steps"
    )
    kind = ChoiceField(DunningKind, max_length=20)
    key = NonBlankCharField(max_length=300)
    happened_at = models.DateTimeField()
    next_attempt_at = models.DateTimeField(null=True, blank=True)
    note = models.TextField(blank=True)

    privacy = recorded("when a payment failed, and when the customer was notified")
    personal_fields = personal("key", "note")

    class Meta(OwnedModel.Meta):
        constraints = [models.UniqueConstraint(fields=["user", "key"], name="billing_dunningstep_key_unique")]
        indexes = [models.Index(fields=["user", "-happened_at", "-id"], name="billing_dunning_newest")]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.happened_at:%Y-%m-%d}"
