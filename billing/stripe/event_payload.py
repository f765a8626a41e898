"""Payloads of Stripe's webhooks: events with their object ("snapshots"), and thin events, which only refer to an object."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from core.errors import DomainError
from core.json_input import parsed

THIN_EVENT = "v2.core.event"
MAX_ID_LENGTH = 255
MAX_LENGTHS = {"id": 255, "type": 100}


@dataclass(frozen=True)
class EventPayload:
    """The parts of a payload that are stored in columns. An absent one is ""."""

    id: str
    type: str
    api_version: str
    customer: str
    object_id: str
    created: datetime


def parsed_event(payload: bytes, *, now: datetime) -> EventPayload:
    """Parse a verified payload. Raise DomainError (400) if it is not an event."""
    found = parsed(payload)
    if not isinstance(found, dict) or found.get("object") not in ("event", THIN_EVENT):
        raise DomainError("no_event", 'The body must be an object with "object": "event".')
    if not all(isinstance(found.get(name), str) and 0 < len(found[name]) <= size for name, size in MAX_LENGTHS.items()):
        raise DomainError("no_event", "An event needs an id and a type.")
    if b"\\u0000" in payload or b"\0" in payload:
        raise DomainError("malformed", "The body contains a NUL character, which can't be stored.")
    thing = _object_of(found)
    return EventPayload(
        id=found["id"],
        type=found["type"],
        api_version=_text(found.get("api_version"))[:40],
        customer=_customer_of(thing),
        object_id=_text(thing.get("id")),
        created=_instant(found.get("created"), now),
    )


def _object_of(found: dict[str, Any]) -> dict[str, Any]:
    """Return the object of an event. That of a thin event has only its ID and type, and some thin events have none."""
    if found["object"] == THIN_EVENT:
        related = found.get("related_object")
        return {"id": related.get("id"), "object": related.get("type")} if isinstance(related, dict) else {}
    data = found.get("data")
    if not isinstance(data, dict) or not isinstance(data.get("object"), dict):
        raise DomainError("no_event", "An event needs an object in its data.")
    thing: dict[str, Any] = data["object"]
    return thing


def _customer_of(thing: dict[str, Any]) -> str:
    """Return the ID of the customer that an event is about: the object itself, or the customer of the object."""
    customer = thing.get("id") if thing.get("object") == "customer" else thing.get("customer")
    return _text(customer.get("id") if isinstance(customer, dict) else customer)


def _text(value: Any) -> str:
    return value[:MAX_ID_LENGTH] if isinstance(value, str) else ""


def _instant(value: Any, now: datetime) -> datetime:
    """Return the instant of an event in seconds, or of a thin event in ISO 8601; `now` if it can't be read."""
    try:
        if isinstance(value, str):
            at = datetime.fromisoformat(value)
            return at if at.tzinfo else at.replace(tzinfo=UTC)
        return datetime.fromtimestamp(value, UTC)
    except (TypeError, ValueError, OverflowError, OSError):
        return now
