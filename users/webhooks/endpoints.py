"""Actions of users on the endpoints and messages of their webhooks."""

import re
from collections.abc import Iterable
from datetime import datetime, timedelta
from urllib.parse import urlsplit
from uuid import UUID

from django.conf import settings
from django.db import connection, transaction
from django.db.models import QuerySet

from core import changes
from core.errors import ConflictError, DomainError
from users import security_notices
from users.models import User, WebhookEndpoint, WebhookMessage
from users.models.webhooks import MessageStatus
from users.webhooks import signatures
from users.webhooks.objects import TEST_TYPE
from users.webhooks.outbox import body_of

MAX_ENDPOINTS = 10  # of a user
FORMER_SECRET_TIME = timedelta(hours=24)
RETENTION = timedelta(days=30)  # of messages and attempts
HOST = re.compile(r"(?=.{1,253}\Z)(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\.)+[a-z][a-z0-9-]{0,61}[a-z0-9]\Z")
URL_MESSAGE = "Use a URL such as https://hooks.example.com/mingus, with a name as its host, without a password and a fragment."


def check_url(url: str) -> None:
    """Raise DomainError unless messages may be sent to the URL. Its host is resolved for each message, not here."""
    try:
        parts = urlsplit(url)
        port = parts.port or 443
    except ValueError:
        raise DomainError("invalid_url", URL_MESSAGE, field="url") from None
    allows_private, host = settings.WEBHOOKS["allow_private"], parts.hostname or ""
    is_printable = url.isascii() and url.isprintable() and " " not in url
    is_sound = is_printable and parts.scheme == "https" and "@" not in parts.netloc and "#" not in url
    if not is_sound or not (HOST.match(host) or (allows_private and host)):
        raise DomainError("invalid_url", URL_MESSAGE, field="url")
    if port not in settings.WEBHOOKS["ports"] and not allows_private:
        known = ", ".join(map(str, settings.WEBHOOKS["ports"]))
        raise DomainError("invalid_port", f"Port {port} is not allowed. Use one of: {known}.", field="url")


@transaction.atomic
def create_endpoint(*, user: User, name: str, url: str, event_types: list[str], is_enabled: bool) -> WebhookEndpoint:
    """Create an endpoint with a new secret. It gets messages about later changes."""
    check_url(url)
    User.objects.select_for_update(no_key=True).only("pk").get(pk=user.pk)  # so that parallel requests keep the limit
    if WebhookEndpoint.objects.for_user(user).count() >= MAX_ENDPOINTS:
        raise ConflictError("too_many_webhooks", f"A user can have {MAX_ENDPOINTS} webhooks. Delete one first.")
    endpoint = WebhookEndpoint.objects.create(
        user=user,
        name=name,
        url=url,
        event_types=event_types,
        is_enabled=is_enabled,
        secret=signatures.new_secret(),
        position=changes.position_of(user.pk),
    )
    security_notices.notify(user, security_notices.WEBHOOK_MADE, detail=name)
    return endpoint


def enable(endpoint: WebhookEndpoint) -> None:
    """Prepare an endpoint that is being enabled: it gets messages about later changes, and no attempt waits for a pause."""
    endpoint.disabled_reason = ""
    endpoint.failing_since = endpoint.paused_until = None
    endpoint.position = changes.position_of(endpoint.user_id)


def rotate_secret(endpoint: WebhookEndpoint, *, now: datetime) -> None:
    """Give an endpoint a new secret. The former one signs messages for another day, too."""
    endpoint.former_secret, endpoint.secret = endpoint.secret, signatures.new_secret()
    endpoint.former_secret_expires_at = now + FORMER_SECRET_TIME
    endpoint.save()


def send_test(endpoint: WebhookEndpoint, *, now: datetime) -> WebhookMessage:
    """Queue a message of the type `webhook.test`, whatever types the endpoint gets."""
    _require_enabled(endpoint)
    message = WebhookMessage.objects.create(
        user_id=endpoint.user_id,
        endpoint=endpoint,
        event_type=TEST_TYPE,
        body=body_of(TEST_TYPE, now, {}),
        queued_at=now,
        next_attempt_at=now,
    )
    enqueue([endpoint.user_id])
    return message


def replay_since(endpoint: WebhookEndpoint, *, since: datetime, only_failed: bool, now: datetime) -> int:
    """Queue the messages of an endpoint that were created since a time again, except those that wait. Return their number."""
    _require_enabled(endpoint)
    statuses = [MessageStatus.FAILED] if only_failed else [MessageStatus.FAILED, MessageStatus.DELIVERED]
    found = WebhookMessage.objects.filter(user_id=endpoint.user_id, endpoint=endpoint, created_at__gte=since)
    return _queue_again(endpoint.user_id, found.filter(status__in=statuses), now)


def replay(message: WebhookMessage, *, now: datetime) -> None:
    """Queue a message again. Raise ConflictError if it waits, or if its endpoint is disabled."""
    _require_enabled(message.endpoint)
    ended = WebhookMessage.objects.filter(pk=message.pk).exclude(status=MessageStatus.PENDING)
    if not _queue_again(message.user_id, ended, now):
        raise ConflictError("not_ended", "This message is still being delivered. Replay it when it has ended.")
    message.refresh_from_db()


def enqueue(user_ids: Iterable[UUID]) -> None:
    """Enqueue the job that sends the messages of each of these users, unless it waits already."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT users_enqueue_webhooks(customer) FROM unnest(%s::uuid[]) AS customer", [list(user_ids)])


def delete_old_messages(*, now: datetime) -> int:
    """Delete messages with their attempts after RETENTION. Return the number of deleted rows."""
    deleted, _ = WebhookMessage.objects.filter(created_at__lt=now - RETENTION).delete()
    return deleted


def _require_enabled(endpoint: WebhookEndpoint) -> None:
    if not endpoint.is_enabled:
        raise ConflictError("webhook_disabled", "This webhook is disabled. Enable it first.")


def _queue_again(user_id: UUID, messages: QuerySet[WebhookMessage], now: datetime) -> int:
    queued = messages.update(status=MessageStatus.PENDING, attempt_count=0, queued_at=now, next_attempt_at=now)
    if queued:
        enqueue([user_id])
    return queued
