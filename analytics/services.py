"""What staff do about feedback."""

from datetime import datetime

from analytics.models import UserFeedback
from analytics.models.feedback import FeedbackStatus
from mingus.kit.errors import ConflictError, DomainError
from users.models import User


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
