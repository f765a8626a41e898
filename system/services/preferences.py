"""Notification preferences of users. Defaults apply where a user has no row for a type of notification."""

from collections.abc import Collection
from typing import Any
from uuid import UUID

from system.models import NotificationPreference, NotificationType


def preference_for(user: Any, notification_type: NotificationType) -> NotificationPreference:
    """Return the user's stored preference for a type of notification, or an unsaved one with the defaults."""
    return preferences_of([(user, notification_type)])[user.pk, notification_type]


def preferences_of(wanted: Collection[tuple[Any, NotificationType]]) -> dict[tuple[UUID, str], NotificationPreference]:
    """Return many users' preferences in one query, by user key and type. Missing ones are unsaved, with the defaults."""
    users, kinds = {user.pk: user for user, _ in wanted}, {kind for _, kind in wanted}
    found: dict[tuple[UUID, str], NotificationPreference] = {
        (user.pk, kind): NotificationPreference(user=user, notification_type=kind) for user, kind in wanted
    }
    for stored in NotificationPreference.objects.filter(user__in=users, notification_type__in=kinds):
        stored.user = users[stored.user_id]  # the caller's user, whose profile with the time zone is loaded
        found[stored.user_id, stored.notification_type] = stored
    return found
