"""Serializers of alerts, important dates and notification preferences."""

from typing import Any

from drf_spectacular.utils import extend_schema_serializer
from rest_framework import serializers

from core.api.derived_fields import public_names
from core.api.examples import EXAMPLE_TIME
from core.api.serializers import BaseSerializer, StrictSerializer
from system import web_push
from system.models import ImportantDate, NotificationPreference, NotificationType, PushDevice, SystemAlert
from system.models.preferences import ALL_CHANNELS, CHANNELS
from system.models.push_devices import NAME_LENGTH


@extend_schema_serializer(description="An alert for the user, or a broadcast to all users.")
class AlertSerializer(BaseSerializer):
    class Meta:
        model = SystemAlert
        fields = public_names(SystemAlert)
        read_only_fields = fields
        example = {
            "alert_type": "billing",
            "severity": "high",
            "title": "Your card expires this month",
            "message": "Enter your new card to keep your plan.",
            "action_required": True,
            "expires_at": "2026-03-31T22:00:00Z",
            "is_active": True,
            "days_until_expiry": 30,
            "age_days": 0,
            "priority_score": 6,
        }


@extend_schema_serializer(description="The action that the user took on an alert.")
class ActionSerializer(StrictSerializer):
    action_notes = serializers.CharField(required=False, allow_blank=True, help_text="The action, in the user's own words.")

    class Meta:
        example = {"action_notes": "Entered the new card."}


@extend_schema_serializer(description="The result of marking all alerts as read.")
class ReadAllResultSerializer(StrictSerializer):
    marked_read = serializers.IntegerField(min_value=0, read_only=True, help_text="Alerts and broadcasts that were unread.")

    class Meta:
        example = {"marked_read": 3}


@extend_schema_serializer(description="A one-time or recurring date that the user wants to be reminded of.")
class ImportantDateSerializer(BaseSerializer):
    class Meta:
        model = ImportantDate
        read_only_fields = ["last_reminder_sent"]
        example = {
            "date_name": "Car insurance is due",
            "date_type": "financial",
            "date_value": "2024-03-14",
            "reminder_days": 14,
            "is_recurring": True,
            "recurrence_pattern": "yearly",
            "description": "Compare offers before it renews.",
            "days_until_due": 13,
            "last_reminder_sent": EXAMPLE_TIME,
            "next_occurrence": "2026-03-14",
        }

    def update(self, instance: Any, validated_data: dict[str, Any]) -> Any:
        """Save the date, and read `last_reminder_sent` again: a trigger clears it when the date or its pattern changes."""
        row: Any = super().update(instance, validated_data)
        if {"date_value", "recurrence_pattern"} & set(validated_data):
            row.refresh_from_db(fields=["last_reminder_sent"])
        return row


@extend_schema_serializer(description="The user's channels, frequency and quiet hours for one type of notification.")
class NotificationPreferenceSerializer(BaseSerializer):
    enabled_channels = serializers.ListField(
        child=serializers.ChoiceField(CHANNELS), read_only=True, help_text="The channels that are enabled."
    )

    available_channels = serializers.ListField(
        child=serializers.ChoiceField(ALL_CHANNELS),
        read_only=True,
        help_text="The channels that exist, the same for all types. `in_app` are the alerts, which can't be turned off.",
    )

    class Meta:
        model = NotificationPreference
        example = {
            "notification_type": "financial",
            "quiet_hours_start": "22:00:00",
            "quiet_hours_end": "07:00:00",
            "is_enabled": True,
            "enabled_channels": ["email"],
            "available_channels": list(ALL_CHANNELS),
            "can_send_notification": True,
        }


@extend_schema_serializer(description="The keys of a subscription.")
class PushKeysSerializer(StrictSerializer):
    p256dh = serializers.RegexField(
        r"^[A-Za-z0-9_-]{86,88}=*$", max_length=90, help_text="The device's public key in base64url."
    )
    auth = serializers.RegexField(r"^[A-Za-z0-9_-]{22,24}=*$", max_length=26, help_text="The device's secret in base64url.")

    def validate_p256dh(self, value: str) -> str:
        if not web_push.is_public_key(value):
            raise serializers.ValidationError("This is not a point of the curve P-256 in base64url.", "invalid_key")
        return value


@extend_schema_serializer(description="What `pushManager.subscribe()` of a browser returns, as JSON.")
class PushSubscriptionSerializer(StrictSerializer):
    endpoint = serializers.CharField(max_length=1000, help_text="The URL of the device at its push service.")
    expirationTime = serializers.IntegerField(  # noqa: N815 - the name in the standard
        required=False, allow_null=True, default=None, help_text="When it ends, in milliseconds since 1970. Null: never."
    )
    keys = PushKeysSerializer(help_text="The keys by which notifications are encrypted for the device.")


@extend_schema_serializer(description="A browser or phone that gets push notifications.")
class PushDeviceSerializer(BaseSerializer):
    class Meta:
        model = PushDevice
        fields = ["id", "name", "last_sent_at", "created_at", "updated_at"]
        read_only_fields = ["last_sent_at"]
        example = {"name": "Firefox on the laptop", "last_sent_at": EXAMPLE_TIME}


@extend_schema_serializer(description="A device to register.")
class NewPushDeviceSerializer(StrictSerializer):
    name = serializers.CharField(max_length=NAME_LENGTH, help_text="The name by which the user knows the device.")
    subscription = PushSubscriptionSerializer(help_text="The subscription of the browser.")
    notification_types = serializers.ListField(
        child=serializers.ChoiceField(NotificationType.choices),
        required=False,
        default=list(NotificationType.values),
        help_text="The types for which push is switched on. Default: all.",
    )

    class Meta:
        example = {
            "name": "Firefox on the laptop",
            "subscription": {
                "endpoint": "https://updates.push.services.mozilla.com/wpush/v2/gAAAAABl",
                "keys": {
                    "p256dh": "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4",
                    "auth": "BTBZMqHH6r4Tts7J_aSIgg",
                },
            },
            "notification_types": ["billing", "security"],
        }


@extend_schema_serializer(description="The key that a browser needs to subscribe.")
class PushKeySerializer(StrictSerializer):
    public_key = serializers.CharField(
        read_only=True, help_text="For `applicationServerKey` of `pushManager.subscribe()`, in base64url."
    )

    class Meta:
        example = {"public_key": "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4"}
