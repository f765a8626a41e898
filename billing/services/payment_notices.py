"""The texts of notices about payments. Each names the amount, the day and the remedy."""

from datetime import datetime
from decimal import Decimal
from typing import Protocol

from billing.models import BillingHistory, StripeCustomer, Subscription
from billing.models.invoices import OWED
from billing.services.customer_notices import CustomerNotice, format_amount, format_day
from billing.services.plan_access import access_of, grace_period
from billing.stripe.objects import OpenPayment
from system.models import Severity
from users.models import User


class CollectibleInvoice(Protocol):
    """The attributes of a Stripe invoice that dunning needs, as `billing.stripe.objects.StripeInvoice` has them."""

    @property
    def status(self) -> str: ...
    @property
    def amount_remaining(self) -> Decimal: ...
    @property
    def attempt_count(self) -> int: ...
    @property
    def next_payment_attempt(self) -> datetime | None: ...
    @property
    def hosted_url(self) -> str: ...
    @property
    def payment(self) -> OpenPayment: ...
    @property
    def is_awaited(self) -> bool: ...


def payment_failed_notice(user: User, invoice: BillingHistory, stripe: CollectibleInvoice, *, now: datetime) -> CustomerNotice:
    """Return the notice about a failed attempt: the amount, the card, the next attempt, the end of access and the remedy."""
    retry_at = stripe.next_payment_attempt
    if retry_at:
        title, severity = "Your payment did not go through", Severity.HIGH
        then = f"We will try again on {format_day(user, retry_at)}." if stripe.payment.is_retried else ""
    else:
        title, severity = "Your last payment attempt failed", Severity.CRITICAL
        due = format_day(user, invoice.billing_date)
        then = f"This was the last attempt for the invoice of {due}, and your subscription may end now."
    then = f"{then} {_access_end_sentence(user, invoice, now)}".strip()
    message = "\n".join(filter(None, (_failure(user, invoice, stripe), then, _remedy(user, stripe))))
    return CustomerNotice(title, message, severity, action_required=True)


def processing_notice(user: User, invoice: BillingHistory, stripe: CollectibleInvoice, *, now: datetime) -> CustomerNotice:
    """Return the notice about a bank debit that is under way, which asks for nothing."""
    amount = format_amount(stripe.amount_remaining, invoice.currency)
    message = (
        f"Your bank account is being debited with {amount} for the invoice of {format_day(user, invoice.billing_date)}. "
        "Your bank can take up to 14 days to confirm it.\n"
        f"You do not need to pay again, and we will tell you the result.{_access_while_processing(invoice, now)}"
    )
    return CustomerNotice("Your payment is under way", message, Severity.LOW)


def awaited_payment_notice(user: User, invoice: BillingHistory, stripe: CollectibleInvoice) -> CustomerNotice:
    """Return the notice about the payment that a plan change or a resumption waits for."""
    subscription = invoice.subscription
    if subscription is None:
        raise ValueError("An invoice without a subscription has no change that waits for it.")
    title = "Confirm your payment" if stripe.payment.needs_authentication else "Your payment did not go through"
    remedy = f"Pay now: {stripe.hosted_url}"
    message = f"{_failure(user, invoice, stripe)}\n{_consequence(user, subscription)}\n{remedy}"
    return CustomerNotice(title, message, Severity.HIGH, action_required=True, expires_at=subscription.pending_until)


def awaited_payment_expired_notice(user: User, invoice: BillingHistory) -> CustomerNotice:
    """Return the notice that a change was discarded, because its payment was not made in time."""
    amount = charged_amount(invoice)
    plan = f"Your plan is still {invoice.subscription.plan.name}. " if invoice.subscription else ""
    by = f"by {format_day(user, invoice.due_date)}" if invoice.due_date else "in time"
    paid = format_amount(invoice.amount_collected, invoice.currency)
    result = f"the {paid} that you paid are refunded" if invoice.amount_collected else "nothing was charged"
    failure = f"The payment of {amount} for your change was not made {by}, so {result}."
    return CustomerNotice("Your change did not take effect", f"{failure} {plan}You can make the change again.")


def uncollected_notice(user: User, invoice: BillingHistory, stripe: CollectibleInvoice, *, now: datetime) -> CustomerNotice:
    """Return the notice that an invoice was voided or given up. One that access still waits for can be paid."""
    stopped = _stop_sentence(user, invoice, stripe.amount_remaining)
    if stripe.status != "void" and _closes_access(invoice):
        more = f"{_access_end_sentence(user, invoice, now)}\n{_remedy(user, stripe)}"
    else:
        more = "The invoice was closed, and you do not need to pay it."
    return CustomerNotice("We stopped collecting your payment", f"{stopped} {more}")


def subscription_ended_notice(user: User, invoice: BillingHistory) -> CustomerNotice:
    """Return the notice that a subscription has ended, and that its unpaid invoice is no longer collected."""
    remaining = (invoice.amount if invoice.amount_due is None else invoice.amount_due) - invoice.amount_collected
    stopped = _stop_sentence(user, invoice, max(remaining, Decimal(0)))
    return CustomerNotice("Your subscription has ended", f"{stopped} To continue, subscribe to a plan.")


def paused_notice(
    user: User, subscription: Subscription, *, has_payment_method: bool, resumes_at: datetime | None = None, now: datetime
) -> CustomerNotice:
    """Return the notice that a subscription is paused, and how to resume it. `resumes_at` is when it resumes by itself.

    A pause whose day Stripe does not tell began by the day on which it was found.
    """
    plan = subscription.plan
    price = format_amount(subscription.recurring_amount, subscription.currency)
    since = subscription.current_period_end
    was_trial = since is not None and since == subscription.trial_end
    day = f" on {format_day(user, since)}" if since else f" by {format_day(user, now)}"
    reason = f"Your trial of {plan.name} ended{day} without a card." if was_trial else f"{plan.name} was paused{day}."
    charge = f"{price} {plan.billing_cycle} are charged from then on, less any credit."
    add_card = "" if has_payment_method else "add a card in the billing portal, then "
    if resumes_at is not None:
        ends = f"It resumes by itself on {format_day(user, resumes_at)}: {charge}"
        then = f"{ends} To resume earlier, {add_card}resume the subscription; to end it, cancel it."
    else:
        then = f"{f'{add_card}resume'.capitalize()} the subscription at any time: {charge}"
    message = f"{reason} You have no access to the plan, and nothing is charged.\n{then}"
    return CustomerNotice("Your subscription is paused", message, Severity.HIGH, action_required=True)


def resumption_notice(user: User, subscription: Subscription, *, resumes_at: datetime, amount: Decimal) -> CustomerNotice:
    """Return the notice, some days before, that a pause ends by itself."""
    charge = format_amount(amount, subscription.currency)
    message = (
        f"Your pause of {subscription.plan.name} ends on {format_day(user, resumes_at)}. A new period begins, and {charge} are "
        f"charged to {card_description(user)}.\nTo avoid this, cancel the subscription before then."
    )
    return CustomerNotice("Your subscription resumes soon", message, Severity.MEDIUM, expires_at=resumes_at)


def not_resumed_notice(user: User, subscription: Subscription, *, resumes_at: datetime) -> CustomerNotice:
    """Return the notice that a pause could not end, because there is nothing to charge."""
    price = format_amount(subscription.recurring_amount, subscription.currency)
    message = (
        f"Your pause of {subscription.plan.name} should have ended on {format_day(user, resumes_at)}, but there is no card to "
        f"charge {price} to. It stays paused, and nothing is charged.\n"
        "Add a card in the billing portal, then resume the subscription. To end it, cancel it."
    )
    return CustomerNotice("Your subscription could not resume", message, Severity.HIGH, action_required=True)


def _stop_sentence(user: User, invoice: BillingHistory, remaining: Decimal) -> str:
    amount = format_amount(remaining, invoice.currency)
    return f"We no longer try to collect the {amount} of {format_day(user, invoice.billing_date)}."


def _closes_access(invoice: BillingHistory) -> bool:
    """Return True if a subscription is not active because of an invoice: it is the newest of those that are owed."""
    subscription = invoice.subscription
    if subscription is None or subscription.is_active:
        return False
    newer = BillingHistory.objects.filter(user=invoice.user_id, subscription=subscription, status__in=OWED)
    return not newer.filter(billing_date__gt=invoice.billing_date).exists()


def _failure(user: User, invoice: BillingHistory, stripe: CollectibleInvoice) -> str:
    amount, payment = format_amount(stripe.amount_remaining, invoice.currency), stripe.payment
    if payment.is_bank_debit:
        reason = " because there were not enough funds" if payment.decline_code == "insufficient_funds" else ""
        return f"Your bank did not pay the debit of {amount}{reason}."
    card = card_description(user)
    if payment.needs_authentication:
        return f"Your bank requires you to confirm the payment of {amount} with {card}."
    return f"We could not charge {amount} to {card}. It was declined."


def _consequence(user: User, subscription: Subscription) -> str:
    """Return a sentence about the subscription until its change is paid."""
    end = subscription.pending_until
    until = f" by {format_day(user, end)} at {end.astimezone(user.zone):%H:%M}" if end else ""
    if subscription.pending_plan is None:
        return f"Your subscription resumes when it is paid{until}."
    change = f"Your plan changes to {subscription.pending_plan.name} when it is paid{until}."
    return f"{change} Otherwise it stays {subscription.plan.name}, and nothing is charged."


def _remedy(user: User, stripe: CollectibleInvoice) -> str:
    """Return the ways to pay. A URL ends its line, so that mail programs do not add other text to the link."""
    now = f"Pay now: {stripe.hosted_url}" if stripe.hosted_url else ""
    later = ""
    if stripe.next_payment_attempt and stripe.payment.is_retried:
        later = "change your card in the billing portal before the next attempt."
    elif stripe.next_payment_attempt:
        day = format_day(user, stripe.next_payment_attempt)
        later = f"add another card in the billing portal, which is charged on {day}. We do not try this one again."
    if now and later:
        return f"{now}\nOr {later}"
    return now or later[:1].upper() + later[1:] or "Contact support to pay."


def _access_while_processing(invoice: BillingHistory, now: datetime) -> str:
    if invoice.subscription is None:
        return ""
    [(_, access)] = access_of([invoice.subscription], now=now)
    return " Your access continues." if access.is_open else " Your access returns when it is paid."


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


def charged_amount(invoice: BillingHistory) -> str:
    """Return the amount that Stripe charges for an invoice, which is less than its total if credit pays a part."""
    return format_amount(invoice.amount if invoice.amount_due is None else invoice.amount_due, invoice.currency)


def card_description(user: User) -> str:
    """Return the customer's card for use in a sentence, such as `your card Visa •••• 4242`."""
    customer = StripeCustomer.objects.filter(user=user).first()
    return f"your card {customer.card}" if customer and customer.card else "your card"
