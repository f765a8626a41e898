"""Alerts: how other apps send them, and what users do with them.

Nothing here locks the row of a broadcast: everybody reads it at the same time. Each statement by itself changes only what is
still to be changed.
"""

from datetime import datetime
from typing import Any

from django.db import transaction

from core.errors import ConflictError
from system.models import AlertReceipt, AlertType, Severity, SystemAlert


def alert(
    *,
    user: Any,
    alert_type: AlertType,
    severity: Severity,
    title: str,
    message: str,
    action_required: bool = False,
    expires_at: datetime | None = None,
) -> SystemAlert:
    """Tell `user` something, until `expires_at` or for good. With `user` None everybody is told."""
    return SystemAlert.objects.create(
        user=user,
        alert_type=alert_type,
        severity=severity,
        title=title.strip(),
        message=message.strip(),
        action_required=action_required,
        expires_at=expires_at,
    )


def mark_read(alert: SystemAlert, *, user: Any, now: datetime) -> None:
    """Note that `user` read his alert or a broadcast; what he read before keeps its instant."""
    if alert.is_broadcast:
        receipt = AlertReceipt(user=user, alert=alert, read_at=now)
        AlertReceipt.objects.bulk_create([receipt], ignore_conflicts=True)
    else:
        SystemAlert.objects.filter(pk=alert.pk, user=user, is_read=False).update(is_read=True, read_at=now)


@transaction.atomic
def mark_all_read(*, user: Any, now: datetime) -> int:
    """Note that `user` read everything that there is for him; gives how many were unread."""
    own = SystemAlert.objects.filter(user=user, is_read=False).update(is_read=True, read_at=now)
    unread = SystemAlert.objects.for_user(user).broadcasts().filter(own_is_read=False).values_list("pk", flat=True)
    receipts = [AlertReceipt(user=user, alert_id=key, read_at=now) for key in unread]
    AlertReceipt.objects.bulk_create(receipts, ignore_conflicts=True)
    return own + len(receipts)


@transaction.atomic
def take_action(alert: SystemAlert, *, user: Any, now: datetime, notes: str | None = None) -> None:
    """Note that `user` did what an alert asks of him; who acts has read it. Once more it only replaces the notes, if given.

    Raises ConflictError when there is nothing to do.
    """
    if not alert.action_required:
        raise ConflictError("no_action_required", "This alert asks nothing of you. Mark it as read instead.")
    mark_read(alert, user=user, now=now)
    changes = {"action_taken": True} | ({} if notes is None else {"action_notes": notes})
    if alert.is_broadcast:
        AlertReceipt.objects.for_user(user).filter(alert=alert).update(**changes)
    else:
        SystemAlert.objects.filter(pk=alert.pk, user=user).update(**changes)


def expire(alert: SystemAlert, *, now: datetime) -> None:
    """End an alert or a broadcast at `now`. Raises ConflictError when it has ended already."""
    if alert.expires_at is not None and alert.expires_at <= now:
        raise ConflictError("already_expired", "This alert has expired already. There is nothing to end.")
    alert.expires_at = now
    alert.save(update_fields=["expires_at"])
