"""Filter sets of alerts, important dates and notification preferences."""

from django_filters.filters import IsoDateTimeFilter

from core.api.filters.filtersets import StrictBooleanFilter, StrictFilterSet
from system.models import ImportantDate, NotificationPreference, PushDevice, SystemAlert


class AlertFilter(StrictFilterSet):
    """Filters of alerts. Read and action filters use the signed-in user's own read state, not the columns of the alert."""

    is_read = StrictBooleanFilter("own_is_read")
    action_taken = StrictBooleanFilter("own_action_taken")
    read_at__gte = IsoDateTimeFilter("own_read_at", "gte")
    read_at__lte = IsoDateTimeFilter("own_read_at", "lte")

    class Meta:
        model = SystemAlert
        fields = {
            "alert_type": ["exact", "in"],
            "severity": ["exact", "in"],
            "title": ["icontains"],
            "action_required": ["exact"],
            "expires_at": ["gte", "lte", "isnull"],
            "created_at": ["gte", "lte"],
        }
        derived = {
            "is_expired": ["exact"],
            "is_active": ["exact"],
            "days_until_expiry": ["gte", "lte"],
            "age_days": ["gte", "lte"],
            "priority_score": ["exact", "gte", "lte"],
        }


class ImportantDateFilter(StrictFilterSet):
    class Meta:
        model = ImportantDate
        fields = {
            "date_name": ["exact", "icontains"],
            "date_type": ["exact", "in"],
            "date_value": ["exact", "gte", "lte"],
            "is_recurring": ["exact"],
            "recurrence_pattern": ["exact", "in"],
            "is_active": ["exact"],
            "last_reminder_sent": ["gte", "lte", "isnull"],
            "created_at": ["gte", "lte"],
        }
        derived = {
            "is_overdue": ["exact"],
            "days_until_due": ["gte", "lte"],
            "days_overdue": ["gte", "lte"],
            "should_send_reminder": ["exact"],
            "next_occurrence": ["exact", "gte", "lte", "isnull"],
        }


class NotificationPreferenceFilter(StrictFilterSet):
    class Meta:
        model = NotificationPreference
        fields = {
            "notification_type": ["exact", "in"],
            "email_enabled": ["exact"],
            "sms_enabled": ["exact"],
            "push_enabled": ["exact"],
            "frequency": ["exact", "in"],
            "quiet_hours_start": ["isnull"],
            "created_at": ["gte", "lte"],
        }
        derived = {"is_enabled": ["exact"], "is_quiet_hours": ["exact"], "can_send_notification": ["exact"]}


class PushDeviceFilter(StrictFilterSet):
    class Meta:
        model = PushDevice
        fields = {"name": ["exact", "icontains"], "last_sent_at": ["gte", "lte", "isnull"], "created_at": ["gte", "lte"]}
