"""Delivery of messages: at least once, with retries for a day and a half.

A worker reserves a message for LEASE before it sends it. If the worker dies, the message is due again after that time. A
message that was delivered is not sent again, unless a worker died between the response and the commit. Its `webhook-id` is then
the same, by which a receiver recognizes it.
"""

import random
import time
from datetime import datetime, timedelta
from uuid import UUID

from django.core.mail import EmailMessage
from django.db import transaction
from django.db.models import Case, F, Value, When

from core import clock
from core.changes import Position
from system.models import AlertType, Severity
from system.services import alert
from users.models import User, WebhookAttempt, WebhookEndpoint, WebhookMessage
from users.models.webhooks import DisabledReason, MessageStatus
from users.webhooks import sender, signatures
from users.webhooks.sender import Outcome

# seconds after the first, second, … failed attempt; the last one is 36 hours after the first
RETRY_DELAYS = [120, 300, 1_800, 7_200, 18_000, 36_000, 66_000]
MAX_JITTER = 0.1  # a delay is longer or shorter by up to this share, so that the receivers of one server don't meet
MAX_AGE = timedelta(hours=36)  # of a message since it was queued, if its endpoint was paused
PAUSE = timedelta(minutes=1)  # of an endpoint after a failed attempt; shorter than any delay
MAX_FAILING_TIME = timedelta(days=5)  # without a delivery
LEASE = timedelta(minutes=2)  # longer than any attempt
MAX_RUN_SECONDS = 10  # of one job, so that the users take turns, and that a worker which stops can finish it
GONE = 410
USER_AGENT = "MINGUS-Webhooks/1"
TITLE = "A webhook was disabled"
REASONS = {
    DisabledReason.GONE: "the receiver responded that it is gone (410)",
    DisabledReason.FAILING: "no delivery has succeeded for five days",
}


def send_due_messages(user_id: UUID) -> bool:
    """Send the messages of a user that are due, oldest first. Return True if time ran out before all were sent."""
    end = time.monotonic() + MAX_RUN_SECONDS
    while time.monotonic() < end:
        message = reserve_message(user_id, now=clock.now())
        if message is None:
            return False
        record_outcome(message, send(message, now=clock.now()), now=clock.now())
    return True


def users_with_due_messages(*, now: datetime) -> set[UUID]:
    """Return the users with messages that are due, or with changes that have no message yet."""
    due = WebhookMessage.objects.due(now).values_list("user_id", flat=True)
    behind = WebhookEndpoint.objects.enabled().filter(position__lt=Position(F("user_id")))
    return {*due.distinct(), *behind.values_list("user_id", flat=True)}


@transaction.atomic
def reserve_message(user_id: UUID, *, now: datetime) -> WebhookMessage | None:
    """Return the next message that is due, reserved for this worker, or None."""
    due = WebhookMessage.objects.filter(user_id=user_id).due(now)
    locked = due.select_for_update(skip_locked=True, of=("self",)).select_related("endpoint")
    message: WebhookMessage | None = locked.order_by("next_attempt_at", "id").first()
    if message is not None:
        message.attempt_count += 1
        message.next_attempt_at = now + LEASE
        message.save(update_fields=["attempt_count", "next_attempt_at"])
    return message


def send(message: WebhookMessage, *, now: datetime) -> Outcome:
    """Send a message to its endpoint."""
    endpoint, body, timestamp = message.endpoint, message.body.encode(), int(now.timestamp())
    signature = signatures.sign(endpoint.secrets(now), webhook_id=message.webhook_id, timestamp=timestamp, body=body)
    headers = {
        "Content-Type": "application/json",
        "User-Agent": USER_AGENT,
        "webhook-id": message.webhook_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": signature,
    }
    return sender.post(endpoint.url, body=body, headers=headers)


@transaction.atomic
def record_outcome(message: WebhookMessage, outcome: Outcome, *, now: datetime) -> None:
    """Store an attempt, and the state of the message and of its endpoint after it."""
    endpoint = WebhookEndpoint.objects.select_for_update(no_key=True).filter(pk=message.endpoint_id).first()
    if endpoint is None:
        return  # deleted in the meantime, with its messages
    WebhookAttempt.objects.create(
        user_id=message.user_id,
        message=message,
        response_status=outcome.status,
        error=outcome.error,
        duration_ms=round(outcome.duration * 1000),
        response_excerpt=outcome.excerpt,
    )
    if outcome.error:
        _retry_later(message, now)
        _record_failure(endpoint, outcome, now)
    else:
        WebhookMessage.objects.filter(pk=message.pk).update(status=MessageStatus.DELIVERED, next_attempt_at=None)
        if endpoint.failing_since is not None:
            WebhookEndpoint.objects.filter(pk=endpoint.pk).update(failing_since=None, paused_until=None)


def disable(endpoint: WebhookEndpoint, reason: DisabledReason) -> None:
    """Disable an endpoint, and give up its messages."""
    endpoint.is_enabled, endpoint.disabled_reason = False, reason
    endpoint.save(update_fields=["is_enabled", "disabled_reason"])
    give_up_messages(endpoint)


def give_up_messages(endpoint: WebhookEndpoint) -> None:
    """Give up the messages of an endpoint that wait."""
    waiting = WebhookMessage.objects.filter(user_id=endpoint.user_id, endpoint=endpoint, status=MessageStatus.PENDING)
    waiting.update(status=MessageStatus.FAILED, next_attempt_at=None)


def retry_delay(attempt_count: int) -> timedelta | None:
    """Return the time until the next attempt after this many, or None if there is none."""
    if attempt_count > len(RETRY_DELAYS):
        return None
    jitter = random.uniform(1 - MAX_JITTER, 1 + MAX_JITTER)  # noqa: S311 - nothing secret
    return timedelta(seconds=RETRY_DELAYS[attempt_count - 1] * jitter)


def _retry_later(message: WebhookMessage, now: datetime) -> None:
    """Schedule the next attempt, or give the message up. A message that another worker has delivered stays delivered."""
    delay = retry_delay(message.attempt_count)
    is_last = delay is None or now - message.queued_at > MAX_AGE
    status, due = (MessageStatus.FAILED, None) if delay is None or is_last else (MessageStatus.PENDING, now + delay)
    waiting = WebhookMessage.objects.filter(pk=message.pk, status=MessageStatus.PENDING, queued_at=message.queued_at)
    waiting.update(status=status, next_attempt_at=due)


def _record_failure(endpoint: WebhookEndpoint, outcome: Outcome, now: datetime) -> None:
    since = endpoint.failing_since or now
    WebhookEndpoint.objects.filter(pk=endpoint.pk).update(
        failing_since=Case(When(failing_since=None, then=Value(now)), default=F("failing_since")), paused_until=now + PAUSE
    )
    if outcome.status == GONE:
        _disable_and_notify(endpoint, DisabledReason.GONE)
    elif now - since > MAX_FAILING_TIME:
        _disable_and_notify(endpoint, DisabledReason.FAILING)


def _disable_and_notify(endpoint: WebhookEndpoint, reason: DisabledReason) -> None:
    if not endpoint.is_enabled:
        return
    disable(endpoint, reason)
    user = User.objects.get(pk=endpoint.user_id)
    message = (
        f"Messages are no longer sent to the webhook “{endpoint.name}”, because {REASONS[reason]}. "
        "Repair the receiver, then enable the webhook again."
    )
    alert(user=user, alert_type=AlertType.FEATURE, severity=Severity.HIGH, title=TITLE, message=message, action_required=True)
    if user.is_verified:
        EmailMessage(f"[MINGUS] {TITLE}", f"{message}\n\nMINGUS\n", to=[user.email]).send()
