"""Invoices."""

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
MAX_URL_LENGTH = 2000
TEXTS = ("stripe_invoice_id", "description", "number", "hosted_invoice_url", "invoice_pdf", "receipt_url")  # about a person


class InvoiceStatus(models.TextChoices):
    DRAFT = "draft"
    PENDING = "pending"
    PAID = "paid"
    UNPAID = "unpaid"
    FAILED = "failed"
    VOID = "void"
    REFUNDED = "refunded"


PROCESSING_WHEN_OPEN = "Only a pending invoice can have a payment that is processing."
OVER_REFUND = "The refunded amount can't exceed the amount."
PAID_WITHOUT_INSTANT = "A paid invoice must have paid_at."
COLLECTED_WITHOUT_INSTANT = "An invoice has collected_at exactly if an amount was collected."
HAS_INSTANT_IF_COLLECTED = Q(amount_collected=0, collected_at=None) | Q(amount_collected__gt=0, collected_at__isnull=False)
COLLECTED_DRAFT = "Nothing can be collected for a draft."
OWED = (InvoiceStatus.PENDING, InvoiceStatus.UNPAID, InvoiceStatus.FAILED)
IS_OVERDUE = Q(status__in=OWED, is_processing=False, due_date__lt=ClockNow())


def billing_country_only() -> JSONObject:
    """Return the metadata of an anonymized invoice: the customer's country, which determines the tax."""
    return JSONObject(country=Subquery(UserProfile.objects.filter(user=OuterRef("user")).values("country")[:1]))


class BillingHistory(OwnedModel):
    """One invoice, with its payment and refunds."""

    # Not core.models.base.same_owner_foreign_key, which has no index: deleting a subscription or its owner queries the invoices
    subscription = models.ForeignKey(
        Subscription, on_delete=models.SET_NULL, null=True, blank=True, related_name="invoices", db_constraint=False
    )
    stripe_invoice_id = models.CharField(
        max_length=255, blank=True, help_text="Stripe's id of the invoice, such as in_1QaBcD. Empty: it is not at Stripe."
    )
    amount = MoneyField(min=0, help_text="Total of the invoice, 0 or more, in its currency.")
    amount_refunded = MoneyField(min=0, default=Decimal(0), help_text="Part of the amount that was paid back.")
    amount_due = MoneyField(
        min=0, null=True, blank=True, help_text="Part to be charged, after the customer's credit; null if it is unknown."
    )
    amount_collected = MoneyField(
        min=0,
        default=Decimal(0),
        help_text="Collected through Stripe, also in parts and before refunds. Not what was paid from credit or elsewhere.",
    )
    discount = MoneyField(
        default=Decimal(0),
        help_text="Taken off by coupons; the amount is after it. Negative if a discounted amount was credited.",
    )
    tax = MoneyField(default=Decimal(0), help_text="Part of the amount that is tax; negative if tax was credited.")
    currency = CurrencyField(help_text="ISO 4217 code, such as USD.")
    status = ChoiceField(
        InvoiceStatus, max_length=50, help_text="Pending, failed and unpaid are owed. Refunded means refunded in full."
    )
    is_processing = models.BooleanField(
        default=False,
        help_text="True while a bank debit is under way, for up to 14 days. Nothing is due until its result is known.",
    )
    billing_date = models.DateTimeField(help_text="When the invoice was created.")
    due_date = models.DateTimeField(null=True, blank=True, help_text="When the payment is due.")
    paid_at = models.DateTimeField(null=True, blank=True, help_text="When it was paid. Empty (null) if it was not.")
    collected_at = models.DateTimeField(
        null=True, blank=True, help_text="When a payment was last collected through Stripe; null if there was none."
    )
    description = models.TextField(
        blank=True, help_text="Stripe's description, or else the texts of the lines, separated by semicolons. May be empty."
    )
    number = models.CharField(max_length=100, blank=True, help_text="Number of the invoice; empty for a draft.")
    hosted_invoice_url = models.CharField(
        max_length=MAX_URL_LENGTH, blank=True, help_text="Stripe's page to view and pay the invoice."
    )
    invoice_pdf = models.CharField(max_length=MAX_URL_LENGTH, blank=True, help_text="URL of the invoice as PDF.")
    receipt_url = models.CharField(
        max_length=MAX_URL_LENGTH,
        blank=True,
        help_text="Stripe's page with the receipt of the payment; empty if nothing was charged.",
    )
    metadata = JSONObjectField(help_text="From Stripe: a negative total, which became a credit of the customer.")

    privacy = Privacy(
        export=True,
        erase=Erase.ANONYMIZE,
        restore=Restore.OPERATOR,
        reason="charges, refunds and payments must be retained in the accounts, with currency and country, for ten years",
        blank={"subscription": None, **dict.fromkeys(TEXTS, ""), "metadata": billing_country_only},
    )
    personal_fields = personal(
        "amount", "amount_refunded", "amount_due", "amount_collected", "discount", "tax", "metadata", *TEXTS
    )

    class Meta(OwnedModel.Meta):
        verbose_name = "invoice"
        constraints = [
            models.UniqueConstraint(fields=["user", "id"], name=f"{TABLE}_owner"),
            models.UniqueConstraint(
                fields=["stripe_invoice_id"],
                condition=~Q(stripe_invoice_id=""),
                name=f"{TABLE}_stripe_invoice_id_unique",
                violation_error_message="This Stripe invoice already exists.",
            ),
            rule(f"{TABLE}_amount_refunded_within_amount", Q(amount_refunded__lte=F("amount")), OVER_REFUND),
            rule(
                f"{TABLE}_is_processing_when_pending",
                Q(is_processing=False) | Q(status=InvoiceStatus.PENDING),
                PROCESSING_WHEN_OPEN,
            ),
            rule(f"{TABLE}_collected_at_when_collected", HAS_INSTANT_IF_COLLECTED, COLLECTED_WITHOUT_INSTANT),
            rule(f"{TABLE}_draft_collects_nothing", ~Q(status=InvoiceStatus.DRAFT) | Q(amount_collected=0), COLLECTED_DRAFT),
            rule(f"{TABLE}_paid_at_when_paid", ~Q(status=InvoiceStatus.PAID) | Q(paid_at__isnull=False), PAID_WITHOUT_INSTANT),
        ]
        indexes = [
            models.Index(fields=["user", "-billing_date", "-id"], name="billing_invoice_by_date"),
            gin("billing_invoice", "metadata"),
        ]

    def __str__(self) -> str:
        return f"{self.billing_date:%Y-%m-%d} {self.amount} {self.currency}"

    def clean(self) -> None:
        super().clean()
        if self.amount is not None and self.amount_refunded is not None and self.amount_refunded > self.amount:
            raise ValidationError({"amount_refunded": OVER_REFUND}, "above_amount")
        if self.is_processing and self.status != InvoiceStatus.PENDING:
            raise ValidationError({"is_processing": PROCESSING_WHEN_OPEN}, "not_pending")
        if self.amount_collected is not None and (self.amount_collected > 0) != (self.collected_at is not None):
            raise ValidationError({"collected_at": COLLECTED_WITHOUT_INSTANT}, "not_set")
        if self.status == InvoiceStatus.DRAFT and self.amount_collected:
            raise ValidationError({"amount_collected": COLLECTED_DRAFT}, "draft")
        if self.status == InvoiceStatus.PAID and self.paid_at is None:
            raise ValidationError({"paid_at": PAID_WITHOUT_INSTANT}, "not_set")

    is_paid = Derived(Q(status=InvoiceStatus.PAID), help_text="True if the status is `paid`. False once refunded in full.")
    is_overdue = Derived(IS_OVERDUE, help_text="True if it is owed, its due date has passed and no payment is processing.")
    days_overdue = Derived(
        first_of((IS_OVERDUE, whole_days(F("due_date"), ClockNow())), default=0),
        models.IntegerField(),
        help_text="Whole days since the due date; 0 if the invoice is not overdue.",
    )

    @property
    def paid_from_credit(self) -> Decimal:
        """The part of the amount that was paid from the customer's credit and not charged."""
        return max(self.amount - self.amount_due, Decimal(0)) if self.amount_due is not None else Decimal(0)
