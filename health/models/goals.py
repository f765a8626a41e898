"""Health goals."""

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Greatest

from core.models.base import OwnedModel
from core.models.constraints import together
from core.models.derived import Derived
from core.models.fields import BoundedDecimalField, BoundedIntegerField, ChoiceField, NonBlankCharField
from core.postgres.expressions import days_between, first_of, graded, today
from core.privacy.declarations import own
from core.privacy.masks import initials, personal
from health.progress import percent

MAX_VALUE = Decimal("99999999.99")  # max_digits=10, decimal_places=2
VALUES = ("start_value", "target_value", "current_value")
MAX_PERCENT = 100


class GoalType(models.TextChoices):
    MOOD = "mood"
    STRESS = "stress"
    SLEEP = "sleep"
    EXERCISE = "exercise"
    NUTRITION = "nutrition"
    WELLNESS = "wellness"


class GoalStatus(models.TextChoices):
    COMPLETED = "completed"
    OVERDUE = "overdue"
    ACHIEVED = "achieved"
    ON_TRACK = "on_track"
    IN_PROGRESS = "in_progress"
    JUST_STARTED = "just_started"


# Statuses of goals that are neither completed nor overdue, by progress.
STAGES = (GoalStatus.ACHIEVED, GoalStatus.ON_TRACK, GoalStatus.IN_PROGRESS, GoalStatus.JUST_STARTED)
IS_OVERDUE = Q(is_completed=False, target_date__lt=today())


class HealthGoal(OwnedModel):
    """A value to reach, optionally by a target date. The progress is computed whenever the goal is saved."""

    goal_name = NonBlankCharField(max_length=255, help_text="The user's name for the goal.")
    goal_type = ChoiceField(
        GoalType, max_length=50, help_text="What the goal is about, for the user only: no calculation depends on it."
    )
    start_value = BoundedDecimalField(
        max_digits=10,
        decimal_places=2,
        min=-MAX_VALUE,
        max=MAX_VALUE,
        null=True,
        blank=True,
        help_text="Value at the beginning, in the goal's unit. Null: unknown.",
    )
    target_value = BoundedDecimalField(
        max_digits=10,
        decimal_places=2,
        min=-MAX_VALUE,
        max=MAX_VALUE,
        null=True,
        blank=True,
        help_text="Value to reach, in the goal's unit. Null: unknown.",
    )
    current_value = BoundedDecimalField(
        max_digits=10,
        decimal_places=2,
        min=-MAX_VALUE,
        max=MAX_VALUE,
        null=True,
        blank=True,
        help_text="Present value, in the goal's unit. Null: unknown.",
    )
    unit = models.CharField(max_length=50, blank=True, help_text="Unit of the three values, such as points.")
    target_date = models.DateField(null=True, blank=True, help_text="Day by which to reach the target. Null: no deadline.")
    is_completed = models.BooleanField(
        default=False, help_text="True once the user has completed the goal. A progress of 100 does not complete it."
    )
    completion_date = models.DateField(
        null=True, blank=True, help_text="Day of the completion in the user's time zone. Null: not completed."
    )
    progress_percentage = BoundedIntegerField(
        min=0, max=MAX_PERCENT, default=0, help_text="Percent of the way from start to target, 0 to 100. Once completed 100."
    )
    notes = models.TextField(blank=True, help_text="The user's own text. May be empty.")

    privacy = own("health goals of the customer")
    personal_fields = personal("start_value", "target_value", "current_value", "unit", "notes", goal_name=initials)

    class Meta(OwnedModel.Meta):
        verbose_name = "health goal"
        constraints = [together("health_healthgoal", "is_completed", "completion_date")]
        indexes = [models.Index(fields=["user", "-created_at", "-id"], name="health_goal_newest")]

    def __str__(self) -> str:
        return self.goal_name

    def save(self, *args: Any, update_fields: Iterable[str] | None = None, **kwargs: Any) -> None:
        """Save with the computed progress, also if `update_fields` does not name it."""
        self.progress_percentage = self.measured_progress()
        if update_fields is not None:
            update_fields = {*update_fields, "progress_percentage"}
        super().save(*args, update_fields=update_fields, **kwargs)

    def measured_progress(self) -> int:
        """Return the progress in percent; always 100 for a completed goal."""
        if self.is_completed:
            return MAX_PERCENT
        field: Any = self._meta.get_field("current_value")  # to_python, because unsaved values may be strings or floats
        start, target, current = (field.to_python(getattr(self, name)) for name in VALUES)
        return percent(start=start, current=current, target=target)

    def record(self, current_value: Decimal, notes: str | None = None) -> None:
        """Save the current value, and `notes` unless None."""
        self.current_value = current_value
        self.notes = self.notes if notes is None else notes
        self.save(update_fields=["current_value", "notes"])

    def complete(self) -> None:
        """Mark the goal as completed today in the owner's time zone. Idempotent: the first completion date is retained."""
        if not self.is_completed:
            self.is_completed, self.completion_date = True, self.today()
            self.save(update_fields=["is_completed", "completion_date"])

    def reopen(self) -> None:
        """Mark the goal as not completed and recompute its progress."""
        self.is_completed, self.completion_date = False, None
        self.save(update_fields=["is_completed", "completion_date"])

    is_overdue = Derived(IS_OVERDUE, help_text="True if the target date has passed in the user's time zone without completion.")
    days_remaining = Derived(
        # GREATEST of a NULL and 0 would be 0
        first_of((Q(target_date__isnull=False), Greatest(days_between(today(), F("target_date")), 0))),
        models.IntegerField(null=True),
        help_text="Whole days until the target date, 0 from that date on. Null without a target date.",
    )
    status = Derived(
        first_of(
            (Q(is_completed=True), GoalStatus.COMPLETED),
            (IS_OVERDUE, GoalStatus.OVERDUE),
            default=graded(F("progress_percentage"), (MAX_PERCENT, 75, 50), STAGES),
        ),
        models.CharField(choices=GoalStatus),
        help_text="`completed`, `overdue`, or by percent: `achieved` 100, `on_track` 75, `in_progress` 50, `just_started` 0.",
    )
