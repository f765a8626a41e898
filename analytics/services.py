"""Triage of feedback, and retention of analytics data."""

from datetime import datetime, timedelta

from django.conf import settings
from django.db import connection, transaction

from analytics.models import FeatureUsage, UserFeedback
from analytics.models.feedback import FeedbackStatus
from core.errors import ConflictError, DomainError
from core.postgres.partitions import MONTHS_AHEAD, min_uuid7_at
from users.models import User

BATCH = 5_000  # rows deleted per transaction; each deletion also adds an event to the audit log
MIN_RETENTION_DAYS = 31  # as in analytics_keep_months()


def resolve_feedback(feedback: UserFeedback, *, notes: str, now: datetime) -> None:
    """Set the status to resolved. The customer reads `notes`; '' leaves the stored notes unchanged."""
    if feedback.is_resolved:
        raise ConflictError("already_settled", "This feedback is already resolved. Reopen it first.")
    feedback.resolution_notes = notes or feedback.resolution_notes
    feedback.move_to(FeedbackStatus.RESOLVED.value, now=now)
    feedback.save(update_fields=["status", "resolved_at", "resolution_notes"])


def reopen_feedback(feedback: UserFeedback, *, now: datetime) -> None:
    """Set the status back to open. The resolution notes stay."""
    if feedback.is_open:
        raise ConflictError("already_open", "This feedback is already open. No action is needed.")
    feedback.move_to(FeedbackStatus.OPEN.value, now=now)
    feedback.save(update_fields=["status", "resolved_at"])


def assign_feedback(feedback: UserFeedback, *, assignee: User) -> None:
    """Assign feedback to a staff member. Raise DomainError for a customer."""
    if not assignee.is_staff:
        raise DomainError("not_staff", "Choose a staff member. This account belongs to a customer.", field="assigned_to")
    feedback.assigned_to = assignee
    feedback.save(update_fields=["assigned_to"])


def save_triage(feedback: UserFeedback, *, now: datetime) -> None:
    """Save a staff member's changes, and set or clear `resolved_at` to match the status."""
    feedback.move_to(feedback.status, now=now)
    feedback.save()


def maintain_partitions() -> int:
    """Create the coming partitions of events and metrics, drop expired ones, and return how many were dropped."""
    with transaction.atomic(), connection.cursor() as cursor:
        days = [MONTHS_AHEAD, settings.EVENT_RETENTION_DAYS, settings.METRIC_RETENTION_DAYS]
        cursor.execute("SELECT analytics_keep_months(%s, %s, %s)", days)
        return int(cursor.fetchone()[0])


def delete_old_usage(*, now: datetime) -> int:
    """Delete feature usage recorded more than `USAGE_RETENTION_DAYS` days ago, and return the number of rows.

    Each batch is a transaction of its own, unless the caller has opened one.
    """
    if not settings.USAGE_RETENTION_DAYS:
        return 0
    oldest = min_uuid7_at(now - timedelta(days=max(settings.USAGE_RETENTION_DAYS, MIN_RETENTION_DAYS)))
    old = FeatureUsage.objects.filter(pk__lt=oldest).order_by("pk")
    deleted = 0
    while batch := list(old.values_list("pk", flat=True)[:BATCH]):
        deleted += FeatureUsage.objects.filter(pk__in=batch).delete()[0]
    return deleted
