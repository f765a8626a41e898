"""The customer of an event whose object names a payment or an invoice instead: disputes, refunds, fraud warnings, reviews."""

import logging
from typing import Any

import orjson

from billing.models import BillingHistory, StripeCustomer, StripeEvent
from billing.models.stripe_events import EventState
from billing.stripe import client as stripe_client
from billing.stripe.event_types import SYNCED_EVENT_REGEX
from billing.stripe.values import id_of
from core.errors import DomainError

logger = logging.getLogger(__name__)

MAX_AT_ONCE = 50

# the fields that name an object which has a customer, and the call that reads it
REFERENCES = {
    "charge": "charges.retrieve",
    "payment_intent": "payment_intents.retrieve",
    "invoice": "invoices.retrieve",
}


def store_customers(event: StripeEvent) -> None:
    """Store the customer of an event whose object names none, and those of the other waiting events of this kind.

    Together they can be processed by one sync, and each payment or invoice is read once.
    """
    known: dict[str, str] = {}
    if not event.stripe_customer_id:
        _store(event, known)
    # not those that failed, which would be read again with every event
    unnamed = StripeEvent.objects.filter(state=EventState.WAITING, stripe_customer_id="", type__regex=SYNCED_EVENT_REGEX)
    for other in unnamed.exclude(body="").exclude(pk=event.pk).order_by("pk")[:MAX_AT_ONCE]:
        try:
            _store(other, known)
        except DomainError as error:  # it is raised again when that event is processed, and must not stop this one
            logger.info("The customer of event %s could not be read: %s", other.stripe_id, error)


def _store(event: StripeEvent, known: dict[str, str]) -> None:
    event.stripe_customer_id = _find_customer(event, known)
    if event.stripe_customer_id:
        StripeEvent.objects.filter(pk=event.pk).update(stripe_customer_id=event.stripe_customer_id)


def _find_customer(event: StripeEvent, known: dict[str, str]) -> str:
    """Return the ID of the customer that an event is about, "" if there is none at Stripe. Its body may be cleared."""
    thing = object_of(event) if event.body else {}
    for name, method in REFERENCES.items():
        key = _key_of(thing.get(name))
        if key and key not in known:
            known[key] = (name == "invoice" and _customer_here(key)) or _customer_at_stripe(method, key)
        if key and known[key]:
            return known[key]
    return ""


def _customer_here(invoice: str) -> str:
    """Return the customer of an invoice, "" if it is not stored."""
    owners = BillingHistory.objects.filter(stripe_invoice_id=invoice).values("user")
    return StripeCustomer.objects.filter(user__in=owners).values_list("stripe_id", flat=True).first() or ""


def object_of(event: StripeEvent) -> dict[str, Any]:
    """Return the object of an event as it was received."""
    found: dict[str, Any] = orjson.loads(event.body)["data"]["object"]
    return found


def _key_of(value: Any) -> str:
    key = id_of(value) if isinstance(value, dict) and "id" in value else value
    return key if isinstance(key, str) else ""


def _customer_at_stripe(method: str, key: str) -> str:
    """Return the customer of an object, "" if the object has none or no longer exists."""
    try:
        return id_of(stripe_client.call(method, key).get("customer"))
    except stripe_client.StripeNotFoundError:
        return ""
