"""Adjustments of invoices: refunds, credits and disputes."""

from decimal import Decimal

from django.db import models
from django.db.models import F, Q

from billing.models.invoices import BillingHistory
from core.models.base import OwnedModel, same_owner_foreign_key, staff_foreign_key
from core.models.constraints import rule
from core.models.fields import ChoiceField
from core.models.money import CurrencyField, MoneyField
from core.privacy.declarations import Erase, Privacy, Restore
from core.privacy.masks import personal

TABLE = "billing_adjustment"


class AdjustmentKind(models.TextChoices):
    REFUND = "refund"
    CREDIT = "credit"
    DISPUTE = "dispute"


class AdjustmentStatus(models.TextChoices):
    """AWAITING_APPROVAL and DECLINED do not exist at Stripe: large refunds need the approval of a second staff member."""

    AWAITING_APPROVAL = "awaiting_approval"
    DECLINED = "declined"
    PENDING = "pending"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELED = "canceled"
    OPEN = "open"
    WON = "won"
    LOST = "lost"


class Adjustment(OwnedModel):
    """A refund, credit or dispute. `requested_by` and `approved_by` are empty for an adjustment that was made at Stripe."""

    invoice = same_owner_foreign_key(
        BillingHistory, on_delete=models.SET_NULL, null=True, blank=True, related_name="adjustments"
    )
    kind = ChoiceField(AdjustmentKind, max_length=20)
    stripe_id = models.CharField(max_length=255, blank=True)
    amount = MoneyField(help_text="Positive in favor of the customer. Only a credit that is used is negative.")
    currency = CurrencyField()
    status = ChoiceField(AdjustmentStatus, max_length=30)
    reason = models.CharField(max_length=500, blank=True)
    happened_at = models.DateTimeField()
    requested_by = staff_foreign_key(null=True, blank=True)
    approved_by = staff_foreign_key(null=True, blank=True)

    privacy = Privacy(
        export=True,
        erase=Erase.ANONYMIZE,
        restore=Restore.NEVER,
        reason="refunds, credits and disputes must be retained in the accounts for ten years",
        withheld=("requested_by", "approved_by"),
        blank={"stripe_id": "", "reason": "", "invoice": None},
    )
    personal_fields = personal("amount", "reason", "stripe_id")

    class Meta(OwnedModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["stripe_id"], condition=~Q(stripe_id=""), name=f"{TABLE}_stripe_id_unique"),
            rule(
                f"{TABLE}_amount_above_zero",
                Q(amount__gt=Decimal(0)) | (Q(kind=AdjustmentKind.CREDIT) & ~Q(amount=Decimal(0))),
                "Must be greater than 0. Only a credit can be negative.",
            ),
            rule(
                f"{TABLE}_approved_by_a_second_person",
                ~Q(approved_by=F("requested_by")),
                "The staff member who requested a refund can't approve it.",
            ),
        ]
        indexes = [models.Index(fields=["user", "-happened_at", "-id"], name="billing_adjustment_newest")]

    def __str__(self) -> str:
        return f"{self.kind} {self.amount} {self.currency}"
