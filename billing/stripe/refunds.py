"""Refunds requested by staff. The row is written before Stripe is called, so that a crash neither repeats nor loses a refund.

`request_refund` only writes the row, which waits for the approval of a second staff member (`users.approvals`). Refunds by a
rule (`billing.stripe.refund_rules`) need none. `billing.stripe.refund_sending` sends both.
"""

from datetime import datetime
from decimal import Decimal

from django.db import transaction
from django.db.models import Q, QuerySet, Sum

from billing.models import Adjustment, BillingHistory
from billing.models.adjustments import IS_SENT_REFUND, IS_UNSENT, IS_WITHDRAWN, AdjustmentKind, AdjustmentStatus
from billing.models.invoices import InvoiceStatus
from billing.stripe.values import to_minor_units
from core.currencies import unit_of
from core.errors import ConflictError, DomainError
from users import approvals
from users.models import Approval, User
from users.models.approval import ApprovalAction

# of the others nothing more is charged, and what was paid in part can be refunded
REFUNDABLE = (InvoiceStatus.PAID, InvoiceStatus.REFUNDED, InvoiceStatus.VOID, InvoiceStatus.UNPAID)
# https://docs.stripe.com/api/refunds/object#refund_object-status
REFUND_STATUSES = {
    "pending": AdjustmentStatus.PENDING,
    "requires_action": AdjustmentStatus.PENDING,
    "succeeded": AdjustmentStatus.SUCCEEDED,
    "failed": AdjustmentStatus.FAILED,
    "canceled": AdjustmentStatus.CANCELED,
}


@transaction.atomic
def request_refund(
    *, invoice: BillingHistory, amount: Decimal | None = None, currency: str = "", reason: str, by: User, now: datetime
) -> Adjustment:
    """Request a refund of `amount` of a paid invoice, by default of the remaining amount. Another staff member must approve it.

    Raise DomainError for an invalid amount or currency, and ConflictError for an invoice that can't be refunded.
    """
    found = lock_invoice(invoice)
    row = Adjustment.objects.create(
        user_id=found.user_id,
        invoice=found,
        kind=AdjustmentKind.REFUND,
        amount=validated_amount(found, amount, currency),
        currency=found.currency,
        status=AdjustmentStatus.AWAITING_APPROVAL,
        reason=reason,
        happened_at=now,
        requested_by=by,
    )
    approvals.request(user=row.user, action=ApprovalAction.REFUND, subject_id=row.pk, reason=reason, by=by, now=now)
    return row


def decide_refund(adjustment: Adjustment, *, is_approved: bool, by: User, now: datetime) -> None:
    """Approve or decline a refund that awaits approval, as `users.approvals.decide` does, and raise its errors."""
    requests = Approval.objects.filter(user=adjustment.user_id, action=ApprovalAction.REFUND, subject_id=adjustment.pk)
    approval = requests.order_by("-id").first()
    if approval is None:
        raise ConflictError("not_awaiting_approval", "This refund does not await approval.")
    approvals.decide(approval, is_approved=is_approved, by=by, now=now)


def lock_invoice(invoice: BillingHistory) -> BillingHistory:
    """Return an invoice, locked until the transaction ends, so that its refunds are requested one after the other."""
    found: BillingHistory = BillingHistory.objects.select_for_update().get(pk=invoice.pk)
    return found


def refundable_amount(invoice: BillingHistory) -> Decimal:
    """Return the amount of an invoice that can still be refunded.

    Refunds that are waiting or pending are subtracted, and so are disputes, unless they are won. A failed refund is not.
    """
    if not invoice.stripe_invoice_id or invoice.status not in REFUNDABLE:
        return Decimal(0)
    adjustments = Adjustment.objects.filter(invoice=invoice)
    waiting = adjustments.filter(Q(kind=AdjustmentKind.REFUND, status=AdjustmentStatus.AWAITING_APPROVAL) | IS_UNSENT)
    # the larger of the amount that Stripe has reported and the sum of our rows, because either may be behind
    refunded = max(invoice.amount_refunded, _sum_amounts(adjustments.filter(IS_SENT_REFUND)))
    gone = refunded + _sum_amounts(waiting) + _sum_amounts(adjustments.filter(IS_WITHDRAWN))
    charged = min(invoice.amount_collected, invoice.amount - invoice.paid_from_credit)
    return max(charged - gone, Decimal(0))


def _sum_amounts(rows: QuerySet[Adjustment]) -> Decimal:
    return rows.aggregate(total=Sum("amount"))["total"] or Decimal(0)


def validated_amount(invoice: BillingHistory, amount: Decimal | None, currency: str = "") -> Decimal:
    """Return the amount to refund, by default the rest. Raise DomainError if it can't be refunded."""
    if not invoice.stripe_invoice_id:
        raise ConflictError("unknown_at_stripe", "This invoice was not charged through Stripe, so Stripe can't refund it.")
    if invoice.status not in REFUNDABLE:
        raise ConflictError("not_paid", f"Only a paid invoice can be refunded; this one is {invoice.status}.")
    if currency and currency != invoice.currency:
        sentence = f"The invoice is in {invoice.currency}; it can't be refunded in {currency}."
        raise DomainError("other_currency", sentence, field="currency")
    if invoice.amount_collected == 0:
        how = " It was paid from credit, or outside of Stripe." if invoice.status == InvoiceStatus.PAID else ""
        raise ConflictError("nothing_was_charged", f"Nothing was charged for this invoice.{how}")
    left = refundable_amount(invoice)
    if left == 0:
        raise ConflictError("refunded_already", "This invoice is refunded or disputed already, or its refunds are pending.")
    amount = left if amount is None else amount
    if not 0 < amount <= left:
        sentence = f"Between {unit_of(invoice.currency)} and {left} {invoice.currency} can be refunded, not {amount}."
        raise DomainError("over_refund", sentence, field="amount")
    to_minor_units(amount, invoice.currency)
    return amount
