"""Recurring revenue: what invoices charge for which time, and the movements of a customer's recurring revenue.

Amounts are those of a year, because a twelfth of a yearly price has no exact amount in cents, while twelve times a monthly
price has. The monthly recurring revenue (MRR) is a twelfth of them, rounded only where it is shown.
"""

from decimal import Decimal
from typing import Any

from django.db import models
from django.db.models import F, Q

from billing.models.invoices import BillingHistory
from core.currencies import rounded
from core.models.base import OwnedModel, same_owner_foreign_key
from core.models.constraints import rule
from core.models.fields import BoundedIntegerField, ChoiceField
from core.models.money import CurrencyField, MoneyField
from core.privacy.declarations import Erase, Privacy, Restore, recorded
from core.privacy.masks import personal

CHARGE, MOVEMENT = "billing_recurringcharge", "billing_billingmovement"
MONTHS_A_YEAR = 12


class RecurringCharge(OwnedModel):
    """A line of an invoice that charges a recurring price for a time, or credits the rest of a time.

    Only invoices that were paid, or renewals that are being collected, have these rows. A trial charges 0.
    """

    invoice = same_owner_foreign_key(BillingHistory, on_delete=models.CASCADE, related_name="recurring_charges")
    number = BoundedIntegerField(min=0, help_text="Place of the line in the invoice, from 0.")
    price_id = models.CharField(max_length=255, help_text="The price at Stripe.")
    starts_at = models.DateTimeField(help_text="When the time that is charged or credited begins.")
    ends_at = models.DateTimeField(help_text="When it ends.")
    annual_amount = MoneyField(
        min=0,
        null=True,
        blank=True,
        help_text="Charged for a year, after recurring discounts and without tax. Null for a credit: the price is charged "
        "until starts_at only.",
    )
    currency = CurrencyField()

    privacy = recorded("the time and the price of each charge, from which the recurring revenue is computed")
    personal_fields = personal("annual_amount", "price_id")

    class Meta(OwnedModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["user", "invoice", "number"], name=f"{CHARGE}_number_unique"),
            rule(f"{CHARGE}_ends_at_after_start", Q(ends_at__gt=F("starts_at")), "The end must be after the start."),
        ]
        indexes = [models.Index(fields=["user", "-starts_at", "-id"], name="billing_charge_newest")]

    def __str__(self) -> str:
        return f"{self.starts_at:%Y-%m-%d} to {self.ends_at:%Y-%m-%d}"


class MovementKind(models.TextChoices):
    """The kinds of changes of recurring revenue. NEW is the first of a customer in any currency."""

    NEW = "new"
    REACTIVATION = "reactivation"
    EXPANSION = "expansion"
    CONTRACTION = "contraction"
    CHURN = "churn"


STARTS = (MovementKind.NEW, MovementKind.REACTIVATION)


class BillingMovement(OwnedModel):
    """A change of a customer's recurring revenue in a currency. Syncs write these rows from the recurring charges."""

    kind = ChoiceField(MovementKind, max_length=20)
    currency = CurrencyField(help_text="ISO 4217 code of the amounts.")
    happened_at = models.DateTimeField(help_text="From when on the revenue is the one after the change.")
    annual_change = MoneyField(help_text="Change of the recurring revenue of a year; negative for contraction and churn.")
    annual_before = MoneyField(min=0, help_text="Recurring revenue of a year before the change.")
    annual_after = MoneyField(min=0, help_text="Recurring revenue of a year after the change; 0 for churn.")

    privacy = Privacy(
        export=True,
        erase=Erase.KEEP,
        restore=Restore.NEVER,
        reason="the recurring revenue of past months must remain, like the invoices, which are retained for ten years",
    )
    personal_fields = personal("annual_change", "annual_before", "annual_after")

    class Meta(OwnedModel.Meta):
        verbose_name = "movement"
        constraints = [
            models.UniqueConstraint(fields=["user", "currency", "happened_at"], name=f"{MOVEMENT}_happened_at_unique"),
            rule(
                f"{MOVEMENT}_annual_change_sum",
                Q(annual_after=F("annual_before") + F("annual_change")),
                "The revenue after a change is the revenue before it plus the change.",
            ),
            rule(
                f"{MOVEMENT}_kind_of_the_change",
                Q(kind__in=STARTS, annual_before=Decimal(0), annual_change__gt=Decimal(0))
                | Q(kind=MovementKind.EXPANSION, annual_before__gt=Decimal(0), annual_change__gt=Decimal(0))
                | Q(kind=MovementKind.CONTRACTION, annual_after__gt=Decimal(0), annual_change__lt=Decimal(0))
                | Q(kind=MovementKind.CHURN, annual_after=Decimal(0), annual_change__lt=Decimal(0)),
                "A start is from 0, churn is to 0, an expansion is above 0 and a contraction below 0.",
            ),
            models.UniqueConstraint(
                fields=["user"],
                condition=Q(kind=MovementKind.NEW),
                name=f"{MOVEMENT}_kind_new_once",
                violation_error_message="A customer is new once.",
            ),
        ]
        indexes = [models.Index(fields=["user", "-happened_at", "-id"], name="billing_movement_newest")]

    def __str__(self) -> str:
        return f"{self.kind} {self.happened_at:%Y-%m-%d}"

    @property
    def mrr_change(self) -> Decimal:
        """The change of the monthly recurring revenue, rounded."""
        return monthly(self.annual_change, self.currency)

    @property
    def mrr_after(self) -> Decimal:
        """The monthly recurring revenue after the change, rounded."""
        return monthly(self.annual_after, self.currency)


def monthly(annual: Any, currency: str) -> Decimal:
    """Return a twelfth of the amount of a year, rounded to the decimals of its currency."""
    return rounded(Decimal(annual) / MONTHS_A_YEAR, currency)
