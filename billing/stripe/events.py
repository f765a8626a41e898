"""The inbox: events are stored as they are received, and processed afterwards with retries."""

import traceback
from collections.abc import Iterable
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import F

from billing.models import StripeCustomer, StripeEvent
from billing.models.stripe_events import EventState
from billing.services.staff_notices import notify_staff
from billing.stripe import client as stripe_client
from billing.stripe import fraud_warnings
from billing.stripe.customer_objects import receipts_of
from billing.stripe.event_customers import object_of, store_customers
from billing.stripe.event_payload import parsed_event
from billing.stripe.event_types import (
    CHARGE_EVENT_TYPES,
    FRAUD_WARNING_TYPES,
    REFUND_EVENT_TYPES,
    SYNCED_EVENT_REGEX,
    delivery_notes,
    reason_to_ignore,
)
from billing.stripe.sync import SyncResult, lock_customer, sync_customer
from core.errors import ConflictError, DomainError
from core.postgres.failures import QUERY_TIMEOUT, failure_of

STORED_HEADERS = ("Stripe-Signature", "User-Agent", "X-Request-Id")
EVENT_BODY_RETENTION = timedelta(days=90)
OVERDUE_AFTER = timedelta(minutes=1)
BATCH = 200
MAX_ATTEMPTS = 20  # with the job's retries and the job that runs every five minutes, over an hour
ABANDONED_OUTCOME = (
    f"{MAX_ATTEMPTS} attempts failed. The nightly comparison still checks the customer. "
    "Replay the event when the error is fixed."
)


def store_event(payload: bytes, *, headers: dict[str, str], now: datetime) -> tuple[StripeEvent, bool]:
    """Store a verified event once, however often it is delivered, and return its row and True if it is new.

    Raise DomainError (400) if the payload is not an event.
    """
    found = parsed_event(payload, now=now)
    row = StripeEvent(
        stripe_id=found.id,
        type=found.type,
        api_version=found.api_version,
        stripe_customer_id=found.customer,
        object_id=found.object_id,
        happened_at=found.created,
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
    """Process an event unless that was done before, and with it all waiting events of its customer, which need the same sync.

    Store the traceback of an error, notify staff once, and raise it. A failure of the database leaves the event as it is, for
    a retry. After MAX_ATTEMPTS the event is abandoned, unless Stripe was unavailable.
    """
    try:
        event = StripeEvent.objects.filter(pk=key).waiting().first()
        if event is None:
            return
        # before the transaction, because it writes events of other customers, which are locked only after their customer
        reason = reason_to_ignore(event, now=now)
        if not reason:
            store_customers(event)
        with transaction.atomic():
            _process(event, reason or ("" if event.stripe_customer_id else "The event has no customer."), now)
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


def _process(event: StripeEvent, reason: str, now: datetime) -> None:
    """Process an event, or ignore it for a reason."""
    if reason:
        for row in StripeEvent.objects.filter(pk=event.pk).waiting().select_for_update():
            _record_outcome(row, EventState.IGNORED, reason, now)
        return
    rows = _lock_events_of_customer(event)
    if event not in rows:
        return  # another worker has processed it while this one waited for the lock
    if any(row.type.startswith(CHARGE_EVENT_TYPES) for row in rows):
        StripeCustomer.objects.filter(stripe_id=event.stripe_customer_id).update(charge_basis="")
    result = sync_customer(
        stripe_customer_id=event.stripe_customer_id,
        now=now,
        with_refunds=any(row.type.startswith(REFUND_EVENT_TYPES) for row in rows),
        receipts=receipts_of(object_of(row) for row in rows if row.type == "charge.succeeded" and row.body),
    )
    for row in rows if result.is_known else ():
        if row.type.startswith(FRAUD_WARNING_TYPES):
            fraud_warnings.report_fraud_warning(row, now=now)
    finish_events(rows, result, now=now)


def finish_events(rows: Iterable[StripeEvent], result: SyncResult, *, now: datetime) -> None:
    """Store the result of the sync of a customer with their events, which must have been stored before Stripe was read."""
    for row in rows:
        if not result.is_known:
            row.body, row.headers = "", {}  # personal data of an unknown person or of an erased account
        state = EventState.HANDLED if result.is_known else EventState.IGNORED
        _record_outcome(row, state, " ".join([str(result), *delivery_notes(row, now=now)]), now)


def _lock_events_of_customer(event: StripeEvent) -> list[StripeEvent]:
    """Lock and return the waiting events of an event's customer.

    The customer is locked first, because workers that hold an event and wait for the customer would block each other. Stripe is
    read afterwards, so that one read covers all these events.
    """
    lock_customer(event.stripe_customer_id)
    of_customer = StripeEvent.objects.filter(stripe_customer_id=event.stripe_customer_id, type__regex=SYNCED_EVENT_REGEX)
    return list(of_customer.waiting().select_for_update().order_by("pk"))


def _record_outcome(row: StripeEvent, state: EventState, outcome: str, now: datetime) -> None:
    row.state, row.attempts, row.handled_at, row.outcome, row.error = state, row.attempts + 1, now, outcome, ""
    row.save(update_fields=["state", "attempts", "handled_at", "outcome", "error", "body", "headers"])


def _record_failure(key: UUID, error: Exception, now: datetime) -> None:
    text, why = "".join(traceback.format_exception(error)), error.message if isinstance(error, DomainError) else ""
    failed = StripeEvent.objects.filter(pk=key).waiting()
    if not failed.update(state=EventState.FAILED, attempts=F("attempts") + 1, error=text, outcome=why):
        return
    is_outage = isinstance(error, stripe_client.PaymentsUnavailableError)
    abandoned = {"state": EventState.ABANDONED, "handled_at": now, "outcome": f"{why} {ABANDONED_OUTCOME}".strip()}
    if not is_outage and failed.filter(attempts__gte=MAX_ATTEMPTS).update(**abandoned):
        notify_staff(title="A Stripe event was abandoned", message=ABANDONED_OUTCOME, now=now)
    else:
        message = f"{why} It will be retried automatically. The event's page in the back office has the error.".strip()
        notify_staff(title="A Stripe event could not be processed", message=message, now=now)
