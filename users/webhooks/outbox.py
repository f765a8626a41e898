"""The outbox: messages for a user's endpoints about the changes of each committed transaction.

The change log is written in the transaction of the change (`core.changes`), and so is the job that calls `create_messages`
(`users/migrations/sql/webhooks.sql`). Each endpoint stores the position up to which it has messages. A change is therefore
neither missed nor turned into two messages, whenever a worker dies.
"""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple
from uuid import UUID

import orjson
from django.db import connection, transaction

from core import changes
from users.models import WebhookEndpoint, WebhookMessage
from users.webhooks.objects import KIND_OF_TABLE

MAX_IDS = 100  # in one message; a receiver reads the others from the API
MAX_POSITIONS = 500  # in one transaction
CHANGED_OBJECTS = Path(__file__).with_name("changed_objects.sql").read_text()


class ChangedObjects(NamedTuple):
    """The objects of one kind that one transaction changed."""

    position: int
    changeset: UUID
    table_name: str
    changed_count: int
    ids: list[str]
    deleted_count: int
    deleted_ids: list[str]

    @property
    def event_type(self) -> str:
        return f"{KIND_OF_TABLE[self.table_name]}.changed"

    def body(self) -> str:
        data = {
            "object": KIND_OF_TABLE[self.table_name],
            "position": self.position,
            "count": self.changed_count,
            "ids": self.ids,
            "deleted_count": self.deleted_count,
            "deleted_ids": self.deleted_ids,
        }
        committed_at = datetime.fromtimestamp((self.changeset.int >> 80) / 1000, UTC)  # the time in a UUIDv7
        return body_of(self.event_type, committed_at, data)


def body_of(event_type: str, timestamp: datetime, data: dict[str, Any]) -> str:
    """Return the body of a message, in the form that Standard Webhooks recommends."""
    instant = timestamp.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return orjson.dumps({"type": event_type, "timestamp": instant, "data": data}).decode()


def create_messages(user_id: UUID, *, now: datetime) -> None:
    """Create the messages about all changes that are committed and that the endpoints have no messages about."""
    while _create_some_messages(user_id, now):
        pass


@transaction.atomic
def _create_some_messages(user_id: UUID, now: datetime) -> bool:
    """Create the messages of the next MAX_POSITIONS positions, and return True if there are further ones."""
    enabled = WebhookEndpoint.objects.filter(user_id=user_id).enabled()
    endpoints = list(enabled.select_for_update(no_key=True).order_by("id"))
    if not endpoints:
        return False
    last, first = changes.position_of(user_id), min(endpoint.position for endpoint in endpoints)
    until = min(last, first + MAX_POSITIONS)
    messages = [
        WebhookMessage(
            user_id=user_id,
            endpoint=endpoint,
            event_type=objects.event_type,
            position=objects.position,
            body=objects.body(),
            queued_at=now,
            next_attempt_at=now,
        )
        for objects in changed_objects(user_id, after=first, until=until)
        for endpoint in endpoints
        if objects.position > endpoint.position and endpoint.is_interested_in(objects.event_type)
    ]
    WebhookMessage.objects.bulk_create(messages)
    enabled.filter(position__lt=until).update(position=until)
    return until < last


def changed_objects(user_id: UUID, *, after: int, until: int) -> list[ChangedObjects]:
    """Return the objects that changed after position `after`, until position `until`, oldest first."""
    parameters: dict[str, Any] = {
        "user": user_id,
        "after": after,
        "until": until,
        "tables": list(KIND_OF_TABLE),
        "limit": MAX_IDS,
    }
    with connection.cursor() as cursor:
        cursor.execute(CHANGED_OBJECTS, parameters)
        return [ChangedObjects._make(row) for row in cursor]
