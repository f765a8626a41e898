"""Adjustments of invoices: refunds, credits and disputes."""

from datetime import timedelta
from decimal import Decimal

from django.db import models
from django.db.models import F, Q

from billing.models.invoices import BillingHistory
from core.models.base import OwnedModel, same_owner_foreign_key, staff_foreign_key
from core.models.constraints import rule
from core.models.derived import Derived
from core.models.fields import ChoiceField
from core.models.money import CurrencyField, MoneyField
from core.postgres.expressions import first_of
from core.privacy.declarations import Erase, Privacy, Restore
from core.privacy.masks import personal

TABLE = "billing_adjustment"


class AdjustmentKind(models.TextChoices):
    REFUND = "refund"
    CREDIT = "credit"
    DISPUTE = "dispute"


class AdjustmentStatus(models.TextChoices):
    """The status of an adjustment. AWAITING_APPROVAL and DECLINED do not exist at Stripe: staff's refunds need an approval.

    An inquiry is a bank's question before a dispute, and takes no money. A prevented dispute was settled by the card network.
    """

    AWAITING_APPROVAL = "awaiting_approval"
    DECLINED = "declined"
    PENDING = "pending"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELED = "canceled"
    OPEN = "open"
    WON = "won"
    LOST = "lost"
    PREVENTED = "prevented"
    INQUIRY = "inquiry"
    INQUIRY_CLOSED = "inquiry_closed"


class RefundRule(models.TextChoices):
    """Rules that decide a refund without the approval of a second staff member, once for each payment."""

    DOUBLE_PURCHASE = "double_purchase"
    WITHDRAWAL = "withdrawal"
    PAID_AFTER_END = "paid_after_end"
    VOID_INVOICE = "void_invoice"


SUBMITTED_STATUSES = (AdjustmentStatus.PENDING, AdjustmentStatus.SUCCEEDED)
WITHDRAWN_STATUSES = (AdjustmentStatus.OPEN, AdjustmentStatus.LOST, AdjustmentStatus.PREVENTED)
IS_UNSENT = Q(kind=AdjustmentKind.REFUND, status=AdjustmentStatus.PENDING, stripe_id="")
# an erasure removes `stripe_id`, and a refund that succeeded was sent
IS_SENT_REFUND = Q(kind=AdjustmentKind.REFUND) & (
    Q(status=AdjustmentStatus.SUCCEEDED) | (Q(status=AdjustmentStatus.PENDING) & ~Q(stripe_id=""))
)
IS_WITHDRAWN = Q(kind=AdjustmentKind.DISPUTE, status__in=WITHDRAWN_STATUSES)
UNDECIDED_STATUSES = (AdjustmentStatus.AWAITING_APPROVAL, AdjustmentStatus.DECLINED)
BANK_TRANSIT = timedelta(days=14)  # 5 to 10 business days: docs.stripe.com/refunds
IS_REFUND, IS_DISPUTE = Q(kind=AdjustmentKind.REFUND), Q(kind=AdjustmentKind.DISPUTE)
EXPLANATIONS = (
    (IS_REFUND & Q(status=AdjustmentStatus.FAILED), "The bank returned the refund. Contact support to be paid in another way."),
    (IS_REFUND & Q(status=AdjustmentStatus.CANCELED), "The refund was canceled. Nothing is paid back."),
    (Q(rule=RefundRule.DOUBLE_PURCHASE), "You bought a plan twice. The second purchase is refunded."),
    (Q(rule=RefundRule.WITHDRAWAL), "You withdrew within 14 days. The payment is refunded."),
    (Q(rule=RefundRule.PAID_AFTER_END), "You paid for a subscription that had ended before. The payment is refunded."),
    (Q(rule=RefundRule.VOID_INVOICE), "You paid a part of an invoice that was canceled afterwards. The part is refunded."),
    (IS_REFUND, "A payment is refunded to the card or account that you paid with."),
    (IS_DISPUTE & Q(status=AdjustmentStatus.OPEN), "You disputed the payment, and your bank has not decided yet."),
    (IS_DISPUTE & Q(status=AdjustmentStatus.WON), "Your bank decided that the payment stands."),
    (IS_DISPUTE & Q(status=AdjustmentStatus.LOST), "Your bank decided to return the payment to you."),
    (IS_DISPUTE & Q(status=AdjustmentStatus.PREVENTED), "The card network returned the payment to you."),
    (IS_DISPUTE & Q(status=AdjustmentStatus.INQUIRY), "Your bank asked about the payment. Nothing is paid back."),
    (IS_DISPUTE, "The question about the payment is closed. Nothing is paid back."),
    (Q(amount__gt=Decimal(0)), "A credit for your next invoices."),
)


class Adjustment(OwnedModel):
    """A refund, credit or dispute. `requested_by` and `approved_by` are empty for one that a rule or Stripe made."""

    invoice = same_owner_foreign_key(
        BillingHistory,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="adjustments",
        help_text="The id of the invoice that it is about. Null: none is known.",
    )
    kind = ChoiceField(
        AdjustmentKind,
        max_length=20,
        help_text="Refund of a payment, credit for the next invoices, or dispute of a payment at the customer's bank.",
    )
    stripe_id = models.CharField(max_length=255, blank=True)
    stripe_payment_id = models.CharField(
        max_length=255, blank=True, help_text="The payment intent or charge that a refund returns. Empty until it is sent."
    )
    amount = MoneyField(help_text="Positive in favor of the customer. Only a credit that is used is negative.")
    currency = CurrencyField(help_text="ISO 4217 code, such as USD.")
    status = ChoiceField(
        AdjustmentStatus,
        max_length=30,
        help_text="Of a refund or credit: pending, succeeded, failed or canceled. Of a dispute: open, won (the payment "
        "stands), lost or prevented (it was returned), inquiry or inquiry_closed (the bank only asked).",
    )
    reason = models.CharField(max_length=500, blank=True)
    rule = ChoiceField(RefundRule, max_length=30, blank=True, help_text="The rule that decided the refund. Empty if staff did.")
    happened_at = models.DateTimeField(help_text="When the refund was requested, or the credit or dispute was made.")
    requested_by = staff_foreign_key(null=True, blank=True)
    approved_by = staff_foreign_key(null=True, blank=True)

    privacy = Privacy(
        export=True,
        erase=Erase.ANONYMIZE,
        restore=Restore.NEVER,
        reason="refunds, credits and disputes must be retained in the accounts for ten years",
        withheld=("requested_by", "approved_by"),
        blank={"stripe_id": "", "stripe_payment_id": "", "reason": "", "invoice": None},
    )
    personal_fields = personal("amount", "reason", "stripe_id", "stripe_payment_id")

    class Meta(OwnedModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["stripe_id"], condition=~Q(stripe_id=""), name=f"{TABLE}_stripe_id_unique"),
            models.UniqueConstraint(
                fields=["user", "stripe_payment_id"],
                condition=~Q(stripe_payment_id="") & ~Q(rule=""),
                name=f"{TABLE}_rule_once_for_each_payment",
                violation_error_message="A rule refunds a payment once.",
            ),
            rule(
                f"{TABLE}_rule_of_refunds",
                Q(rule="") | Q(kind=AdjustmentKind.REFUND),
                "Only a refund has a rule.",
            ),
            rule(
                f"{TABLE}_approved_by_or_rule",
                Q(requested_by__isnull=True) | Q(approved_by__isnull=False) | ~Q(rule="") | Q(status__in=UNDECIDED_STATUSES),
                "A refund that staff request needs the approval of a second staff member, or a rule.",
            ),
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

    explanation = Derived(
        first_of(*EXPLANATIONS, default="An invoice used credit, or the next invoice collects a debt."),
        models.CharField(),
        help_text="What happened and why, a sentence for the customer.",
    )
    expected_by = Derived(
        first_of((IS_REFUND & Q(status__in=SUBMITTED_STATUSES), F("happened_at") + BANK_TRANSIT)),
        models.DateTimeField(null=True),
        help_text="When a refund is in the customer's account at the latest, after 10 business days; null for all others.",
    )
