"""Serializers of webhooks: endpoints, messages and attempts."""

from typing import Any

from drf_spectacular.utils import extend_schema_field, extend_schema_serializer
from rest_framework import serializers

from core.api.examples import EXAMPLE_ID, EXAMPLE_TIME
from core.api.serializers import BaseSerializer, ListedChoiceField, StrictSerializer
from users.models import WebhookAttempt, WebhookEndpoint, WebhookMessage
from users.webhooks import delivery, endpoints
from users.webhooks.objects import EVENT_TYPES

EXAMPLE_SECRET = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"  # noqa: S105 - an example


@extend_schema_serializer(description="A URL that gets a message when the user's data has changed.")
class WebhookSerializer(BaseSerializer):
    event_types = serializers.ListField(
        child=ListedChoiceField(choices=EVENT_TYPES),
        required=False,
        max_length=len(EVENT_TYPES),
        help_text="The types of messages that are sent. An empty list (default): all types.",
    )

    class Meta:
        model = WebhookEndpoint
        fields = [
            "id",
            "name",
            "url",
            "event_types",
            "is_enabled",
            "disabled_reason",
            "failing_since",
            "paused_until",
            "former_secret_expires_at",
            "created_at",
            "updated_at",
        ]
        read_only_fields = ["disabled_reason", "failing_since", "paused_until", "former_secret_expires_at"]
        example: dict[str, Any] = {
            "id": EXAMPLE_ID,
            "name": "Home server",
            "url": "https://hooks.example.com/mingus",
            "event_types": ["transaction.changed"],
            "is_enabled": True,
            "disabled_reason": "",
            "failing_since": None,
            "paused_until": None,
            "former_secret_expires_at": None,
        }

    def validate_event_types(self, value: list[str]) -> list[str]:
        return sorted(set(value))

    def create(self, validated_data: dict[str, Any]) -> WebhookEndpoint:
        return endpoints.create_endpoint(
            user=self.context["request"].user,
            name=validated_data["name"],
            url=validated_data["url"],
            event_types=validated_data.get("event_types", []),
            is_enabled=validated_data.get("is_enabled", True),
        )

    def update(self, instance: WebhookEndpoint, validated_data: dict[str, Any]) -> BaseSerializer:  # type: ignore[override]  # a row
        if "url" in validated_data:
            endpoints.check_url(validated_data["url"])
        is_enabled = validated_data.get("is_enabled", instance.is_enabled)
        if is_enabled and not instance.is_enabled:
            endpoints.enable(instance)
        elif instance.is_enabled and not is_enabled:
            delivery.give_up_messages(instance)
        return super().update(instance, validated_data)  # type: ignore[return-value]  # likewise


@extend_schema_serializer(description="A webhook with its secret, which is returned only once.")
class WebhookSecretSerializer(WebhookSerializer):
    secret = serializers.CharField(read_only=True, help_text="The secret that signs messages. Store it now.")

    class Meta(WebhookSerializer.Meta):
        fields = [*WebhookSerializer.Meta.fields, "secret"]
        example = WebhookSerializer.Meta.example | {"secret": EXAMPLE_SECRET}


@extend_schema_serializer(description="An attempt to deliver a message.")
class WebhookAttemptSerializer(BaseSerializer):
    class Meta:
        model = WebhookAttempt
        fields = ["id", "response_status", "error", "duration_ms", "response_excerpt", "created_at"]
        read_only_fields = fields
        example: dict[str, Any] = {
            "id": EXAMPLE_ID,
            "response_status": 503,
            "error": "status",
            "duration_ms": 212,
            "response_excerpt": "Service Unavailable",
            "created_at": EXAMPLE_TIME,
        }


@extend_schema_serializer(description="A message to a webhook, and the state of its delivery.")
class WebhookMessageSerializer(BaseSerializer):
    class Meta:
        model = WebhookMessage
        fields = [
            "id",
            "endpoint",
            "event_type",
            "position",
            "body",
            "status",
            "attempt_count",
            "queued_at",
            "next_attempt_at",
            "created_at",
            "updated_at",
        ]
        read_only_fields = fields
        extra_kwargs = {"endpoint": {"help_text": "The webhook that the message is for."}}
        example: dict[str, Any] = {
            "id": EXAMPLE_ID,
            "endpoint": EXAMPLE_ID,
            "event_type": "transaction.changed",
            "position": 42,
            "body": '{"type":"transaction.changed","timestamp":"2026-03-01T09:30:00.000Z","data":{…}}',
            "status": "pending",
            "attempt_count": 1,
            "queued_at": EXAMPLE_TIME,
            "next_attempt_at": EXAMPLE_TIME,
            "created_at": EXAMPLE_TIME,
            "updated_at": EXAMPLE_TIME,
        }


@extend_schema_serializer(description="A message to a webhook, with the attempts to deliver it.")
class WebhookMessageDetailSerializer(WebhookMessageSerializer):
    attempts = serializers.SerializerMethodField(help_text="The attempts to deliver the message, oldest first.")

    class Meta(WebhookMessageSerializer.Meta):
        fields = [*WebhookMessageSerializer.Meta.fields, "attempts"]
        read_only_fields = fields
        example = WebhookMessageSerializer.Meta.example | {"attempts": [WebhookAttemptSerializer.Meta.example]}

    @extend_schema_field(WebhookAttemptSerializer(many=True))
    def get_attempts(self, message: WebhookMessage) -> list[dict[str, Any]]:
        attempts = WebhookAttempt.objects.filter(user_id=message.user_id, message=message).order_by("created_at", "id")
        return WebhookAttemptSerializer(attempts, many=True).data  # type: ignore[return-value]  # a list of many


@extend_schema_serializer(description="The messages to send again.")
class ReplaySerializer(StrictSerializer):
    since = serializers.DateTimeField(help_text="Messages that were created since this time are sent again.")
    only_failed = serializers.BooleanField(
        default=False, help_text="True: only messages that were given up. False (default): delivered ones, too."
    )

    class Meta:
        example = {"since": EXAMPLE_TIME, "only_failed": True}


@extend_schema_serializer(description="The result of a replay.")
class ReplayedSerializer(StrictSerializer):
    queued = serializers.IntegerField(help_text="The number of messages that are sent again.")

    class Meta:
        example = {"queued": 12}
