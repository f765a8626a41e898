"""Violations of the constraints of system tables, in SQL and through the API."""

from typing import Any

from system.models import AccessEvent, AlertReceipt, ImportantDate, NotificationPreference, PushDevice, SystemAlert

ACCESS = "system_accessevent"
ALERT, RECEIPT = "system_systemalert", "system_alertreceipt"
DATE, PREFERENCE, DEVICE = "system_importantdate", "system_notificationpreference", "system_pushdevice"

VIOLATIONS: dict[str, tuple[Any, dict[str, Any], dict[str, Any] | None]] = {
    # the access log is written by the back office and read-only in the API
    f"{ACCESS}_action_choice": (AccessEvent, {"action": "peek"}, None),
    f"{ACCESS}_what_not_blank": (AccessEvent, {"what": " "}, None),
    f"{ACCESS}_period_unique": (
        AccessEvent,
        dict.fromkeys(("period", "staff_id", "action", "what", "row_id"), "=other"),
        None,
    ),
    # services and staff create alerts; users only read them and call actions
    f"{ALERT}_alert_type_choice": (SystemAlert, {"alert_type": "spam"}, None),
    f"{ALERT}_severity_choice": (SystemAlert, {"severity": "urgent"}, None),
    f"{ALERT}_title_not_blank": (SystemAlert, {"title": ""}, None),
    f"{ALERT}_message_not_blank": (SystemAlert, {"message": " "}, None),
    f"{ALERT}_read_at_matches_is_read": (SystemAlert, {"is_read": True}, None),
    f"{ALERT}_action_taken_required": (SystemAlert, {"action_taken": True}, None),
    f"{ALERT}_is_read_by_each": (SystemAlert, {"user": None, "action_notes": "Mine"}, None),
    f"{RECEIPT}_alert_unique": (AlertReceipt, {"alert_id": "=other"}, None),  # marking as read is idempotent
    f"{DATE}_date_name_not_blank": (ImportantDate, {"date_name": " x"}, {"date_name": " "}),
    f"{DATE}_date_type_choice": (ImportantDate, {"date_type": "odd"}, {"date_type": "odd"}),
    f"{DATE}_date_value_bounds": (ImportantDate, {"date_value": "2201-01-01"}, {"date_value": "1899-12-31"}),
    f"{DATE}_reminder_days_bounds": (ImportantDate, {"reminder_days": -1}, {"reminder_days": -1}),
    f"{DATE}_recurrence_pattern_choice": (
        ImportantDate,
        {"is_recurring": True, "recurrence_pattern": "hourly"},
        {"is_recurring": True, "recurrence_pattern": "hourly"},
    ),
    f"{DATE}_recurrence_pattern_matches_is_recurring": (
        ImportantDate,
        {"recurrence_pattern": "daily"},
        {"is_recurring": True},
    ),
    f"{PREFERENCE}_notification_type_unique": (
        NotificationPreference,
        {"notification_type": "=other"},
        {"notification_type": "=other"},
    ),
    f"{PREFERENCE}_notification_type_choice": (
        NotificationPreference,
        {"notification_type": "gossip"},
        {"notification_type": "gossip"},
    ),
    f"{PREFERENCE}_frequency_choice": (NotificationPreference, {"frequency": "hourly"}, {"frequency": "hourly"}),
    f"{PREFERENCE}_sms_enabled_not_available": (NotificationPreference, {"sms_enabled": True}, {"sms_enabled": True}),
    # a device is registered by what its browser returns; a known one gets its new name
    f"{DEVICE}_name_not_blank": (PushDevice, {"name": " "}, None),
    f"{DEVICE}_endpoint_unique": (PushDevice, {"endpoint_digest": "=other"}, None),
    f"{PREFERENCE}_quiet_hours_start_whole_seconds": (
        NotificationPreference,
        {"quiet_hours_start": "22:00:00.5", "quiet_hours_end": "07:00"},
        {"quiet_hours_start": "22:00:00.5", "quiet_hours_end": "07:00"},
    ),
    f"{PREFERENCE}_quiet_hours_end_whole_seconds": (
        NotificationPreference,
        {"quiet_hours_start": "22:00", "quiet_hours_end": "07:00:00.5"},
        {"quiet_hours_start": "22:00", "quiet_hours_end": "07:00:00.5"},
    ),
    f"{PREFERENCE}_quiet_hours_end_both_or_neither": (
        NotificationPreference,
        {"quiet_hours_start": "22:00"},
        {"quiet_hours_start": "22:00"},
    ),
}
