"""What staff do about feedback, and how long it is kept how the product is used."""

from datetime import datetime, timedelta

from django.conf import settings
from django.db import connection, transaction

from analytics.models import FeatureUsage, UserFeedback
from analytics.models.feedback import FeedbackStatus
from core.errors import ConflictError, DomainError
from core.postgres.partitions import MONTHS_AHEAD, min_uuid7_at
from users.models import User

BATCH = 5_000  # rows deleted in one transaction: each is an event of the audit log, too
MONTH = 31


def resolve_feedback(feedback: UserFeedback, *, notes: str, now: datetime) -> None:
    """Settle a piece of feedback; `notes` say to the customer what came of it, '' leaves those that are there."""
    if feedback.is_resolved:
        raise ConflictError("already_settled", "This feedback is settled already. Reopen it first.")
    feedback.resolution_notes = notes or feedback.resolution_notes
    feedback.move_to(FeedbackStatus.RESOLVED.value, now=now)
    feedback.save(update_fields=["status", "resolved_at", "resolution_notes"])


def reopen_feedback(feedback: UserFeedback, *, now: datetime) -> None:
    """Take settled feedback up again; what was written about it stays."""
    if feedback.is_open:
        raise ConflictError("already_open", "This feedback is open already.")
    feedback.move_to(FeedbackStatus.OPEN.value, now=now)
    feedback.save(update_fields=["status", "resolved_at"])


def assign_feedback(feedback: UserFeedback, *, colleague: User) -> None:
    """Make a colleague responsible for it."""
    if not colleague.is_staff:
        raise DomainError("not_staff", "Choose a colleague: this account is a customer's.", field="assigned_to")
    feedback.assigned_to = colleague
    feedback.save(update_fields=["assigned_to"])


def save_triage(feedback: UserFeedback, *, now: datetime) -> None:
    """Save what a colleague changed, and stamp when it was settled."""
    feedback.move_to(feedback.status, now=now)
    feedback.save()


def maintain_partitions() -> int:
    """Make the months to come of events and metrics, and drop those older than the settings say; gives how many dropped."""
    with transaction.atomic(), connection.cursor() as cursor:
        days = [MONTHS_AHEAD, settings.EVENT_RETENTION_DAYS, settings.METRIC_RETENTION_DAYS]
        cursor.execute("SELECT analytics_keep_months(%s, %s, %s)", days)
        return int(cursor.fetchone()[0])


def delete_old_usage(*, now: datetime) -> int:
    """Delete the use of features that was recorded longer ago than `USAGE_RETENTION_DAYS`; gives how many rows.

    In batches by the key, each a transaction of its own where none is open.
    """
    if not settings.USAGE_RETENTION_DAYS:
        return 0
    oldest = min_uuid7_at(now - timedelta(days=max(settings.USAGE_RETENTION_DAYS, MONTH)))
    old = FeatureUsage.objects.filter(pk__lt=oldest).order_by("pk")
    forgotten = 0
    while batch := list(old.values_list("pk", flat=True)[:BATCH]):
        forgotten += FeatureUsage.objects.filter(pk__in=batch).delete()[0]
    return forgotten
