"""The events of Stripe that are synced, and the reasons for which the others are ignored, with the remedy."""

import re
from datetime import datetime, timedelta
from typing import Any

from billing.models import StripeEvent
from billing.services.staff_notices import notify_staff
from billing.stripe import client as stripe_client
from billing.stripe.event_payload import THIN_EVENT
from core.json_input import parsed

FRAUD_WARNING_TYPES = "radar.early_fraud_warning."
# Events of these types are synced. All others are stored and ignored.
SYNCED_EVENT_TYPES = (
    "charge.",
    "checkout.session.",
    "customer.",
    "invoice.",
    "invoice_payment.",
    "invoiceitem.",
    "payment_method.",
    FRAUD_WARNING_TYPES,
    "refund.",
)
SYNCED_EVENT_REGEX = f"^({'|'.join(map(re.escape, SYNCED_EVENT_TYPES))})"
# Events of these types are about refunds and disputes, which are read only then
REFUND_EVENT_TYPES = ("charge.dispute.", "charge.refund", "charge.updated", "refund.")
# These change a customer's next charge, and no other object shows them
CHARGE_EVENT_TYPES = ("customer.tax_id.", "invoiceitem.")
# Staff are not notified of events of these types, which are not synced.
IGNORED_EVENT_TYPES = (
    "balance.",
    "billing_portal.",
    "coupon.",
    "payment_intent.",
    "payout.",
    "plan.",
    "price.",
    "product.",
    "promotion_code.",
    "setup_intent.",
    "tax_rate.",
    "test_helpers.",
    "v2.core.event_destination.ping",
)
LISTED_FOR = timedelta(days=30)  # https://docs.stripe.com/api/events/list
MODES = {True: "live", False: "test"}


def reason_to_ignore(event: StripeEvent, *, now: datetime) -> str:
    """Return the reason for which an event is not synced, "" if it is. Staff are notified once of each that needs a remedy."""
    body: Any = parsed(event.body.encode()) if event.body else {}
    if event.type.startswith(IGNORED_EVENT_TYPES):
        return f"Events of the type {event.type} are not synced."
    if body.get("object") == THIN_EVENT:
        reason = "It is a thin event, which has no customer. At Stripe set the destination's payload style to snapshot."
        notify_staff(title="Stripe sends thin events", message=reason, now=now, is_once=True)
        return reason
    mode = body.get("livemode")
    if isinstance(mode, bool) and stripe_client.is_connected() and mode is not stripe_client.is_live():
        ours = MODES[stripe_client.is_live()]
        reason = (
            f"It is an event of {MODES[mode]} mode, and STRIPE_SECRET_KEY is of {ours} mode. "
            f"Set the key of {MODES[mode]} mode, or delete the webhook endpoint there."
        )
        notify_staff(title="Stripe sends events of the other mode", message=reason, now=now, is_once=True)
        return reason
    if not event.type.startswith(SYNCED_EVENT_TYPES):
        if not StripeEvent.objects.filter(type=event.type).exclude(pk=event.pk).exists():
            message = f"{event.type} was received for the first time and stored. Ask a developer if it should be synced."
            notify_staff(title="Stripe sends events that are not synced", message=message, now=now)
        return f"Events of the type {event.type} are not synced."
    return ""


def delivery_notes(event: StripeEvent, *, now: datetime) -> list[str]:
    """Return sentences about the delivery of a synced event. Staff are notified once of an endpoint of another API version."""
    notes = []
    if event.api_version and event.api_version != stripe_client.API_VERSION:
        wanted = stripe_client.API_VERSION
        version = f"The webhook endpoint has the API version {event.api_version}. At Stripe set it to {wanted}."
        message = f"{version} Until then its events are processed, because the data is read in our version."
        notify_staff(title="The webhook endpoint has another API version", message=message, now=now, is_once=True)
        notes.append(version)
    if event.happened_at < now - LISTED_FOR:
        notes.append("The event is older than 30 days, so Stripe no longer has it. The customer's present data was synced.")
    return notes
