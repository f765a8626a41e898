"""Services of alerts, reminders, notification preferences, the audit log and the access log."""

from system.services.access_log import record_access
from system.services.alerts import alert, expire, mark_all_read, mark_read, take_action
from system.services.audit import forget_changes_of, maintain_audit_partitions, seal_audit
from system.services.preferences import preference_for, preferences_of
from system.services.push import register_device, require_configured
from system.services.reminders import send_reminders

__all__ = [
    "alert",
    "expire",
    "forget_changes_of",
    "maintain_audit_partitions",
    "mark_all_read",
    "mark_read",
    "record_access",
    "preference_for",
    "preferences_of",
    "register_device",
    "require_configured",
    "seal_audit",
    "send_reminders",
    "take_action",
]
