"""Webhooks of the demo customers: one that they have disabled, so that the demo sends no request, with its last messages."""

from datetime import date, timedelta

from django.db import transaction

from core import clock
from users.models import User, WebhookAttempt, WebhookEndpoint, WebhookMessage
from users.webhooks import signatures
from users.webhooks.outbox import body_of

URL = "https://hooks.mingus.example/changes"
SUCCESS, FAILURE = (200, "", 84, "OK"), (503, "status", 131, "Service Unavailable")
# the kind of object, the state of its message, and the attempts
MESSAGES = (
    ("account", "delivered", [SUCCESS]),
    ("transaction", "delivered", [FAILURE, SUCCESS]),
    ("goal", "failed", [FAILURE] * 8),
)


@transaction.atomic
def load(user: User, *, today: date) -> None:
    """Create the webhook with its messages. Existing rows stay."""
    if WebhookEndpoint.objects.for_user(user).exists():
        return
    endpoint = WebhookEndpoint.objects.create(
        user=user, name="Home server", url=URL, is_enabled=False, secret=signatures.new_secret()
    )
    for number, (kind, status, attempts) in enumerate(MESSAGES, 1):
        sent_at = clock.now() - timedelta(days=len(MESSAGES) - number + 1)
        data = {"object": kind, "position": number, "count": 0, "ids": [], "deleted_count": 0, "deleted_ids": []}
        message = WebhookMessage.objects.create(
            user=user,
            endpoint=endpoint,
            event_type=f"{kind}.changed",
            position=number,
            body=body_of(f"{kind}.changed", sent_at, data),
            status=status,
            attempt_count=len(attempts),
            queued_at=sent_at,
        )
        for response_status, error, duration, excerpt in attempts:
            values = {"response_status": response_status, "error": error, "duration_ms": duration, "response_excerpt": excerpt}
            WebhookAttempt.objects.create(user=user, message=message, **values)
