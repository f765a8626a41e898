"""Withdrawals: a customer who leaves within 14 days of a payment gets the unused time back.

The amount is Stripe's own credit for the unused time, to the second, after discounts and with tax. At most what was charged in
the 14 days is refunded; the rest, which the customer's credit paid, becomes credit again. Both are written to the metadata of
the subscription before it ends, and the sync, which reads them, requests the refunds (`billing.stripe.refund_rules`). A
withdrawal is therefore completed after any failure, and once.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from billing.models import Adjustment, BillingHistory, Subscription
from billing.models.adjustments import AdjustmentKind, AdjustmentStatus
from billing.models.subscriptions import SubscriptionStatus
from billing.services.cancellations import CancellationFeedback
from billing.services.customer_notices import format_day
from billing.stripe import client as stripe_client
from billing.stripe import plan_changes
from billing.stripe.refund_rules import CREDIT_LABEL, REFUND_LABEL, WITHDRAWAL_PERIOD, WITHDRAWN_LABEL, is_withdrawable
from billing.stripe.refunds import REFUNDABLE, refundable_amount
from billing.stripe.values import from_minor_units, to_minor_units
from core.errors import ConflictError

INVOICE_LAG = timedelta(hours=1)  # an invoice may be dated shortly before the period that it begins
NO_DISPUTE = (AdjustmentStatus.WON, AdjustmentStatus.INQUIRY_CLOSED, AdjustmentStatus.CANCELED)
WITHOUT_REFUND = "You can still cancel without a refund."


@dataclass(frozen=True)
class Withdrawal:
    """The amounts that a withdrawal returns now. It is possible until `until`."""

    currency: str
    refund: Decimal
    credit: Decimal
    until: datetime


def preview_withdrawal(subscription: Subscription, *, now: datetime) -> Withdrawal:
    """Return what a withdrawal would return now. Raise ConflictError with the remedy if none is possible."""
    invoices = require_withdrawable(subscription, now=now)
    return withdrawal_of(subscription, invoices, unused=unused_amount(subscription, now=now))


def withdraw(subscription: Subscription, *, feedback: CancellationFeedback, now: datetime) -> None:
    """End a subscription now, and request the refund of its unused time. Raise the errors of `preview_withdrawal`."""
    given = preview_withdrawal(subscription, now=now)
    labels = {
        REFUND_LABEL: str(to_minor_units(given.refund, given.currency)),
        CREDIT_LABEL: str(to_minor_units(given.credit, given.currency)),
        WITHDRAWN_LABEL: str(int(now.timestamp())),
    }
    key = subscription.stripe_subscription_id
    parameters = {"metadata": labels}
    stripe_client.write("subscriptions.update", key, parameters, key=f"withdraw-{key}-{plan_changes.digest(parameters)}")
    plan_changes.cancel_now(subscription, feedback=feedback, now=now)


def require_withdrawable(subscription: Subscription, *, now: datetime) -> list[BillingHistory]:
    """Return the invoices of the period whose payments a withdrawal may return, or raise ConflictError with the remedy."""
    if subscription.is_local or subscription.status == SubscriptionStatus.TRIALING:
        raise ConflictError("nothing_paid", f"Nothing was paid, so there is nothing to refund. {WITHOUT_REFUND}")
    if subscription.status != SubscriptionStatus.ACTIVE:
        sentence = f"The subscription is {subscription.status}: its period is not paid, so nothing is refunded."
        raise ConflictError("not_active", f"{sentence} {WITHOUT_REFUND}")
    paid = _paid_invoices(subscription)
    if not paid:
        raise ConflictError("nothing_paid", f"Nothing was charged for this period. {WITHOUT_REFUND}")
    recent = [invoice for invoice in paid if is_withdrawable(invoice, now=now)]
    if not recent:
        raise _too_late(subscription, paid[0])
    _require_untouched(recent)
    return recent


def withdrawal_of(subscription: Subscription, invoices: Sequence[BillingHistory], *, unused: Decimal) -> Withdrawal:
    """Divide the unused amount into what is refunded and what becomes credit again."""
    refund = min(unused, sum((refundable_amount(invoice) for invoice in invoices), Decimal(0)))
    credit = min(unused - refund, sum((invoice.paid_from_credit for invoice in invoices), Decimal(0)))
    until = max(invoice.paid_at for invoice in invoices if invoice.paid_at) + WITHDRAWAL_PERIOD
    return Withdrawal(subscription.currency, refund, credit, until)


def unused_amount(subscription: Subscription, *, now: datetime) -> Decimal:
    """Return what Stripe would credit for the unused time if the subscription ended now: after discounts, with tax."""
    at = int(now.timestamp())
    parameters = {
        "customer": subscription.stripe_customer_id,
        "subscription": subscription.stripe_subscription_id,
        "subscription_details": {"cancel_now": True, "proration_behavior": "create_prorations", "proration_date": at},
    }
    preview = stripe_client.call("invoices.create_preview", parameters)
    # others are the credits and charges that wait for the next invoice
    unused = [line for line in preview["lines"]["data"] if line["period"]["start"] == at and line["amount"] < 0]
    return from_minor_units(-sum(map(_with_tax, unused)), preview["currency"].upper())


def _with_tax(line: stripe_client.Object) -> int:
    discount = sum(entry["amount"] for entry in line.get("discount_amounts") or [])
    tax = sum(entry["amount"] for entry in line.get("taxes") or [] if entry["tax_behavior"] == "exclusive")
    return int(line["amount"] - discount + tax)


def _paid_invoices(subscription: Subscription) -> list[BillingHistory]:
    """Return the invoices of the present period that were charged, the last paid first."""
    begins = subscription.current_period_start
    rows = BillingHistory.objects.for_user(subscription.user).filter(subscription=subscription, status__in=REFUNDABLE)
    rows = rows.filter(billing_date__gte=begins - INVOICE_LAG) if begins else rows
    return list(rows.filter(amount__gt=0, paid_at__isnull=False).order_by("-paid_at", "-id"))


def _too_late(subscription: Subscription, last_paid: BillingHistory) -> ConflictError:
    user, paid_at = subscription.user, last_paid.paid_at or last_paid.billing_date
    until = format_day(user, paid_at + WITHDRAWAL_PERIOD)
    sentence = f"A refund was possible until {until}, {WITHDRAWAL_PERIOD.days} days after your payment."
    end = subscription.runs_until
    keeps = f"Cancel at the end of the period to keep your access until {format_day(user, end)}." if end else WITHOUT_REFUND
    return ConflictError("refund_too_late", f"{sentence} {keeps}")


def _require_untouched(invoices: Sequence[BillingHistory]) -> None:
    """Raise ConflictError if a payment is disputed, or if it was refunded already."""
    made = Adjustment.objects.filter(invoice__in=invoices)
    if made.filter(kind=AdjustmentKind.DISPUTE).exclude(status__in=NO_DISPUTE).exists():
        sentence = "Your bank handles a dispute about this payment and decides on the money. Withdraw the dispute there first."
        raise ConflictError("disputed", f"{sentence} {WITHOUT_REFUND}")
    if made.exclude(rule="").exists():
        raise ConflictError("refunded_already", f"A part of this payment was refunded already. {WITHOUT_REFUND}")
    if not any(refundable_amount(invoice) or invoice.paid_from_credit for invoice in invoices):
        raise ConflictError("refunded_already", f"This payment was refunded already. {WITHOUT_REFUND}")
