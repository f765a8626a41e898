"""Processing of the emulator's events as by the webhook and its job, and descriptions of the events."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import orjson

from billing import services
from billing.services.customer_notices import format_amount
from billing.stripe import client as stripe_client
from billing.stripe import objects as stripe_objects
from billing.stripe.subscription_objects import parse_subscription
from billing.stripe.values import from_minor_units, instant
from core import rls

EVENT_SENTENCES = {
    "customer.subscription.created": "the subscription begins",
    "customer.subscription.trial_will_end": "the trial ends soon",
    "customer.subscription.deleted": "the subscription has ended",
    "customer.subscription.pending_update_expired": "the change was not paid in time and is discarded",
    "customer.subscription.resumed": "the subscription has resumed",
}
ADJUSTMENT_SENTENCES = {
    "refund.created": "a refund of {amount} was made, its status is {status}",
    "refund.failed": "the refund of {amount} has failed",
    "charge.dispute.created": "the {name} about {amount} is opened",
    "charge.dispute.closed": "the {name} about {amount} is {status}",
}


class EventProcessor:
    """A processor that handles each Stripe event since `since` once."""

    def __init__(self, since: datetime) -> None:
        self.since = since
        self.known: set[str] = set()

    def process_new_events(self, now: datetime) -> list[str]:
        """Handle the new events. Return sentences that describe them."""
        listed = stripe_client.list_all("events", created={"gte": int(self.since.timestamp())})
        found = [event for event in listed if event["id"] not in self.known]
        self.since = now
        self.known.update(event["id"] for event in found)
        with rls.as_staff():  # as the webhook's job does, because an event may concern any customer
            rows = [services.store_event(orjson.dumps(event, default=str), headers={}, now=now)[0] for event in reversed(found)]
            for row in rows:  # one sync handles all waiting events of a customer
                services.handle_event(row.pk, now=now)
        return [f"Stripe: {sentence}." for event in reversed(found) for sentence in describe_event(event)]


def describe_event(event: dict[str, Any]) -> Iterator[str]:
    """Yield sentences about an event, none for an event that only repeats others."""
    kind, obj = event["type"], event["data"]["object"]
    if kind in EVENT_SENTENCES:
        yield EVENT_SENTENCES[kind]
    elif kind == "invoice.paid":
        yield f"an invoice of {_amount(obj)} is paid"
    elif kind == "payment_intent.processing":
        amount = from_minor_units(obj["amount"], obj["currency"])
        yield f"a bank debit of {format_amount(amount, obj['currency'].upper())} is under way"
    elif kind == "invoice.payment_action_required":
        yield f"the bank asks the customer to confirm {_amount(obj)}"
    elif kind == "invoice.payment_failed":
        again = instant(obj["next_payment_attempt"])
        yield f"payment attempt {obj['attempt_count']} of {_amount(obj)} failed; " + (
            f"the next one is on {again:%Y-%m-%d}" if again else "it was the last one"
        )
    elif kind == "customer.subscription.updated":
        yield from _changes(obj, event["data"].get("previous_attributes") or {})
    elif kind in ADJUSTMENT_SENTENCES:
        found = stripe_objects.parse_adjustment(obj)
        name = "inquiry" if found.status.startswith("warning_") else "dispute"
        text = format_amount(found.amount, found.currency)
        yield ADJUSTMENT_SENTENCES[kind].format(name=name, amount=text, status=found.status.removeprefix("warning_"))


def _changes(subscription: dict[str, Any], before: dict[str, Any]) -> Iterator[str]:
    if "status" in before:
        yield f"the subscription is {subscription['status']}"
    if before.get("pending_update", subscription) is None:
        yield "the change waits for its payment"
    if "cancel_at_period_end" in before:
        yield "it will end with this period" if subscription["cancel_at_period_end"] else "it will renew again"
    elif "cancel_at" in before:
        ends = instant(subscription["cancel_at"])
        yield f"it will end on {ends:%Y-%m-%d}" if ends else "it will renew again"
    if "discounts" in before:
        yield "it has a discount" if subscription["discounts"] else "its discount has ended"
    if "items" in before:
        yield from _item_changes(subscription, before)


def _item_changes(subscription: dict[str, Any], before: dict[str, Any]) -> Iterator[str]:
    then, now = (parse_subscription({**subscription, **part}) for part in (before, {}))
    if [item.price_id for item in then.items] != [item.price_id for item in now.items]:
        yield "the price has changed"
    if then.current_period_end != now.current_period_end and now.status != "paused":
        yield f"the next period runs until {now.current_period_end:%Y-%m-%d}"


def _amount(invoice: dict[str, Any]) -> str:
    found = stripe_objects.parse_invoice(invoice)
    return format_amount(found.amount_due, found.currency)
