"""Webhooks: the endpoints of a user's programs, the messages for them, and the attempts to deliver them."""

from datetime import datetime
from typing import Any, Self

from django.db import models
from django.db.models import Q

from core.encryption.fields import encrypt
from core.models.base import OwnedModel, OwnedQuerySet, gin, same_owner_foreign_key, touch
from core.models.constraints import rule
from core.models.fields import BoundedIntegerField, ChoiceField, JSONListField, NonBlankCharField
from core.privacy.declarations import Erase, Privacy, Restore, internal
from core.privacy.masks import initials, personal

TABLE = "users_webhookendpoint"
MESSAGES = "users_webhookmessage"
ATTEMPTS = "users_webhookattempt"
MAX_URL_LENGTH = 1000
EXCERPT_LENGTH = 200


class DisabledReason(models.TextChoices):
    """Why the service or its staff disabled an endpoint."""

    GONE = "gone", "the receiver returned 410"
    FAILING = "failing", "no delivery succeeded for days"
    SUPPORT = "support", "disabled by support"


class MessageStatus(models.TextChoices):
    PENDING = "pending", "waiting for its first or next attempt"
    DELIVERED = "delivered", "the receiver returned a status of 200 to 299"
    FAILED = "failed", "given up"


class AttemptError(models.TextChoices):
    """Why an attempt without a response failed, or a response other than 200 to 299."""

    STATUS = "status", "the status is not 200 to 299"
    REDIRECT = "redirect", "the status is 300 to 399; redirects are not followed"
    TIMEOUT = "timeout", "no complete response in time"
    CONNECTION = "connection", "no connection, or it was lost"
    CERTIFICATE = "certificate", "the certificate is not valid for the host"
    ADDRESS = "address", "the host has no public address"
    RESPONSE = "response", "the response is not HTTP, or its headers are too long"


class EndpointQuerySet(OwnedQuerySet):
    def enabled(self) -> Self:
        return self.filter(is_enabled=True)


class WebhookEndpoint(OwnedModel):
    """A URL of a user's program, which gets a message when the user's data has changed.

    `position` is the last position of the user whose changes have become messages.
    """

    name = NonBlankCharField(max_length=100, help_text="The user's name for the endpoint.")
    url = models.CharField(max_length=MAX_URL_LENGTH, help_text="The https URL that messages are sent to.")
    event_types = JSONListField(help_text="The types of messages that are sent, such as `transaction.changed`. Empty: all.")
    is_enabled = models.BooleanField(default=True, help_text="True if messages are sent.")
    disabled_reason = ChoiceField(
        DisabledReason, max_length=20, blank=True, help_text="Why it was disabled. Empty unless MINGUS did it."
    )
    failing_since = models.DateTimeField(
        null=True, blank=True, editable=False, help_text="The first failed attempt since the last delivery. Null: none failed."
    )
    paused_until = models.DateTimeField(
        null=True, blank=True, editable=False, help_text="No attempt is made before this time. Null unless the last one failed."
    )
    position = models.BigIntegerField(default=0, editable=False)
    secret: Any = encrypt(models.CharField(max_length=100, editable=False), label="users.webhook_endpoint.secret")
    former_secret: Any = encrypt(
        models.CharField(max_length=100, null=True, editable=False), label="users.webhook_endpoint.former_secret"
    )
    former_secret_expires_at = models.DateTimeField(
        null=True,
        blank=True,
        editable=False,
        help_text="Until then the former secret signs messages, too. Null: there is none.",
    )

    privacy = Privacy(
        export=True,
        erase=Erase.DELETE,
        restore=Restore.NEVER,
        withheld=("secret", "former_secret"),
        reason="URLs of the customer's programs, which are told what has changed; their secrets are not exported",
    )
    personal_fields = personal("url", name=initials)
    unaudited_fields = ("failing_since", "paused_until", "position")  # they change with deliveries

    class Meta(OwnedModel.Meta):
        verbose_name = "webhook"
        constraints = [
            models.UniqueConstraint(fields=["user", "id"], name=f"{TABLE}_owner"),
            rule(f"{TABLE}_url_https", Q(url__startswith="https://"), "Use a URL that begins with https://."),
            rule(
                f"{TABLE}_disabled_reason_disabled",
                Q(is_enabled=False) | Q(disabled_reason=""),
                "An enabled endpoint has no reason for being disabled.",
            ),
        ]
        indexes = [
            models.Index(fields=["user", "-created_at", "-id"], name="users_endpoint_newest"),
            gin(TABLE, "event_types"),
        ]

    objects = EndpointQuerySet.as_manager()  # type: ignore[misc]  # narrower than its base's

    def __str__(self) -> str:
        return self.name

    def is_interested_in(self, event_type: str) -> bool:
        """Return True if the endpoint gets messages of this type."""
        return not self.event_types or event_type in self.event_types

    def secrets(self, now: datetime) -> list[str]:
        """Return the secrets that sign messages: the current one, and the former one until it expires."""
        is_rotating = self.former_secret_expires_at is not None and now < self.former_secret_expires_at
        return [self.secret, self.former_secret] if is_rotating else [self.secret]


class MessageQuerySet(OwnedQuerySet):
    def due(self, now: datetime) -> Self:
        """Return the messages whose next attempt is due at `now`, to enabled endpoints of active users that are not paused."""
        is_open = Q(endpoint__paused_until__isnull=True) | Q(endpoint__paused_until__lte=now)
        receivers = {"endpoint__is_enabled": True, "user__is_active": True}
        return self.filter(is_open, status=MessageStatus.PENDING, next_attempt_at__lte=now, **receivers)


class WebhookMessage(OwnedModel):
    """A message for an endpoint: the outbox of webhooks, for 30 days."""

    endpoint = same_owner_foreign_key(WebhookEndpoint, on_delete=models.CASCADE, related_name="messages", editable=False)
    event_type = models.CharField(max_length=60, editable=False, help_text="The type of the message.")
    position = models.BigIntegerField(
        null=True, blank=True, editable=False, help_text="The position of the changes among all of the user. Null for a test."
    )
    body = models.TextField(editable=False, help_text="The JSON that is sent.")
    status = ChoiceField(
        MessageStatus, max_length=20, default=MessageStatus.PENDING, editable=False, help_text="State of the delivery."
    )
    attempt_count = BoundedIntegerField(
        min=0, default=0, editable=False, help_text="Attempts since the message was queued or replayed."
    )
    queued_at = models.DateTimeField(editable=False, help_text="When the message was created or last replayed.")
    next_attempt_at = models.DateTimeField(
        null=True, blank=True, editable=False, help_text="When the next attempt is due. Null unless `status` is `pending`."
    )

    personal_fields = personal("body")
    privacy = internal("messages to the customer's webhooks with the keys of changed rows, for 30 days")

    class Meta(OwnedModel.Meta):
        verbose_name = "webhook message"
        triggers = [touch]  # unaudited, see UNAUDITED in `tests/contract/test_audit.py`
        constraints = [
            models.UniqueConstraint(fields=["user", "id"], name=f"{MESSAGES}_owner"),
            models.UniqueConstraint(fields=["user", "endpoint", "position", "event_type"], name=f"{MESSAGES}_position_unique"),
            rule(
                f"{MESSAGES}_next_attempt_at_pending",
                Q(status=MessageStatus.PENDING, next_attempt_at__isnull=False)
                | (~Q(status=MessageStatus.PENDING) & Q(next_attempt_at__isnull=True)),
                "Must be set exactly when the message is pending.",
            ),
        ]
        indexes = [
            models.Index(fields=["user", "-created_at", "-id"], name="users_message_newest"),
            models.Index(
                fields=["user", "next_attempt_at", "id"], name="users_message_due", condition=Q(status=MessageStatus.PENDING)
            ),
        ]

    objects = MessageQuerySet.as_manager()  # type: ignore[misc]  # narrower than its base's

    def __str__(self) -> str:
        return self.event_type

    @property
    def webhook_id(self) -> str:
        """The header `webhook-id`, which is the same in every attempt."""
        return f"msg_{self.pk}"


class WebhookAttempt(OwnedModel):
    """An attempt to deliver a message, and the first characters of the response."""

    message = same_owner_foreign_key(WebhookMessage, on_delete=models.CASCADE, related_name="attempts", editable=False)
    response_status = BoundedIntegerField(
        min=100,
        max=999,
        null=True,
        blank=True,
        editable=False,
        help_text="The status of the response. Null without a response.",
    )
    error = ChoiceField(AttemptError, max_length=20, blank=True, help_text="Why the attempt failed. Empty: it succeeded.")
    duration_ms = BoundedIntegerField(min=0, editable=False, help_text="Duration of the attempt in milliseconds.")
    response_excerpt = models.CharField(
        max_length=EXCERPT_LENGTH,
        blank=True,
        editable=False,
        help_text=f"The first {EXCERPT_LENGTH} characters of the response's body.",
    )

    personal_fields = personal("response_excerpt")
    privacy = internal("attempts to deliver messages to the customer's webhooks, for 30 days")

    class Meta(OwnedModel.Meta):
        verbose_name = "webhook attempt"
        triggers = [touch]  # unaudited, see UNAUDITED in `tests/contract/test_audit.py`
        indexes = [models.Index(fields=["user", "message", "created_at", "id"], name="users_attempt_of_message")]

    def __str__(self) -> str:
        return str(self.response_status or self.error)
