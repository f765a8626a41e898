"""What a user wants to be told of. An account needs no rows for that: where there is none, the defaults hold."""

from collections.abc import Collection
from typing import Any
from uuid import UUID

from system.models import NotificationPreference, NotificationType


def preference_for(user: Any, notification_type: NotificationType) -> NotificationPreference:
    """The user's stored preference for a kind of notification, or an unsaved one with the defaults."""
    return preferences_of([(user, notification_type)])[user.pk, notification_type]


def preferences_of(wanted: Collection[tuple[Any, NotificationType]]) -> dict[tuple[UUID, str], NotificationPreference]:
    """The preferences of many users in one query, by user's key and kind; those that are not stored with the defaults."""
    users, kinds = {user.pk: user for user, _ in wanted}, {kind for _, kind in wanted}
    found: dict[tuple[UUID, str], NotificationPreference] = {
        (user.pk, kind): NotificationPreference(user=user, notification_type=kind) for user, kind in wanted
    }
    for stored in NotificationPreference.objects.filter(user__in=users, notification_type__in=kinds):
        stored.user = users[stored.user_id]  # who brings his timezone along
        found[stored.user_id, stored.notification_type] = stored
    return found
