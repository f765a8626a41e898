"""Models of alerts, important dates, notification preferences, the audit log and the access log."""

from system.models.access_log import AccessAction, AccessEvent
from system.models.alerts import AlertReceipt, AlertType, Severity, SystemAlert
from system.models.audit import Action, AuditBlock, AuditEvent, AuditSignature
from system.models.important_dates import DateType, ImportantDate, Recurrence
from system.models.preferences import NotificationFrequency, NotificationPreference, NotificationType
from system.models.push_devices import PushDevice

__all__ = [
    "AccessAction",
    "AccessEvent",
    "Action",
    "AlertReceipt",
    "AlertType",
    "AuditBlock",
    "AuditEvent",
    "AuditSignature",
    "DateType",
    "NotificationFrequency",
    "ImportantDate",
    "NotificationPreference",
    "NotificationType",
    "PushDevice",
    "Recurrence",
    "Severity",
    "SystemAlert",
]
