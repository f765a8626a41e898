"""Creation of alerts, and the actions of users on them.

Nothing here locks the row of a broadcast, because all users read it concurrently. Each statement changes only the rows that
still need the change.
"""

from datetime import datetime
from typing import Any

from django.db import transaction

from core.errors import ConflictError
from system.models import AlertReceipt, AlertType, Severity, SystemAlert
from system.services import push


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
    """Create an alert for `user`, or a broadcast if `user` is None. It never expires if `expires_at` is None."""
    created = SystemAlert.objects.create(
        user=user,
        alert_type=alert_type,
        severity=severity,
        title=title.strip(),
        message=message.strip(),
        action_required=action_required,
        expires_at=expires_at,
    )
    push.enqueue_for([created])
    return created


def mark_read(alert: SystemAlert, *, user: Any, now: datetime) -> None:
    """Mark an alert or a broadcast as read by `user`. Idempotent: the first `read_at` stays."""
    if alert.is_broadcast:
        receipt = AlertReceipt(user=user, alert=alert, read_at=now)
        AlertReceipt.objects.bulk_create([receipt], ignore_conflicts=True)
    else:
        SystemAlert.objects.filter(pk=alert.pk, user=user, is_read=False).update(is_read=True, read_at=now)


@transaction.atomic
def mark_all_read(*, user: Any, now: datetime) -> int:
    """Mark all alerts and broadcasts as read by `user`, and return how many were unread."""
    own = SystemAlert.objects.filter(user=user, is_read=False).update(is_read=True, read_at=now)
    unread = SystemAlert.objects.for_user(user).broadcasts().filter(own_is_read=False).values_list("pk", flat=True)
    receipts = [AlertReceipt(user=user, alert_id=key, read_at=now) for key in unread]
    AlertReceipt.objects.bulk_create(receipts, ignore_conflicts=True)
    return own + len(receipts)


@transaction.atomic
def take_action(alert: SystemAlert, *, user: Any, now: datetime, notes: str | None = None) -> None:
    """Record that `user` took the action that an alert requires, and mark it as read. `notes` replace earlier ones.

    Raise ConflictError if the alert requires no action.
    """
    if not alert.action_required:
        raise ConflictError("no_action_required", "This alert requires no action. Mark it as read instead.")
    mark_read(alert, user=user, now=now)
    changes = {"action_taken": True} | ({} if notes is None else {"action_notes": notes})
    if alert.is_broadcast:
        AlertReceipt.objects.for_user(user).filter(alert=alert).update(**changes)
    else:
        SystemAlert.objects.filter(pk=alert.pk, user=user).update(**changes)


def expire(alert: SystemAlert, *, now: datetime) -> None:
    """Expire an alert or a broadcast at `now`. Raise ConflictError if it has already expired."""
    if alert.expires_at is not None and alert.expires_at <= now:
        raise ConflictError("already_expired", "This alert has already expired. No action is needed.")
    alert.expires_at = now
    alert.save(update_fields=["expires_at"])
