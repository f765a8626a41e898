"""The inbox: events are stored as they are received, and processed afterwards with retries."""

import traceback
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import F

from billing.models import StripeCustomer, StripeEvent
from billing.models.stripe_events import EventState
from billing.services.staff_notices import notify_staff
from billing.stripe.sync import SyncResult, sync_customer
from core.errors import ConflictError, DomainError
from core.json_input import parsed
from core.postgres.failures import QUERY_TIMEOUT, failure_of

STORED_HEADERS = ("Stripe-Signature", "User-Agent", "X-Request-Id")
EVENT_BODY_RETENTION = timedelta(days=90)
OVERDUE_AFTER = timedelta(minutes=1)
BATCH = 200
MAX_ID_LENGTH = 255
# Events of these types are synced. All others are stored and ignored.
SYNCED_EVENT_TYPES = (
    "charge.",
    "checkout.session.",
    "customer.",
    "invoice.",
    "invoice_payment.",
    "invoiceitem.",
    "payment_method.",
    "refund.",
)
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
)


def store_event(payload: bytes, *, headers: dict[str, str], now: datetime) -> tuple[StripeEvent, bool]:
    """Store a verified event once, however often it is delivered, and return its row and True if it is new.

    Raise DomainError (400) if the payload is not an event.
    """
    found = _parsed(payload)
    row = StripeEvent(
        stripe_id=found["id"],
        type=found["type"],
        api_version=found.get("api_version") or "",
        stripe_customer_id=_customer_of(found),
        object_id=_text(found["data"]["object"].get("id")),
        happened_at=_instant(found.get("created"), now),
        body=payload.decode(),
        headers={name: headers[name] for name in STORED_HEADERS if name in headers},
    )
    with transaction.atomic():
        StripeEvent.objects.bulk_create([row], ignore_conflicts=True)
        stored: StripeEvent = StripeEvent.objects.select_for_update().get(stripe_id=row.stripe_id)
        is_new = stored.pk == row.pk
        if not is_new:
            StripeEvent.objects.filter(pk=stored.pk).update(deliveries=F("deliveries") + 1)
    return stored, is_new


def handle_event(key: UUID, *, now: datetime) -> None:
    """Process an event unless that was done before. Store the traceback of an error, notify staff once, and raise it.

    A failure of the database leaves the event as it is, for a retry.
    """
    try:
        with transaction.atomic():
            event = StripeEvent.objects.select_for_update().filter(pk=key).waiting().first()
            if event is not None:
                _record_outcome(event, _process(event, now), now)
    except Exception as error:
        if failure_of(error) in (None, QUERY_TIMEOUT):
            _record_failure(key, error, now)
        raise


def replay_event(*, event: StripeEvent, now: datetime) -> str:
    """Process an event again, whatever its state, and return the outcome. Raise ConflictError if it fails."""
    StripeEvent.objects.filter(pk=event.pk).update(state=EventState.WAITING, handled_at=None)
    try:
        handle_event(event.pk, now=now)
    except Exception as error:
        raise ConflictError("failed_again", f"The event failed again: {error}") from error
    event.refresh_from_db()
    return event.outcome


def unprocessed_events(*, now: datetime) -> list[UUID]:
    """Return the IDs of events that are not processed after a minute, because their job was lost or failed."""
    waiting = StripeEvent.objects.waiting().filter(created_at__lt=now - OVERDUE_AFTER)
    return list(waiting.order_by("attempts", "created_at").values_list("pk", flat=True)[:BATCH])


def clear_event_bodies(*, now: datetime, stripe_customer_id: str = "") -> int:
    """Clear the bodies of a customer's events, or without a customer of all events that are past EVENT_BODY_RETENTION.

    Return the number of events. The events themselves and their outcomes stay.
    """
    of_customer = StripeEvent.objects.filter(stripe_customer_id=stripe_customer_id)
    events = of_customer if stripe_customer_id else StripeEvent.objects.clearable(now - EVENT_BODY_RETENTION)
    return events.update(body="", headers={})


def describe_event(event: StripeEvent) -> str:
    """Return a description of an event and its result, for staff."""
    about = f"Stripe sent {event.type} about {event.object_id or 'an object'}"
    customer = f" of {event.stripe_customer_id}" if event.stripe_customer_id else ""
    times = f", {event.deliveries} times" if event.deliveries > 1 else ""
    result = event.outcome or {
        EventState.WAITING: "It has not been processed yet.",
        EventState.FAILED: f"{event.attempts} attempts failed. It will be retried.",
    }.get(EventState(event.state), "")
    return f"{about}{customer}{times}. {result}"


def _process(event: StripeEvent, now: datetime) -> SyncResult | str:
    if not event.type.startswith(SYNCED_EVENT_TYPES):
        is_expected = (
            event.type.startswith(IGNORED_EVENT_TYPES)
            or StripeEvent.objects.filter(type=event.type).exclude(pk=event.pk).exists()
        )
        if not is_expected:
            message = f"{event.type} was received for the first time and stored. Ask a developer if it should be synced."
            notify_staff(title="Stripe sends events that are not synced", message=message, now=now)
        return f"Events of the type {event.type} are not synced."
    if not event.stripe_customer_id:
        return "The event has no customer."
    if event.type.startswith(
        ("invoiceitem.", "customer.tax_id.")
    ):  # what a customer's next charge reads and no other object shows
        StripeCustomer.objects.filter(stripe_id=event.stripe_customer_id).update(charge_basis="")
    return sync_customer(stripe_customer_id=event.stripe_customer_id, now=now)


def _record_outcome(event: StripeEvent, outcome: SyncResult | str, now: datetime) -> None:
    is_synced = isinstance(outcome, SyncResult) and outcome.is_known
    if isinstance(outcome, SyncResult) and not is_synced:
        event.body, event.headers = "", {}  # personal data of an unknown person or of an erased account
    event.state = EventState.HANDLED if is_synced else EventState.IGNORED
    event.attempts, event.handled_at, event.outcome, event.error = event.attempts + 1, now, str(outcome), ""
    event.save(update_fields=["state", "attempts", "handled_at", "outcome", "error", "body", "headers"])
    if isinstance(outcome, SyncResult) and outcome.problems:
        notify_staff(title="Stripe data could not be synced", message=" ".join(outcome.problems), now=now)


def _record_failure(key: UUID, error: Exception, now: datetime) -> None:
    text = "".join(traceback.format_exception(error))
    failed = StripeEvent.objects.filter(pk=key).waiting()
    if failed.update(state=EventState.FAILED, attempts=F("attempts") + 1, error=text):
        message = "It will be retried automatically. The event's page in the back office has the error."
        notify_staff(title="A Stripe event could not be processed", message=message, now=now)


def _parsed(payload: bytes) -> dict[str, Any]:
    found = parsed(payload)
    if not isinstance(found, dict) or found.get("object") != "event":
        raise DomainError("no_event", 'The body must be an object with "object": "event".')
    if not all(
        isinstance(found.get(name), str) and 0 < len(found[name]) <= size for name, size in (("id", 255), ("type", 100))
    ):
        raise DomainError("no_event", "An event needs an id and a type.")
    data = found.get("data")
    if not isinstance(data, dict) or not isinstance(data.get("object"), dict):
        raise DomainError("no_event", "An event needs an object in its data.")
    if b"\\u0000" in payload or b"\0" in payload:
        raise DomainError("malformed", "The body contains a NUL character, which can't be stored.")
    return found


def _customer_of(found: dict[str, Any]) -> str:
    """Return the ID of the customer that an event is about: the object itself, or the customer of the object."""
    thing = found["data"]["object"]
    customer = thing.get("id") if thing.get("object") == "customer" else thing.get("customer")
    return _text(customer.get("id") if isinstance(customer, dict) else customer)


def _text(value: Any) -> str:
    return value[:MAX_ID_LENGTH] if isinstance(value, str) else ""


def _instant(seconds: Any, now: datetime) -> datetime:
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (TypeError, ValueError, OverflowError, OSError):
        return now
