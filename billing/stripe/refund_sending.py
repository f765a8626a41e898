"""The sending of refunds to Stripe, by jobs: `billing.tasks.send_refund`, and every 15 minutes for those that are unsent.

Stripe refunds payments, and an invoice may have several: before the first call, the row is split into one for each payment. The
idempotency key contains the row's key, and so does the refund's metadata: after a lost response the refund is found even if
Stripe no longer has the idempotency key.
"""

from dataclasses import replace
from decimal import Decimal
from uuid import UUID

from django.db import transaction
from django.db.models import Sum

from billing.models import Adjustment, BillingHistory
from billing.models.adjustments import IS_UNSENT, SUBMITTED_STATUSES, AdjustmentStatus, RefundRule
from billing.stripe import client as stripe_client
from billing.stripe.objects import StripePayment, collected_payments, parse_adjustment
from billing.stripe.refunds import REFUND_STATUSES
from billing.stripe.values import to_minor_units
from core.errors import ConflictError, DomainError

MAX_REASON_LENGTH = 500
CHARGE_PREFIXES = ("ch_", "py_")
STRIPE_REASONS = {RefundRule.DOUBLE_PURCHASE: "duplicate"}  # all others are requested_by_customer


def unsent_refund_ids(stripe_customer_id: str = "") -> list[UUID]:
    """Return the keys of refunds that were not sent to Stripe, or whose response was lost. With a customer, only theirs."""
    rows = Adjustment.objects.filter(IS_UNSENT)
    if stripe_customer_id:
        rows = rows.filter(user__stripe_customer__stripe_id=stripe_customer_id)
    return list(rows.order_by("created_at", "pk").values_list("pk", flat=True))


def send_refund(adjustment: Adjustment) -> None:
    """Create a pending refund at Stripe, and store its `stripe_id` and `status`. Idempotent.

    A refund that Stripe rejects becomes `failed`, with Stripe's message in `reason`. Raise PaymentsUnavailableError if Stripe
    is unavailable; the caller retries. Must not run in a transaction that also wrote the row.
    """
    row = Adjustment.objects.filter(IS_UNSENT, pk=adjustment.pk).select_related("invoice").first()
    if row is None:
        return
    try:
        parts = [row] if row.stripe_payment_id else _split_by_payment(row)
    except stripe_client.PaymentsUnavailableError:
        raise
    except DomainError as error:
        _fail(row, error.message)
        return
    for part in parts:
        _send_part(part)


def _send_part(row: Adjustment) -> None:
    try:
        refund = _find_or_create_refund(row)
    except stripe_client.PaymentsUnavailableError:
        raise
    except DomainError as error:
        _fail(row, error.message)
    else:
        _store_stripe_refund(row, refund)


def _split_by_payment(row: Adjustment) -> list[Adjustment]:
    """Assign a refund to the payments of its invoice, largest first. Return the row and those that were split off.

    An amount that no payment has left stays with the first payment, so that Stripe rejects it.
    """
    if row.invoice is None:
        raise ConflictError("unknown_at_stripe", "The invoice of this refund no longer exists.")
    parts, left = [], row.amount
    payments = _payments_of(row.invoice)
    for payment in payments:
        part = min(left, _refundable_of(payment))
        if part > 0:
            parts.append(replace(payment, amount=part))
            left -= part
    first, *others = parts or [replace(payments[0], amount=Decimal(0))]
    return _store_parts(row, [replace(first, amount=first.amount + left), *others])


@transaction.atomic
def _store_parts(row: Adjustment, parts: list[StripePayment]) -> list[Adjustment]:
    found = Adjustment.objects.select_for_update(of=("self",)).filter(IS_UNSENT, pk=row.pk, stripe_payment_id="").first()
    if found is None:  # another job is sending it
        return []
    found.amount, found.stripe_payment_id = parts[0].amount, parts[0].id
    found.save(update_fields=["amount", "stripe_payment_id"])
    copied = ("user_id", "invoice_id", "kind", "currency", "status", "reason", "rule", "happened_at")
    people = ("requested_by_id", "approved_by_id")
    same = {name: getattr(found, name) for name in (*copied, *people)}
    others = [Adjustment.objects.create(**same, amount=part.amount, stripe_payment_id=part.id) for part in parts[1:]]
    return [found, *others]


def _payments_of(invoice: BillingHistory) -> tuple[StripePayment, ...]:
    """Return the payments that Stripe collected for an invoice, largest first."""
    found = collected_payments(stripe_client.call("invoices.retrieve", invoice.stripe_invoice_id, {"expand": ["payments"]}))
    if not found:
        raise ConflictError("nothing_was_charged", "Nothing was charged for it: it was paid from credit, or elsewhere.")
    return found


def _refundable_of(payment: StripePayment) -> Decimal:
    """Return the amount of a payment that was not refunded, and that no unsent refund is for."""
    refunds = map(parse_adjustment, stripe_client.list_all("refunds", **_parameter(payment.id)))
    refunded = sum((item.amount for item in refunds if REFUND_STATUSES.get(item.status) in SUBMITTED_STATUSES), Decimal(0))
    unsent = Adjustment.objects.filter(IS_UNSENT, stripe_payment_id=payment.id).aggregate(total=Sum("amount"))["total"]
    return max(payment.amount - refunded - (unsent or Decimal(0)), Decimal(0))


def _parameter(payment: str) -> dict[str, str]:
    """Return a payment as the parameter of a refund: `{"payment_intent": id}` or `{"charge": id}`."""
    return {"charge" if payment.startswith(CHARGE_PREFIXES) else "payment_intent": payment}


def _find_or_create_refund(row: Adjustment) -> stripe_client.Object:
    paid_by = _parameter(row.stripe_payment_id)
    for refund in stripe_client.list_all("refunds", **paid_by):
        if refund["metadata"].get("adjustment") == str(row.pk):
            return refund
    parameters = {
        **paid_by,
        "amount": to_minor_units(row.amount, row.currency),
        "reason": STRIPE_REASONS.get(RefundRule(row.rule), "requested_by_customer") if row.rule else "requested_by_customer",
        "metadata": {"adjustment": str(row.pk)},
    }
    return stripe_client.write("refunds.create", parameters, key=f"refund-{row.pk}")


def _fail(row: Adjustment, sentence: str) -> None:
    reason = f"{row.reason} - {sentence}".removeprefix(" - ")[:MAX_REASON_LENGTH]
    Adjustment.objects.filter(IS_UNSENT, pk=row.pk).update(status=AdjustmentStatus.FAILED, reason=reason)


@transaction.atomic
def _store_stripe_refund(row: Adjustment, refund: stripe_client.Object) -> None:
    """Store Stripe's response, and delete the row that a webhook may have created for the same refund before."""
    Adjustment.objects.filter(user_id=row.user_id, stripe_id=refund["id"]).exclude(pk=row.pk).delete()
    status = REFUND_STATUSES.get(refund["status"], AdjustmentStatus.PENDING)
    Adjustment.objects.filter(IS_UNSENT, pk=row.pk).update(stripe_id=refund["id"], status=status)
