"""Dunning: records payment attempts, bank debits under way and their outcome, and notifies the customer.

Stripe makes the attempts, on the schedule that is set in its dashboard. Every step has a key, so that repeated syncs record it
once. Once an invoice is paid or its collection has stopped, no more notices are sent.
"""

from collections.abc import Callable
from datetime import datetime
from functools import partial

from django.db import transaction
from django.db.models import QuerySet

from billing.models import BillingHistory, DunningStep, Subscription
from billing.models.dunning import DunningKind
from billing.models.invoices import OWED, InvoiceStatus
from billing.models.subscriptions import SubscriptionStatus
from billing.services.customer_notices import CustomerNotice, format_day, notify_customer
from billing.services.payment_notices import (
    CollectibleInvoice,
    awaited_payment_expired_notice,
    awaited_payment_notice,
    charged_amount,
    payment_failed_notice,
    processing_notice,
    subscription_ended_notice,
    uncollected_notice,
)
from system.models import Severity
from users.models import User

UNCOLLECTED_STATUSES = ("void", "uncollectible")  # statuses of Stripe's invoices whose collection has stopped
PAID_STATUSES = (InvoiceStatus.PAID, InvoiceStatus.REFUNDED)
ENDED_STATUSES = (SubscriptionStatus.CANCELED, SubscriptionStatus.INCOMPLETE_EXPIRED)
FINAL_KINDS = (DunningKind.PAID, DunningKind.STOPPED)


@transaction.atomic(savepoint=False)  # a sync calls it in its own transaction
def record_dunning(*, user: User, invoice: BillingHistory, stripe: CollectibleInvoice, now: datetime) -> None:
    """Record the collection of one of `user`'s invoices. `stripe` is the same invoice at Stripe."""
    if invoice.status in PAID_STATUSES:
        _record_payment(user, invoice, now)
    elif stripe.status in UNCOLLECTED_STATUSES:
        _record_stop(user, invoice, lambda: _stop_notice(user, invoice, stripe, now), now)
    elif stripe.payment.is_processing:
        _record_processing(user, invoice, stripe, now)
    elif stripe.is_awaited and stripe.attempt_count > 0:
        _record_awaited_payment(user, invoice, stripe, now)
    elif invoice.status in OWED and stripe.attempt_count > 0:
        _record_attempt(user, invoice, stripe, now)


@transaction.atomic(savepoint=False)  # a sync calls it in its own transaction
def stop_dunning(*, user: User, subscription: Subscription, now: datetime) -> None:
    """Stop the dunning of a subscription that has ended: customers are not asked to pay for access that they do not get."""
    if subscription.status in ENDED_STATUSES:
        for invoice in BillingHistory.objects.filter(user=user, subscription=subscription, status__in=OWED):
            _record_stop(user, invoice, partial(subscription_ended_notice, user, invoice), now)


def _record_attempt(user: User, invoice: BillingHistory, stripe: CollectibleInvoice, now: datetime) -> None:
    place = f"{_name(invoice)}:{stripe.attempt_count}"
    retry_at = stripe.next_payment_attempt
    if stripe.payment.is_bank_debit:  # its grace period begins with this attempt, also if no event told that it was under way
        key = f"processing:{place}"
        _record_step(user, DunningKind.PROCESSING, key, now, invoice=invoice, note="A bank debit was under way.")
    attempt: dict[str, object] = {"invoice": invoice, "next_attempt_at": retry_at}
    if not _record_step(user, DunningKind.ATTEMPT, f"attempt:{place}", now, **attempt, note=f"attempt {stripe.attempt_count}"):
        DunningStep.objects.filter(user=user, key=f"attempt:{place}").update(next_attempt_at=retry_at)
    elif not _has_ended(invoice) and not _steps(user, invoice).filter(kind__in=FINAL_KINDS).exists():
        notice = payment_failed_notice(user, invoice, stripe, now=now)
        _record_step(user, DunningKind.NOTICE, f"notice:{place}", now, **attempt, note=notice.message)
        notify_customer(user, notice, now=now)


def _record_processing(user: User, invoice: BillingHistory, stripe: CollectibleInvoice, now: datetime) -> None:
    """Tell the customer once for each debit that it is under way."""
    notice = processing_notice(user, invoice, stripe, now=now)
    key = f"processing:{_name(invoice)}:{stripe.attempt_count}"
    if _record_step(user, DunningKind.PROCESSING, key, now, invoice=invoice, note=notice.message):
        notify_customer(user, notice, now=now)


def _record_awaited_payment(user: User, invoice: BillingHistory, stripe: CollectibleInvoice, now: datetime) -> None:
    """Ask once for the payment that a plan change or a resumption waits for."""
    notice = awaited_payment_notice(user, invoice, stripe)
    if _record_step(user, DunningKind.NOTICE, _awaited_key(invoice), now, invoice=invoice, note=notice.message):
        notify_customer(user, notice, now=now)


def _has_ended(invoice: BillingHistory) -> bool:
    return invoice.subscription is not None and invoice.subscription.status in ENDED_STATUSES


def _record_payment(user: User, invoice: BillingHistory, now: datetime) -> None:
    """Record a payment, unless the first attempt succeeded at once."""
    if not _steps(user, invoice).exists():
        return
    if _record_step(user, DunningKind.PAID, f"paid:{_name(invoice)}", invoice.paid_at or now, invoice=invoice):
        day = format_day(user, invoice.paid_at or now)
        message = f"Thank you. We have received {charged_amount(invoice)} on {day}. No further action is needed."
        notify_customer(user, CustomerNotice("Payment received", message, Severity.LOW), now=now)


def _record_stop(user: User, invoice: BillingHistory, notice_of: Callable[[], CustomerNotice], now: datetime) -> None:
    """Record that collection has stopped, if the customer was told that it had begun. `notice_of` returns their notice."""
    steps = _steps(user, invoice)
    was_awaited = steps.filter(key=_awaited_key(invoice)).exists()
    if not (was_awaited or steps.filter(kind=DunningKind.ATTEMPT).exists()) or steps.filter(kind__in=FINAL_KINDS).exists():
        return
    notice = awaited_payment_expired_notice(user, invoice) if was_awaited else notice_of()
    _record_step(user, DunningKind.STOPPED, f"stopped:{_name(invoice)}", now, invoice=invoice, note=notice.title)
    notify_customer(user, notice, now=now)


def _stop_notice(user: User, invoice: BillingHistory, stripe: CollectibleInvoice, now: datetime) -> CustomerNotice:
    if _has_ended(invoice):  # a payment would be refunded
        return subscription_ended_notice(user, invoice)
    return uncollected_notice(user, invoice, stripe, now=now)


def _steps(user: User, invoice: BillingHistory) -> QuerySet[DunningStep]:
    return DunningStep.objects.filter(user=user, invoice=invoice)


def _record_step(user: User, kind: DunningKind, key: str, at: datetime, **more: object) -> bool:
    """Create a step unless it exists, and return True if it is new."""
    defaults = {"kind": kind, "happened_at": at, **more}
    _, is_new = DunningStep.objects.get_or_create(user=user, key=key, defaults=defaults)
    return bool(is_new)


def _awaited_key(invoice: BillingHistory) -> str:
    return f"awaited:{_name(invoice)}"


def _name(invoice: BillingHistory) -> str:
    return invoice.stripe_invoice_id or str(invoice.pk)
