"""Refunds requested by staff. The row is written before Stripe is called, so that a crash neither repeats nor loses a refund.

`request_refund` only writes the row, and a large refund waits for an approval (`users.approvals`). The job
`billing.tasks.send_refund` sends it, and every 15 minutes another job retries unsent refunds. The idempotency key contains the
row's key, and so does the refund's metadata: after a lost response the refund is found even if Stripe no longer has the
idempotency key.
"""

from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import Q, Sum

from billing.models import Adjustment, BillingHistory
from billing.models.adjustments import AdjustmentKind, AdjustmentStatus
from billing.models.invoices import InvoiceStatus
from billing.stripe import client as stripe_client
from billing.stripe.objects import to_minor_units
from core.currencies import unit_of
from core.errors import ConflictError, DomainError
from users import approvals
from users.models import Approval, User
from users.models.approval import ApprovalAction

REFUNDABLE = (InvoiceStatus.PAID, InvoiceStatus.REFUNDED)
SUBMITTED_STATUSES = (AdjustmentStatus.PENDING, AdjustmentStatus.SUCCEEDED)
# https://docs.stripe.com/api/refunds/object#refund_object-status
REFUND_STATUSES = {
    "pending": AdjustmentStatus.PENDING,
    "requires_action": AdjustmentStatus.PENDING,
    "succeeded": AdjustmentStatus.SUCCEEDED,
    "failed": AdjustmentStatus.FAILED,
    "canceled": AdjustmentStatus.CANCELED,
}
MAX_REASON_LENGTH = 500
IS_UNSENT = Q(kind=AdjustmentKind.REFUND, status=AdjustmentStatus.PENDING, stripe_id="")


@transaction.atomic
def request_refund(
    *, invoice: BillingHistory, amount: Decimal | None = None, currency: str = "", reason: str, by: User, now: datetime
) -> Adjustment:
    """Request a refund of `amount` of a paid invoice, by default of the remaining amount.

    Return the row: `pending`, to be sent, or `awaiting_approval` above REFUND_APPROVAL_ABOVE. Raise DomainError for an invalid
    amount or currency, and ConflictError for an invoice that can't be refunded.
    """
    found = BillingHistory.objects.select_for_update().get(pk=invoice.pk)
    amount = _validated_amount(found, amount, currency)
    needs_approval = amount > settings.REFUND_APPROVAL_ABOVE
    status = AdjustmentStatus.AWAITING_APPROVAL if needs_approval else AdjustmentStatus.PENDING
    row = Adjustment.objects.create(
        user_id=found.user_id,
        invoice=found,
        kind=AdjustmentKind.REFUND,
        amount=amount,
        currency=found.currency,
        status=status,
        reason=reason,
        happened_at=now,
        requested_by=by,
    )
    if needs_approval:
        approvals.request(user=row.user, action=ApprovalAction.REFUND, subject_id=row.pk, reason=reason, by=by, now=now)
    return row


def decide_refund(adjustment: Adjustment, *, is_approved: bool, by: User, now: datetime) -> None:
    """Approve or decline a refund that awaits approval, as `users.approvals.decide` does, and raise its errors."""
    requests = Approval.objects.filter(user=adjustment.user_id, action=ApprovalAction.REFUND, subject_id=adjustment.pk)
    approval = requests.order_by("-id").first()
    if approval is None:
        raise ConflictError("not_awaiting_approval", "This refund does not await approval.")
    approvals.decide(approval, is_approved=is_approved, by=by, now=now)


def refundable_amount(invoice: BillingHistory) -> Decimal:
    """Return the amount of an invoice that can still be refunded. Refunds that are waiting or pending are subtracted."""
    if not invoice.stripe_invoice_id or invoice.status not in REFUNDABLE:
        return Decimal(0)
    refunds = Adjustment.objects.filter(invoice=invoice, kind=AdjustmentKind.REFUND)
    ours = Q(status=AdjustmentStatus.AWAITING_APPROVAL) | IS_UNSENT
    waiting, sent = refunds.filter(ours), refunds.filter(status__in=SUBMITTED_STATUSES).exclude(IS_UNSENT)
    # the larger of the amount that Stripe has reported and the sum of our rows, because either may be behind
    refunded = max(invoice.amount_refunded, _sum_amounts(sent))
    return max(invoice.amount - invoice.paid_from_credit - refunded - _sum_amounts(waiting), Decimal(0))


def _sum_amounts(rows: Any) -> Decimal:
    return rows.aggregate(total=Sum("amount"))["total"] or Decimal(0)


def _validated_amount(invoice: BillingHistory, amount: Decimal | None, currency: str) -> Decimal:
    """Return the amount to refund. Raise DomainError if it can't be refunded."""
    if not invoice.stripe_invoice_id:
        raise ConflictError("unknown_at_stripe", "This invoice was not charged through Stripe, so Stripe can't refund it.")
    if invoice.status not in REFUNDABLE:
        raise ConflictError("not_paid", f"Only a paid invoice can be refunded; this one is {invoice.status}.")
    if currency and currency != invoice.currency:
        sentence = f"The invoice is in {invoice.currency}; it can't be refunded in {currency}."
        raise DomainError("other_currency", sentence, field="currency")
    if invoice.amount and invoice.paid_from_credit == invoice.amount:
        raise ConflictError("nothing_was_charged", "Nothing was charged for this invoice. It was paid from credit.")
    left = refundable_amount(invoice)
    if left == 0:
        raise ConflictError("refunded_already", "This invoice is already refunded, or its refunds are pending.")
    amount = left if amount is None else amount
    if not 0 < amount <= left:
        sentence = f"Between {unit_of(invoice.currency)} and {left} {invoice.currency} can be refunded, not {amount}."
        raise DomainError("over_refund", sentence, field="amount")
    to_minor_units(amount, invoice.currency)
    return amount


def unsent_refund_ids() -> list[UUID]:
    """Return the keys of refunds that were not sent to Stripe, or whose response was lost."""
    return list(Adjustment.objects.filter(IS_UNSENT).order_by("created_at").values_list("pk", flat=True))


def send_refund(adjustment: Adjustment) -> None:
    """Create a pending refund at Stripe, and store its `stripe_id` and `status`. Idempotent.

    A refund that Stripe rejects becomes `failed`, with Stripe's message in `reason`. Raise PaymentsUnavailableError if Stripe
    is unavailable; the caller retries. Must not run in a transaction that also wrote the row.
    """
    row = Adjustment.objects.filter(IS_UNSENT, pk=adjustment.pk).select_related("invoice").first()
    if row is None:
        return
    try:
        refund = _find_or_create_refund(row)
    except stripe_client.PaymentsUnavailableError:
        raise
    except DomainError as error:
        _fail(row, error.message)
    else:
        _store_stripe_refund(row, refund)


def _find_or_create_refund(row: Adjustment) -> stripe_client.Object:
    if row.invoice is None:
        raise ConflictError("unknown_at_stripe", "The invoice of this refund no longer exists.")
    paid_by = _payment_of(row.invoice)
    for refund in stripe_client.list_all("refunds", **paid_by):
        if refund["metadata"].get("adjustment") == str(row.pk):
            return refund
    minor = to_minor_units(row.amount, row.currency)
    parameters = {**paid_by, "amount": minor, "reason": "requested_by_customer", "metadata": {"adjustment": str(row.pk)}}
    return stripe_client.write("refunds.create", parameters, key=f"refund-{row.pk}")


def _payment_of(invoice: BillingHistory) -> dict[str, str]:
    """Return the largest payment of an invoice as a refund's parameter: `{"payment_intent": id}` or `{"charge": id}`."""
    found = stripe_client.call("invoices.retrieve", invoice.stripe_invoice_id, {"expand": ["payments"]})
    paid = [payment for payment in found["payments"]["data"] if payment["status"] == "paid"]
    if not paid:
        raise ConflictError("nothing_was_charged", "Nothing was charged for it: it was paid from credit, or elsewhere.")
    payment = max(paid, key=lambda payment: payment["amount_paid"] or 0)["payment"]
    return {payment["type"]: payment[payment["type"]]}


def _fail(row: Adjustment, sentence: str) -> None:
    reason = f"{row.reason} - {sentence}".removeprefix(" - ")[:MAX_REASON_LENGTH]
    Adjustment.objects.filter(IS_UNSENT, pk=row.pk).update(status=AdjustmentStatus.FAILED, reason=reason)


@transaction.atomic
def _store_stripe_refund(row: Adjustment, refund: stripe_client.Object) -> None:
    """Store Stripe's response, and delete the row that a webhook may have created for the same refund before."""
    Adjustment.objects.filter(user_id=row.user_id, stripe_id=refund["id"]).exclude(pk=row.pk).delete()
    status = REFUND_STATUSES.get(refund["status"], AdjustmentStatus.PENDING)
    Adjustment.objects.filter(IS_UNSENT, pk=row.pk).update(stripe_id=refund["id"], status=status)
