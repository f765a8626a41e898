"""The customer of an event whose object names a payment or an invoice instead: disputes, refunds, fraud warnings, reviews."""

from typing import Any

import orjson

from billing.models import StripeEvent
from billing.stripe import client as stripe_client
from billing.stripe.objects import id_of

# the fields that name an object which has a customer, and the call that reads it
REFERENCES = {
    "charge": "charges.retrieve",
    "payment_intent": "payment_intents.retrieve",
    "invoice": "invoices.retrieve",
}


def find_customer(event: StripeEvent) -> str:
    """Return the ID of the customer that an event is about, "" if there is none at Stripe. Its body may be cleared."""
    if event.stripe_customer_id or not event.body:
        return event.stripe_customer_id
    thing = object_of(event)
    for name, method in REFERENCES.items():
        key = _key_of(thing.get(name))
        customer = _customer_at_stripe(method, key) if key else ""
        if customer:
            return customer
    return ""


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
