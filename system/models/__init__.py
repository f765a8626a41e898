"""What reaches the user: alerts, reminders of important dates, and what he wants to be told of."""

from system.models.access import AccessEvent
from system.models.alerts import AlertReceipt, AlertType, Severity, SystemAlert
from system.models.dates import DateType, ImportantDate, Recurrence
from system.models.preferences import Frequency, NotificationPreference, NotificationType

__all__ = [
    "AccessEvent",
    "AlertReceipt",
    "AlertType",
    "DateType",
    "Frequency",
    "ImportantDate",
    "NotificationPreference",
    "NotificationType",
    "Recurrence",
    "Severity",
    "SystemAlert",
]
