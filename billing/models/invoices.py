"""What a customer was charged."""

from decimal import Decimal

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, OuterRef, Q, Subquery
from django.db.models.functions import JSONObject

from billing.models.subscriptions import Subscription
from core.models.base import OwnedModel, gin
from core.models.constraints import rule
from core.models.derived import Derived
from core.models.fields import ChoiceField, JSONObjectField
from core.models.money import CurrencyField, MoneyField
from core.postgres.expressions import ClockNow, first_of, whole_days
from core.privacy.declarations import Erase, Privacy, Restore
from core.privacy.masks import personal
from users.models import UserProfile

TABLE = "billing_billinghistory"


class InvoiceStatus(models.TextChoices):
    DRAFT = "draft"
    PENDING = "pending"
    PAID = "paid"
    UNPAID = "unpaid"
    FAILED = "failed"
    VOID = "void"
    REFUNDED = "refunded"


OWED = (InvoiceStatus.PENDING, InvoiceStatus.UNPAID, InvoiceStatus.FAILED)
IS_OVERDUE = Q(status__in=OWED, due_date__lt=ClockNow())


def billing_country_only() -> JSONObject:
    """What an invoice says of its customer once he is anonymous: where he lived, which decides about tax."""
    return JSONObject(country=Subquery(UserProfile.objects.filter(user=OuterRef("user")).values("country")[:1]))


class BillingHistory(OwnedModel):
    """One invoice and what became of it."""

    # Not core.models.base.same_owner_foreign_key: that has no index, and deleting a subscription (or its owner) asks for its
    # invoices
    subscription = models.ForeignKey(
        Subscription, on_delete=models.SET_NULL, null=True, blank=True, related_name="invoices", db_constraint=False
    )
    stripe_invoice_id = models.CharField(max_length=255, blank=True)
    amount = MoneyField(max_digits=10, min=0)
    amount_refunded = MoneyField(max_digits=10, min=0, default=Decimal(0))
    currency = CurrencyField()
    status = ChoiceField(InvoiceStatus, max_length=50)
    billing_date = models.DateTimeField()
    due_date = models.DateTimeField(null=True, blank=True)
    paid_at = models.DateTimeField(null=True, blank=True)
    description = models.TextField(blank=True)
    metadata = JSONObjectField()

    privacy = Privacy(
        export=True,
        erase=Erase.ANONYMIZE,
        restore=Restore.OPERATOR,
        because="the books need what was charged, refunded and paid, when, in which currency and country, for ten years",
        blank={
            "subscription": None,
            "stripe_invoice_id": "",
            "description": "",
            "metadata": billing_country_only,
        },
    )
    personal_fields = personal("amount", "amount_refunded", "description", "metadata", "stripe_invoice_id")

    class Meta(OwnedModel.Meta):
        verbose_name = "invoice"
        constraints = [
            models.UniqueConstraint(fields=["user", "id"], name=f"{TABLE}_owner"),
            models.UniqueConstraint(
                fields=["stripe_invoice_id"],
                condition=~Q(stripe_invoice_id=""),
                name=f"{TABLE}_stripe_invoice_id_unique",
                violation_error_message="This Stripe invoice is known already.",
            ),
            rule(
                f"{TABLE}_amount_refunded_within_amount",
                Q(amount_refunded__lte=F("amount")),
                "No more can be refunded than was charged.",
            ),
            rule(
                f"{TABLE}_paid_at_when_paid",
                ~Q(status=InvoiceStatus.PAID) | Q(paid_at__isnull=False),
                "A paid invoice says when it was paid.",
            ),
        ]
        indexes = [
            models.Index(fields=["user", "-billing_date", "-id"], name="billing_invoice_by_date"),
            gin("billing_invoice", "metadata"),
        ]

    def __str__(self) -> str:
        return f"{self.billing_date:%Y-%m-%d} {self.amount} {self.currency}"

    def clean(self) -> None:
        """No refund above the charge, and no payment without its instant."""
        super().clean()
        if self.amount is not None and self.amount_refunded is not None and self.amount_refunded > self.amount:
            raise ValidationError({"amount_refunded": "No more can be refunded than was charged."}, "above_amount")
        if self.status == InvoiceStatus.PAID and self.paid_at is None:
            raise ValidationError({"paid_at": "A paid invoice says when it was paid."}, "not_set")

    is_paid = Derived(Q(status=InvoiceStatus.PAID))
    is_overdue = Derived(IS_OVERDUE, help_text="Whether it is owed and its due date is past.")
    days_overdue = Derived(
        first_of((IS_OVERDUE, whole_days(F("due_date"), ClockNow())), default=0),
        models.IntegerField(),
        help_text="Whole days since the due date; 0 when nothing is overdue.",
    )

    @property
    def paid_from_credit(self) -> Decimal:
        """The part of the amount that the customer's credit paid, and nothing was charged for."""
        return Decimal(self.metadata.get("paid_from_credit", 0))
