"""Serializers of alerts, important dates and notification preferences."""

from typing import Any

from drf_spectacular.utils import extend_schema_serializer
from rest_framework import serializers

from core.api.derived_fields import public_names
from core.api.examples import EXAMPLE_TIME
from core.api.serializers import BaseSerializer, StrictSerializer
from system.models import ImportantDate, NotificationPreference, SystemAlert
from system.models.preferences import AVAILABLE_CHANNELS, CHANNELS


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
        child=serializers.ChoiceField(AVAILABLE_CHANNELS),
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
            "available_channels": list(AVAILABLE_CHANNELS),
            "can_send_notification": True,
        }
