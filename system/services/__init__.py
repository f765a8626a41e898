"""Writes over several rows: alerts and what users do with them, reminders, and what a user wants to be told of."""

from system.services.access import note_access
from system.services.alerts import alert, broadcast, expire, mark_all_read, mark_read, take_action
from system.services.preferences import preference_for, preferences_of
from system.services.reminders import send_reminders

__all__ = [
    "alert",
    "broadcast",
    "expire",
    "mark_all_read",
    "mark_read",
    "note_access",
    "preference_for",
    "preferences_of",
    "send_reminders",
    "take_action",
]
