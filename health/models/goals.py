"""What somebody wants to reach for his health."""

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from django.db import models
from django.db.models import Case, F, Q, Value, When
from django.db.models.functions import Greatest
from django.db.models.lookups import LessThan

from core.models.base import OwnedModel
from core.models.constraints import together
from core.models.fields import BoundedDecimalField, BoundedIntegerField, ChoiceField, NonBlankCharField
from core.postgres.expressions import days_between, first_of, today, true_when
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


# What a goal that is neither completed nor overdue is called, from which progress on.
STAGES = ((GoalStatus.ACHIEVED, ALL_THE_WAY), (GoalStatus.ON_TRACK, 75), (GoalStatus.IN_PROGRESS, 50))


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
    derived = ("is_overdue", "days_remaining", "status")

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

    @classmethod
    def sql_derived(cls) -> dict[str, Any]:
        overdue = Q(is_completed=False) & Q(LessThan(F("target_date"), today()))
        stages = [(Q(progress_percentage__gte=least), stage.value) for stage, least in STAGES]
        remaining = Greatest(days_between(today(), F("target_date")), Value(0), output_field=models.IntegerField())
        return {
            "is_overdue": true_when(overdue),
            "days_remaining": Case(
                When(target_date__isnull=False, then=remaining),  # GREATEST of a NULL and 0 would be 0
                output_field=models.IntegerField(null=True),
            ),
            "status": first_of(
                (Q(is_completed=True), GoalStatus.COMPLETED.value),
                (overdue, GoalStatus.OVERDUE.value),
                *stages,
                default=GoalStatus.JUST_STARTED.value,
                output_field=models.CharField(choices=GoalStatus.choices),
            ),
        }

    @property
    def is_overdue(self) -> bool:
        """Whether the target date is over where the owner lives and the goal is not completed."""
        return self.target_date is not None and not self.is_completed and self.target_date < self.today()

    @property
    def days_remaining(self) -> int | None:
        """Whole days until the target date, 0 from then on; null without one."""
        return None if self.target_date is None else max((self.target_date - self.today()).days, 0)

    @property
    def status(self) -> str:
        """completed, overdue, achieved from 100 %, on_track from 75 %, in_progress from 50 %, else just_started."""
        if self.is_completed:
            return GoalStatus.COMPLETED.value
        if self.is_overdue:
            return GoalStatus.OVERDUE.value
        stages = (stage for stage, least in STAGES if self.progress_percentage >= least)
        return next(stages, GoalStatus.JUST_STARTED).value
