"""Refunds that a colleague asks for. Our row comes first and Stripe after it, so that no crash refunds twice or not at all.

`request_refund` and `decide_refund` only write the row; a job (`billing.tasks.send_refund`, and every quarter of an hour the
one that looks for forgotten ones) sends it. The idempotency key is made from the row's key, and the refund carries that in its
metadata: an answer that was lost is found again, even when Stripe has forgotten the key.
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
from core.errors import ConflictError, DomainError
from users.models import User

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
    """Ask for `amount` of a paid invoice back, or for all that is left of it.

    Gives the row: `pending`, to be sent, or `awaiting_approval` above REFUND_APPROVAL_ABOVE. Raises DomainError for an amount
    or a currency that can't be, ConflictError for an invoice that can't be refunded, or not any more.
    """
    found = BillingHistory.objects.select_for_update().get(pk=invoice.pk)
    amount = _validated_amount(found, amount, currency)
    needs_approval = amount > settings.REFUND_APPROVAL_ABOVE
    status = AdjustmentStatus.AWAITING_APPROVAL if needs_approval else AdjustmentStatus.PENDING
    return Adjustment.objects.create(
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


@transaction.atomic
def decide_refund(adjustment: Adjustment, *, is_approved: bool, by: User, now: datetime) -> Adjustment:
    """Approve or decline a refund that waits for it.

    Raise ConflictError unless it waits, and DomainError (403) for the staff member who asked for it.
    """
    row = Adjustment.objects.select_for_update().get(pk=adjustment.pk)
    if row.status != AdjustmentStatus.AWAITING_APPROVAL:
        raise ConflictError(
            "not_awaiting_approval", f"This does not wait for an approval; it is {row.status.replace('_', ' ')}."
        )
    if row.requested_by_id == by.pk:
        raise DomainError("needs_second_person", "You asked for this refund. Another colleague has to decide.", status=403)
    row.status = AdjustmentStatus.PENDING if is_approved else AdjustmentStatus.DECLINED
    row.approved_by, row.happened_at = by, now
    row.save(update_fields=["status", "approved_by", "happened_at"])
    return row


def refundable_amount(invoice: BillingHistory) -> Decimal:
    """Return what Stripe can still give back of an invoice. Refunds that wait or are on their way count as given."""
    if not invoice.stripe_invoice_id or invoice.status not in REFUNDABLE:
        return Decimal(0)
    refunds = Adjustment.objects.filter(invoice=invoice, kind=AdjustmentKind.REFUND)
    ours = Q(status=AdjustmentStatus.AWAITING_APPROVAL) | IS_UNSENT
    waiting, sent = refunds.filter(ours), refunds.filter(status__in=SUBMITTED_STATUSES).exclude(IS_UNSENT)
    # what Stripe has reported of the invoice, and our own rows, whichever knows more
    given = max(invoice.amount_refunded, _sum_amounts(sent))
    return max(invoice.amount - invoice.paid_from_credit - given - _sum_amounts(waiting), Decimal(0))


def _sum_amounts(rows: Any) -> Decimal:
    return rows.aggregate(total=Sum("amount"))["total"] or Decimal(0)


def _validated_amount(invoice: BillingHistory, amount: Decimal | None, currency: str) -> Decimal:
    """The amount to refund. Raises when it can't be."""
    if not invoice.stripe_invoice_id:
        raise ConflictError("unknown_at_stripe", "This invoice was not charged through Stripe, so Stripe can't refund it.")
    if invoice.status not in REFUNDABLE:
        raise ConflictError("not_paid", f"Only a paid invoice can be refunded; this one is {invoice.status}.")
    if currency and currency != invoice.currency:
        sentence = f"The invoice is in {invoice.currency}; it can't be refunded in {currency}."
        raise DomainError("other_currency", sentence, field="currency")
    if invoice.amount and invoice.paid_from_credit == invoice.amount:
        raise ConflictError("nothing_was_charged", "Nothing was charged for it: it was paid from the credit.")
    left = refundable_amount(invoice)
    if left == 0:
        raise ConflictError("refunded_already", "All of this invoice is refunded, or about to be.")
    amount = left if amount is None else amount
    if not 0 < amount <= left:
        sentence = f"Between 0.01 and {left} {invoice.currency} can be refunded, not {amount}."
        raise DomainError("over_refund", sentence, field="amount")
    try:
        to_minor_units(amount, invoice.currency)
    except ValueError as error:
        message = f"Stripe's amounts in {invoice.currency} have fewer decimals."
        raise DomainError("too_fine", message, field="amount") from error
    return amount


def unsent_refund_ids() -> list[UUID]:
    """The keys of refunds that Stripe has not been told of, or whose answer was lost."""
    return list(Adjustment.objects.filter(IS_UNSENT).order_by("created_at").values_list("pk", flat=True))


def send_refund(adjustment: Adjustment) -> None:
    """Have Stripe refund a pending row, once, however often this is called; `stripe_id` and `status` say what came of it.

    What Stripe refuses becomes `failed`, with its sentence in `reason`. Raises PaymentsUnavailableError when Stripe does not
    answer: call again. Must not run in a transaction that also wrote the row.
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
        raise ConflictError("unknown_at_stripe", "Its invoice is not known any more.")
    paid_by = _payment_of(row.invoice)
    for refund in stripe_client.list_all("refunds", **paid_by):
        if refund["metadata"].get("adjustment") == str(row.pk):
            return refund
    minor = to_minor_units(row.amount, row.currency)
    given = {**paid_by, "amount": minor, "reason": "requested_by_customer", "metadata": {"adjustment": str(row.pk)}}
    return stripe_client.write("refunds.create", given, key=f"refund-{row.pk}")


def _payment_of(invoice: BillingHistory) -> dict[str, str]:
    """What paid an invoice, as a refund names it: `{"payment_intent": id}` or `{"charge": id}`; of several the largest."""
    found = stripe_client.call("invoices.retrieve", invoice.stripe_invoice_id, {"expand": ["payments"]})
    paid = [payment for payment in found["payments"]["data"] if payment["status"] == "paid"]
    if not paid:
        raise ConflictError("nothing_was_charged", "Nothing was charged for it: it was paid from the credit, or elsewhere.")
    payment = max(paid, key=lambda payment: payment["amount_paid"] or 0)["payment"]
    return {payment["type"]: payment[payment["type"]]}


def _fail(row: Adjustment, sentence: str) -> None:
    reason = f"{row.reason} - {sentence}".removeprefix(" - ")[:MAX_REASON_LENGTH]
    Adjustment.objects.filter(IS_UNSENT, pk=row.pk).update(status=AdjustmentStatus.FAILED, reason=reason)


@transaction.atomic
def _store_stripe_refund(row: Adjustment, refund: stripe_client.Object) -> None:
    """Write Stripe's answer down. A webhook may have been quicker and made a row of its own: there is to be one."""
    Adjustment.objects.filter(user_id=row.user_id, stripe_id=refund["id"]).exclude(pk=row.pk).delete()
    status = REFUND_STATUSES.get(refund["status"], AdjustmentStatus.PENDING)
    Adjustment.objects.filter(IS_UNSENT, pk=row.pk).update(stripe_id=refund["id"], status=status)
