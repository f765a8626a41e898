"""Customer feedback and its resolution."""

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


RESOLVED_STATUSES = (FeedbackStatus.RESOLVED, FeedbackStatus.CLOSED)
IS_RESOLVED = Q(status__in=[status.value for status in RESOLVED_STATUSES])


class UserFeedback(OwnedModel):
    """Feedback that a customer writes and staff resolve.

    Only staff members can be assigned. `clean` and the service check this, because `is_staff` is a column of another table,
    which a CHECK constraint cannot read.
    """

    feedback_date = PlausibleDateField(help_text="Day of the feedback in the user's time zone.")
    feedback_type = ChoiceField(
        FeedbackType, max_length=50, help_text="What the feedback is. `support` uses one of the `support_requests` of the plan."
    )
    rating = BoundedIntegerField(min=1, max=5, null=True, blank=True, help_text="1 (worst) to 5 (best).")
    feedback_text = models.TextField(blank=True, help_text="The user's own text. May be empty.")
    category = models.CharField(max_length=100, blank=True, help_text="Part of the product, such as imports.")
    status = ChoiceField(FeedbackStatus, max_length=50, default=FeedbackStatus.OPEN, help_text="State, set by staff.")
    priority = ChoiceField(FeedbackPriority, max_length=20, default=FeedbackPriority.MEDIUM, help_text="Urgency, set by staff.")
    # indexed, because deleting an account searches the feedback of all customers for its assignments
    assigned_to = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="assigned_feedback",
        help_text="The id of the staff member who handles it. Null: it is not assigned.",
    )
    resolution_notes = models.TextField(blank=True, help_text="The reply of staff. The user can read it.")
    resolved_at = models.DateTimeField(
        null=True, blank=True, help_text="When it was resolved. Null unless the status is resolved or closed."
    )

    privacy = recorded(
        "the customer's feedback and our reply; the name of the assignee is staff data", withheld=("assigned_to",)
    )

    class Meta(OwnedModel.Meta):
        verbose_name, verbose_name_plural = "piece of feedback", "feedback"
        constraints = [
            rule(
                "analytics_userfeedback_resolved_at_matches_status",
                (IS_RESOLVED & Q(resolved_at__isnull=False)) | (~IS_RESOLVED & Q(resolved_at__isnull=True)),
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
        """Raise ValidationError if the assignee is not a staff member."""
        super().clean()
        if self.assigned_to is not None and not self.assigned_to.is_staff:
            raise ValidationError({"assigned_to": "Choose a staff member. This account belongs to a customer."}, "not_staff")

    is_positive = Derived(
        Q(rating__gte=4), models.BooleanField(null=True), help_text="True if the rating is 4 or 5; null without a rating."
    )
    is_negative = Derived(
        Q(rating__lte=2), models.BooleanField(null=True), help_text="True if the rating is 1 or 2; null without a rating."
    )
    is_resolved = Derived(IS_RESOLVED, help_text="True if the status is `resolved` or `closed`.")
    is_open = Derived(~IS_RESOLVED, help_text="True if the status is neither `resolved` nor `closed`.")
    days_since_creation = Derived(
        days_between(day_of(F("created_at")), today()),
        models.IntegerField(),
        help_text="Calendar days since the feedback was sent, in the user's time zone.",
    )
    resolution_time_days = Derived(
        days_between(day_of(F("created_at")), day_of(F("resolved_at"))),
        models.IntegerField(null=True),
        help_text="Calendar days from sending to resolution, in the user's time zone; null while it is open.",
    )

    def move_to(self, status: str, *, now: datetime) -> None:
        """Change the status, and set or clear `resolved_at` to match. Does not save."""
        self.status = status
        if not self.is_resolved:
            self.resolved_at = None
        elif self.resolved_at is None:
            self.resolved_at = now
