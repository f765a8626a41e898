"""Alerts, important dates and notification preferences as JSON."""

from typing import Any

from rest_framework import serializers

from core.api.derived_fields import public_names
from core.api.examples import EXAMPLE_TIME
from core.api.serializers import BaseSerializer, StrictSerializer
from system.models import ImportantDate, NotificationPreference, SystemAlert


class AlertSerializer(BaseSerializer):
    """An alert or a broadcast; what was read and done is what the signed-in user himself read and did."""

    class Meta:
        model = SystemAlert
        fields = public_names(SystemAlert)
        read_only_fields = fields
        example = {
            "alert_type": "billing",
            "severity": "high",
            "title": "Your card expires this month",
            "message": "Enter the new one, so that your plan goes on.",
            "action_required": True,
            "expires_at": "2026-03-31T22:00:00Z",
            "is_active": True,
            "days_until_expiry": 30,
            "age_days": 0,
            "priority_score": 6,
        }


class ActionSerializer(StrictSerializer):
    """What the user did about an alert."""

    action_notes = serializers.CharField(required=False, allow_blank=True, help_text="What was done, in the user's words.")

    class Meta:
        example = {"action_notes": "Entered the new card."}


class ReadAllResultSerializer(StrictSerializer):
    """How many alerts and broadcasts were unread until now."""

    marked_read = serializers.IntegerField(min_value=0, read_only=True)

    class Meta:
        example = {"marked_read": 3}


class ImportantDateSerializer(BaseSerializer):
    class Meta:
        model = ImportantDate
        fields = public_names(ImportantDate)
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
        """Save; a date that was moved has forgotten its last reminder, which the database sees to."""
        row: Any = super().update(instance, validated_data)
        if {"date_value", "recurrence_pattern"} & set(validated_data):
            row.refresh_from_db(fields=["last_reminder_sent"])
        return row


class NotificationPreferenceSerializer(BaseSerializer):
    class Meta:
        model = NotificationPreference
        fields = public_names(NotificationPreference)
        example = {
            "notification_type": "financial",
            "quiet_hours_start": "22:00:00",
            "quiet_hours_end": "07:00:00",
            "is_enabled": True,
            "enabled_channels": ["email", "push"],
            "can_send_notification": True,
        }
