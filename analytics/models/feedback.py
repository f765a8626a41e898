"""What customers say, and what became of it."""

from datetime import datetime

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Q

from core.models.base import OwnedModel
from core.models.constraints import rule
from core.models.derived import Derived
from core.models.fields import BoundedIntegerField, ChoiceField, PlausibleDateField
from core.postgres.expressions import day_of, days_between, today
from core.privacy.declarations import recorded


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

    is_positive = Derived(
        Q(rating__gte=4), models.BooleanField(null=True), help_text="Whether the rating is 4 or 5; null without a rating."
    )
    is_negative = Derived(
        Q(rating__lte=2), models.BooleanField(null=True), help_text="Whether the rating is 1 or 2; null without a rating."
    )
    is_resolved = Derived(settled, help_text="Whether it is settled: resolved or closed.")
    is_open = Derived(~settled, help_text="Whether it is not settled yet.")
    days_since_creation = Derived(
        days_between(day_of(F("created_at")), today()),
        models.IntegerField(),
        help_text="Days since it was written, in the calendar of its owner.",
    )
    resolution_time_days = Derived(
        days_between(day_of(F("created_at")), day_of(F("resolved_at"))),
        models.IntegerField(null=True),
        help_text="Days from writing to settling, in the calendar of its owner; null while it is open.",
    )

    def move_to(self, status: str, *, now: datetime) -> None:
        """Change the status, and stamp or forget when it was settled. Does not save."""
        self.status = status
        if not self.is_resolved:
            self.resolved_at = None
        elif self.resolved_at is None:
            self.resolved_at = now
