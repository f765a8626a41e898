"""What customers say, and what became of it."""

from datetime import date, datetime
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, IntegerField, Q

from analytics.models.levels import null_unless_known
from core import clock
from core.models.base import OwnedModel
from core.models.constraints import rule
from core.models.fields import BoundedIntegerField, ChoiceField, PlausibleDateField
from core.postgres.expressions import day_of, days_between, first_of, today, true_when
from core.privacy.declarations import recorded

LIKED, DISLIKED = 4, 2


class FeedbackType(models.TextChoices):
    FEATURE = "feature"
    SUPPORT = "support"
    GENERAL = "general"
    BUG = "bug"
    ENHANCEMENT = "enhancement"


class FeedbackStatus(models.TextChoices):
    OPEN = "open"
    PENDING = "pending"
    IN_PROGRESS = "in_progress"
    RESOLVED = "resolved"
    CLOSED = "closed"


class FeedbackPriority(models.TextChoices):
    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"


SETTLED = (FeedbackStatus.RESOLVED, FeedbackStatus.CLOSED)
settled = Q(status__in=[status.value for status in SETTLED])


class UserFeedback(OwnedModel):
    """What a customer says of the product. He writes and reads it; staff settle it.

    Only a colleague can have it assigned. `clean` and the service see to that; a CHECK can't, for whether somebody is staff
    stands in another table, and may change there later.
    """

    feedback_date = PlausibleDateField()
    feedback_type = ChoiceField(FeedbackType, max_length=50)
    rating = BoundedIntegerField(min=1, max=5, null=True, blank=True)
    feedback_text = models.TextField(blank=True)
    category = models.CharField(max_length=100, blank=True)
    status = ChoiceField(FeedbackStatus, max_length=50, default=FeedbackStatus.OPEN)
    priority = ChoiceField(FeedbackPriority, max_length=20, default=FeedbackPriority.MEDIUM)
    # with its own index: deleting an account looks for the feedback assigned to it among everybody's
    assigned_to = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="assigned_feedback"
    )
    resolution_notes = models.TextField(blank=True)
    resolved_at = models.DateTimeField(null=True, blank=True)

    privacy = recorded(
        "what he told us, and what we answered; which colleague took it up is the colleague's data", withheld=("assigned_to",)
    )
    derived = ("is_positive", "is_negative", "is_resolved", "is_open", "days_since_creation", "resolution_time_days")

    class Meta(OwnedModel.Meta):
        verbose_name, verbose_name_plural = "piece of feedback", "feedback"
        constraints = [
            rule(
                "analytics_userfeedback_resolved_at_matches_status",
                (settled & Q(resolved_at__isnull=False)) | (~settled & Q(resolved_at__isnull=True)),
                "Must be set exactly when the status is resolved or closed.",
            ),
        ]
        indexes = [
            models.Index(fields=["user", "-feedback_date", "-id"], name="analytics_feedback_by_day"),
            models.Index(fields=["user", "-created_at", "-id"], name="analytics_feedback_newest"),
        ]

    def __str__(self) -> str:
        return f"{self.feedback_type}: {self.feedback_text[:60]}".removesuffix(": ")

    def clean(self) -> None:
        """Only staff can have feedback assigned."""
        super().clean()
        if self.assigned_to is not None and not self.assigned_to.is_staff:
            raise ValidationError({"assigned_to": "Choose a colleague: this account is a customer's."}, "not_staff")

    @classmethod
    def sql_derived(cls) -> dict[str, Any]:
        written, resolved = day_of(F("created_at")), day_of(F("resolved_at"))
        return {
            "is_positive": null_unless_known("rating", Q(rating__gte=LIKED)),
            "is_negative": null_unless_known("rating", Q(rating__lte=DISLIKED)),
            "is_resolved": true_when(settled),
            "is_open": true_when(~settled),
            "days_since_creation": days_between(written, today()),
            "resolution_time_days": first_of(
                (Q(resolved_at__isnull=True), None), default=days_between(written, resolved), output_field=IntegerField()
            ),
        }

    @property
    def is_positive(self) -> bool | None:
        """Whether the rating is 4 or 5; null without a rating."""
        return None if self.rating is None else self.rating >= LIKED

    @property
    def is_negative(self) -> bool | None:
        """Whether the rating is 1 or 2; null without a rating."""
        return None if self.rating is None else self.rating <= DISLIKED

    @property
    def is_resolved(self) -> bool:
        """Whether it is settled: resolved or closed."""
        return self.status in SETTLED

    @property
    def is_open(self) -> bool:
        """Whether it is not settled yet."""
        return not self.is_resolved

    @property
    def days_since_creation(self) -> int:
        """Days since it was written, in the calendar of its owner."""
        return (self.today() - self._day_of(self.created_at)).days

    @property
    def resolution_time_days(self) -> int | None:
        """Days from writing to settling, in the calendar of its owner; null while it is open."""
        return None if self.resolved_at is None else (self._day_of(self.resolved_at) - self._day_of(self.created_at)).days

    def _day_of(self, instant: datetime) -> date:
        return clock.day_in(self.user.zone, instant)

    def move_to(self, status: str, *, now: datetime) -> None:
        """Change the status, and stamp or forget when it was settled. Does not save."""
        self.status = status
        if not self.is_resolved:
            self.resolved_at = None
        elif self.resolved_at is None:
            self.resolved_at = now
