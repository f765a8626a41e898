"""Dunning: records failed payment attempts and their outcome, and notifies the customer.

Stripe makes the attempts, on the schedule that is set in its dashboard. Every step has a key, so that repeated syncs record it
once. Once an invoice is paid or its collection has stopped, no more notices are sent.
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
    """Record the collection of one of `user`'s invoices. `stripe` is the same invoice at Stripe."""
    if invoice.status in PAID_STATUSES:
        _record_payment(user, invoice, now)
    elif stripe.status in UNCOLLECTED_STATUSES:
        _record_stop(user, invoice, "We stopped collecting your payment", "The invoice was closed.", now)
    elif invoice.status in OWED and stripe.attempt_count > 0:
        _record_attempt(user, invoice, stripe, now)


@transaction.atomic
def stop_dunning(*, user: User, subscription: Subscription, now: datetime) -> None:
    """Stop the dunning of a subscription that has ended: customers are not asked to pay for access that they do not get."""
    if subscription.status in ENDED_STATUSES:
        for invoice in BillingHistory.objects.filter(user=user, subscription=subscription, status__in=OWED):
            _record_stop(user, invoice, "Your subscription has ended", "To continue, subscribe to a plan.", now)


def _record_attempt(user: User, invoice: BillingHistory, stripe: CollectibleInvoice, now: datetime) -> None:
    place = f"{_name(invoice)}:{stripe.attempt_count}"
    retry_at = stripe.next_payment_attempt
    attempt: dict[str, object] = {"invoice": invoice, "next_attempt_at": retry_at}
    if not _record_step(user, DunningKind.ATTEMPT, f"attempt:{place}", now, **attempt, note=f"attempt {stripe.attempt_count}"):
        DunningStep.objects.filter(user=user, key=f"attempt:{place}").update(next_attempt_at=retry_at)
    elif not _is_over(user, invoice):
        notice = payment_failed_notice(user, invoice, stripe, now=now)
        _record_step(user, DunningKind.NOTICE, f"notice:{place}", now, **attempt, note=notice.message)
        notify_customer(user, notice, now=now)


def _is_over(user: User, invoice: BillingHistory) -> bool:
    """Check whether collection has stopped: by payment, by `stop_dunning`, or because the subscription has ended."""
    ended = invoice.subscription is not None and invoice.subscription.status in ENDED_STATUSES
    return ended or _steps(user, invoice).filter(kind__in=FINAL_KINDS).exists()


def _record_payment(user: User, invoice: BillingHistory, now: datetime) -> None:
    """Record a payment, unless the first attempt succeeded."""
    if not _steps(user, invoice).filter(kind=DunningKind.ATTEMPT).exists():
        return
    if _record_step(user, DunningKind.PAID, f"paid:{_name(invoice)}", invoice.paid_at or now, invoice=invoice):
        message = f"Thank you. We have received {charged_amount(invoice)}. No further action is needed."
        notify_customer(user, CustomerNotice("Payment received", message, Severity.LOW), now=now)


def _record_stop(user: User, invoice: BillingHistory, title: str, more: str, now: datetime) -> None:
    steps = _steps(user, invoice)
    if not steps.filter(kind=DunningKind.ATTEMPT).exists() or steps.filter(kind__in=FINAL_KINDS).exists():
        return
    _record_step(user, DunningKind.STOPPED, f"stopped:{_name(invoice)}", now, invoice=invoice, note=title)
    amount = charged_amount(invoice)
    message = f"We no longer try to collect the {amount} of {format_day(user, invoice.billing_date)}. {more}"
    notify_customer(user, CustomerNotice(title, message), now=now)


def payment_failed_notice(user: User, invoice: BillingHistory, stripe: CollectibleInvoice, *, now: datetime) -> CustomerNotice:
    """Return the notice about a failed attempt: the amount, the card, the next attempt, the end of access and the remedy."""
    amount = charged_amount(invoice)
    card = card_description(user)
    failure = f"We could not charge {amount} to {card}. It was declined, or your bank requires you to confirm the payment."
    retry_at = stripe.next_payment_attempt
    if retry_at:
        title, severity = "Your payment did not go through", Severity.HIGH
        then = f"We will try again on {format_day(user, retry_at)}."
    else:
        title, severity = "Your last payment attempt failed", Severity.CRITICAL
        then = "This was the last attempt, and your subscription may end now."
    then = f"{then} {_access_end_sentence(user, invoice, now)}".rstrip()
    return CustomerNotice(title, f"{failure}\n{then}\n{_remedy(stripe)}", severity, action_required=True)


def charged_amount(invoice: BillingHistory) -> str:
    """Return the amount that Stripe charges for an invoice, which is less than its total if credit pays a part."""
    return format_amount(invoice.amount if invoice.amount_due is None else invoice.amount_due, invoice.currency)


def _remedy(stripe: CollectibleInvoice) -> str:
    """Return the ways to pay. A URL ends its line, so that mail programs do not add other text to the link."""
    now = f"Pay now: {stripe.hosted_url}" if stripe.hosted_url else ""
    later = "change your card in the billing portal before the next attempt." if stripe.next_payment_attempt else ""
    if now and later:
        return f"{now}\nOr {later}"
    return now or later.capitalize() or "Contact support to pay."


def _access_end_sentence(user: User, invoice: BillingHistory, now: datetime) -> str:
    """Return a sentence about access while the invoice is unpaid, "" if it has no subscription."""
    if invoice.subscription is None:
        return ""
    [(_, access)] = access_of([invoice.subscription], now=now)
    # a subscription that is still active was read just before the attempt failed
    until = invoice.billing_date + grace_period() if invoice.subscription.is_active else access.until
    if not access.is_open or until is None or until <= now:
        return "You have no access to your plan until it is paid."
    return f"Unless it is paid, access to your plan ends on {format_day(user, until)}."


def card_description(user: User) -> str:
    """Return the customer's card for use in a sentence, such as `your card Visa •••• 4242`."""
    customer = StripeCustomer.objects.filter(user=user).first()
    return f"your card {customer.card}" if customer and customer.card else "your card"


def _steps(user: User, invoice: BillingHistory) -> QuerySet[DunningStep]:
    return DunningStep.objects.filter(user=user, invoice=invoice)


def _record_step(user: User, kind: DunningKind, key: str, at: datetime, **more: object) -> bool:
    """Create a step unless it exists, and return True if it is new."""
    defaults = {"kind": kind, "happened_at": at, **more}
    _, is_new = DunningStep.objects.get_or_create(user=user, key=key, defaults=defaults)
    return bool(is_new)


def _name(invoice: BillingHistory) -> str:
    return invoice.stripe_invoice_id or str(invoice.pk)
