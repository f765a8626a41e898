"""The timeline of a payment that does not come: each attempt, what the customer was told, and how it ended.

Stripe makes the attempts, at times that its dashboard decides; this follows them. Every step has a key, so that the projection
may say the same thing as often as it likes. Once an invoice is paid or given up, nobody is reminded of it any more.
"""

from datetime import datetime
from typing import Protocol

from django.db import transaction
from django.db.models import QuerySet

from billing.models import BillingHistory, DunningStep, StripeCustomer, Subscription
from billing.models.dunning import DunningKind
from billing.models.invoices import OWED, InvoiceStatus
from billing.models.subscriptions import SubscriptionStatus
from billing.services.customer_notices import CustomerNotice, format_amount, format_day, notify_customer
from billing.services.plan_access import access_of, grace_period
from system.models import Severity
from users.models import User

UNCOLLECTED_STATUSES = ("void", "uncollectible")  # statuses of Stripe's invoices whose collection has stopped
PAID_STATUSES = (InvoiceStatus.PAID, InvoiceStatus.REFUNDED)
ENDED_STATUSES = (SubscriptionStatus.CANCELED, SubscriptionStatus.INCOMPLETE_EXPIRED)
FINAL_KINDS = (DunningKind.PAID, DunningKind.STOPPED)


class CollectibleInvoice(Protocol):
    """The attributes of a Stripe invoice that dunning needs, as `billing.stripe.objects.StripeInvoice` has them."""

    @property
    def status(self) -> str: ...
    @property
    def attempt_count(self) -> int: ...
    @property
    def next_payment_attempt(self) -> datetime | None: ...
    @property
    def hosted_url(self) -> str: ...


@transaction.atomic
def record_dunning(*, user: User, invoice: BillingHistory, stripe: CollectibleInvoice, now: datetime) -> None:
    """Follow one of `user`'s invoices, as it stands here and at Stripe."""
    if invoice.status in PAID_STATUSES:
        _record_payment(user, invoice, now)
    elif stripe.status in UNCOLLECTED_STATUSES:
        _record_stop(user, invoice, "We stopped asking for a payment", "The invoice was taken back.", now)
    elif invoice.status in OWED and stripe.attempt_count > 0:
        _record_attempt(user, invoice, stripe, now)


@transaction.atomic
def stop_dunning(*, user: User, subscription: Subscription, now: datetime) -> None:
    """End the timelines of a subscription that is over: nobody is asked to pay for what he does not get."""
    if subscription.status in ENDED_STATUSES:
        for invoice in BillingHistory.objects.filter(user=user, subscription=subscription, status__in=OWED):
            _record_stop(user, invoice, "Your subscription has ended", "To come back, subscribe to a plan.", now)


def _record_attempt(user: User, invoice: BillingHistory, stripe: CollectibleInvoice, now: datetime) -> None:
    place = f"{_name(invoice)}:{stripe.attempt_count}"
    note = f"attempt {stripe.attempt_count}"
    again = stripe.next_payment_attempt
    if not _record_step(user, DunningKind.ATTEMPT, f"attempt:{place}", now, invoice=invoice, next_attempt_at=again, note=note):
        DunningStep.objects.filter(user=user, key=f"attempt:{place}").update(next_attempt_at=again)
    elif not _is_over(user, invoice):
        notice = payment_failed_notice(user, invoice, stripe, now=now)
        _record_step(
            user, DunningKind.NOTICE, f"notice:{place}", now, invoice=invoice, next_attempt_at=again, note=notice.message
        )
        notify_customer(user, notice, now=now)


def _is_over(user: User, invoice: BillingHistory) -> bool:
    """Check whether collection has stopped: by payment, by `stop_dunning`, or because the subscription has ended."""
    ended = invoice.subscription is not None and invoice.subscription.status in ENDED_STATUSES
    return ended or _steps(user, invoice).filter(kind__in=FINAL_KINDS).exists()


def _record_payment(user: User, invoice: BillingHistory, now: datetime) -> None:
    """The happy end of a timeline; an invoice that was paid at once has none."""
    if not _steps(user, invoice).filter(kind=DunningKind.ATTEMPT).exists():
        return
    if _record_step(user, DunningKind.PAID, f"paid:{_name(invoice)}", invoice.paid_at or now, invoice=invoice):
        message = f"Thank you: we have received {format_amount(invoice.amount, invoice.currency)}. There is nothing more to do."
        notify_customer(user, CustomerNotice("Your payment has arrived", message, Severity.LOW), now=now)


def _record_stop(user: User, invoice: BillingHistory, title: str, more: str, now: datetime) -> None:
    steps = _steps(user, invoice)
    if not steps.filter(kind=DunningKind.ATTEMPT).exists() or steps.filter(kind__in=FINAL_KINDS).exists():
        return
    _record_step(user, DunningKind.STOPPED, f"stopped:{_name(invoice)}", now, invoice=invoice, note=title)
    amount = format_amount(invoice.amount, invoice.currency)
    message = f"We do not try to collect the {amount} of {format_day(user, invoice.billing_date)} any more. {more}"
    notify_customer(user, CustomerNotice(title, message), now=now)


def payment_failed_notice(user: User, invoice: BillingHistory, stripe: CollectibleInvoice, *, now: datetime) -> CustomerNotice:
    """What is said after a failed attempt: the amount, the card, what happens when, and what to do."""
    amount = format_amount(invoice.amount, invoice.currency)
    card = card_description(user)
    what = f"We could not charge {amount} to {card}: it was declined, or your bank wants you to confirm the payment."
    again = stripe.next_payment_attempt
    then = (
        f"We try again on {format_day(user, again)}."
        if again
        else "This was the last attempt, and your subscription may end now."
    )
    title = "Your payment did not go through" if again else "Your last payment attempt failed"
    severity = Severity.HIGH if again else Severity.CRITICAL
    then = f"{then} {_access_end_sentence(user, invoice, now)}".rstrip()
    return CustomerNotice(title, f"{what}\n{then}\n{_remedy(stripe)}", severity, action_required=True)


def _remedy(stripe: CollectibleInvoice) -> str:
    """What the customer can do; an address ends its line, so that nothing is taken for a part of it."""
    now = f"Pay now: {stripe.hosted_url}" if stripe.hosted_url else ""
    later = "change your card in the billing portal before the next attempt." if stripe.next_payment_attempt else ""
    if now and later:
        return f"{now}\nOr {later}"
    return now or later.capitalize() or "Ask support how to pay."


def _access_end_sentence(user: User, invoice: BillingHistory, now: datetime) -> str:
    """What stays open while nobody pays, and until when."""
    if invoice.subscription is None:
        return ""
    [(_, access)] = access_of([invoice.subscription], now=now)
    # one that is still active was read a moment before the attempt failed
    until = invoice.billing_date + grace_period() if invoice.subscription.is_active else access.until
    if not access.is_open or until is None or until <= now:
        return "What your plan opens is closed until it is paid."
    return f"Unless it is paid, what your plan opens closes on {format_day(user, until)}."


def card_description(user: User) -> str:
    """The card that pays, as a sentence has it."""
    customer = StripeCustomer.objects.filter(user=user).first()
    return f"your card {customer.card}" if customer and customer.card else "your card"


def _steps(user: User, invoice: BillingHistory) -> QuerySet[DunningStep]:
    return DunningStep.objects.filter(user=user, invoice=invoice)


def _record_step(user: User, kind: DunningKind, key: str, at: datetime, **more: object) -> bool:
    """Write a step down, unless it is there; says whether it was new."""
    defaults = {"kind": kind, "happened_at": at, **more}
    _, is_new = DunningStep.objects.get_or_create(user=user, key=key, defaults=defaults)
    return bool(is_new)


def _name(invoice: BillingHistory) -> str:
    return invoice.stripe_invoice_id or str(invoice.pk)
