"""What somebody wants to reach for his health."""

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Greatest

from core.models.base import OwnedModel
from core.models.constraints import together
from core.models.derived import Derived
from core.models.fields import (
    BoundedDecimalField,
    BoundedIntegerField,
    ChoiceField,
    NonBlankCharField,
)
from core.postgres.expressions import days_between, first_of, graded, today
from core.privacy.declarations import own
from core.privacy.masks import initials, personal
from health.progress import percent

MAX_VALUE = Decimal("99999999.99")  # of the column
VALUES = ("start_value", "target_value", "current_value")
ALL_THE_WAY = 100


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


# What a goal that is neither completed nor overdue is called.
STAGES = (GoalStatus.ACHIEVED, GoalStatus.ON_TRACK, GoalStatus.IN_PROGRESS, GoalStatus.JUST_STARTED)
IS_OVERDUE = Q(is_completed=False, target_date__lt=today())


class HealthGoal(OwnedModel):
    """A value to reach by a day, or just some day. Its progress is measured whenever it is saved."""

    goal_name = NonBlankCharField(max_length=255)
    goal_type = ChoiceField(GoalType, max_length=50)
    start_value = BoundedDecimalField(max_digits=10, decimal_places=2, min=-MAX_VALUE, max=MAX_VALUE, null=True, blank=True)
    target_value = BoundedDecimalField(max_digits=10, decimal_places=2, min=-MAX_VALUE, max=MAX_VALUE, null=True, blank=True)
    current_value = BoundedDecimalField(max_digits=10, decimal_places=2, min=-MAX_VALUE, max=MAX_VALUE, null=True, blank=True)
    unit = models.CharField(max_length=50, blank=True)
    target_date = models.DateField(null=True, blank=True)
    is_completed = models.BooleanField(default=False)
    completion_date = models.DateField(null=True, blank=True)
    progress_percentage = BoundedIntegerField(min=0, max=ALL_THE_WAY, default=0)
    notes = models.TextField(blank=True)

    privacy = own("what he wants to reach for his health")
    personal_fields = personal("start_value", "target_value", "current_value", "unit", "notes", goal_name=initials)

    class Meta(OwnedModel.Meta):
        verbose_name = "health goal"
        constraints = [together("health_healthgoal", "is_completed", "completion_date")]
        indexes = [models.Index(fields=["user", "-created_at", "-id"], name="health_goal_newest")]

    def __str__(self) -> str:
        return self.goal_name

    def save(self, *args: Any, update_fields: Iterable[str] | None = None, **kwargs: Any) -> None:
        """Save with the progress that the values give, so that none of them can change without it."""
        self.progress_percentage = self.measured_progress()
        if update_fields is not None:
            update_fields = {*update_fields, "progress_percentage"}
        super().save(*args, update_fields=update_fields, **kwargs)

    def measured_progress(self) -> int:
        """The way done in percent; all of it once the goal is completed, whatever the values say."""
        if self.is_completed:
            return ALL_THE_WAY
        kind: Any = self._meta.get_field("current_value")  # a row that was just made may hold a text or a float
        start, target, current = (kind.to_python(getattr(self, name)) for name in VALUES)
        return percent(start=start, current=current, target=target)

    def record(self, current_value: Decimal, notes: str | None = None) -> None:
        """Take down where the goal stands now; `notes` replace the former ones where they are given."""
        self.current_value = current_value
        self.notes = self.notes if notes is None else notes
        self.save(update_fields=["current_value", "notes"])

    def complete(self) -> None:
        """Tick the goal off on the owner's day; one that was completed before keeps its day."""
        if not self.is_completed:
            self.is_completed, self.completion_date = True, self.today()
            self.save(update_fields=["is_completed", "completion_date"])

    def reopen(self) -> None:
        """Take a completion back; the progress is measured again."""
        self.is_completed, self.completion_date = False, None
        self.save(update_fields=["is_completed", "completion_date"])

    is_overdue = Derived(
        IS_OVERDUE, help_text="Whether the target date is over where the owner lives and the goal is not completed."
    )
    days_remaining = Derived(
        # GREATEST of a NULL and 0 would be 0
        first_of((Q(target_date__isnull=False), Greatest(days_between(today(), F("target_date")), 0))),
        models.IntegerField(null=True),
        help_text="Whole days until the target date, 0 from then on; null without one.",
    )
    status = Derived(
        first_of(
            (Q(is_completed=True), GoalStatus.COMPLETED),
            (IS_OVERDUE, GoalStatus.OVERDUE),
            default=graded(F("progress_percentage"), (ALL_THE_WAY, 75, 50), STAGES),
        ),
        models.CharField(choices=GoalStatus),
        help_text="completed, overdue, achieved from 100 %, on_track from 75 %, in_progress from 50 %, else just_started.",
    )
