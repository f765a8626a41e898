"""Where a customer wants his work to go."""

from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from django.db import models
from django.db.models import DecimalField, F, IntegerField, Q, Value
from django.db.models.functions import Cast, Greatest

from career.models.choices import MilestoneStatus, MilestoneType, Priority
from core.models.base import OwnedModel
from core.models.constraints import between, together
from core.models.fields import BoundedIntegerField, ChoiceField, GetType, NonBlankCharField, PlausibleDateField, SetType
from core.models.money import MoneyField
from core.postgres.expressions import days_between, first_of, today, true_when
from core.privacy.declarations import own
from core.privacy.masks import initials, personal

MAX_SALARY = Decimal("9999999999.99")
DUE_SOON = timedelta(days=30)
ON_TRACK, IN_PROGRESS = 75, 50
HUNDREDTH = Decimal("0.01")


def in_sql() -> dict[str, Any]:
    """The derived values of a milestone as expressions over its columns and its owner's day."""
    is_open, gap = Q(is_completed=False), F("target_salary") - F("current_salary")
    overdue, until = is_open & Q(target_date__lt=today()), days_between(today(), F("target_date"))
    undated, number = (Q(target_date__isnull=True), None), IntegerField()
    # twenty decimals: PostgreSQL's own choice could round a quotient just below half a hundredth up before we round it
    percent = Cast(gap * 100, DecimalField(max_digits=40, decimal_places=20)) / F("current_salary")
    return {
        "is_overdue": true_when(overdue),
        "days_remaining": first_of(undated, (Q(is_completed=True), 0), default=Greatest(until, Value(0)), output_field=number),
        "days_overdue": first_of(undated, (overdue, Value(0) - until), default=0, output_field=number),
        "salary_gap": Cast(gap, DecimalField(max_digits=12, decimal_places=2)),
        "salary_gap_percentage": first_of(
            (Q(current_salary=0), None),
            default=Cast(percent, DecimalField(max_digits=20, decimal_places=2)),
            output_field=DecimalField(max_digits=20, decimal_places=2),
        ),
        "status": first_of(
            (Q(is_completed=True), "completed"),
            (overdue, "overdue"),
            (Q(progress_percentage__gte=100), "achieved"),
            (Q(progress_percentage__gte=ON_TRACK), "on_track"),
            (Q(progress_percentage__gte=IN_PROGRESS), "in_progress"),
            default="just_started",
            output_field=models.CharField(choices=MilestoneStatus.choices),
        ),
        "priority_level": first_of(
            (Q(is_completed=True), "normal"),
            (overdue, "critical"),
            (Q(target_date__lte=today() + DUE_SOON), "high"),
            (Q(progress_percentage__gte=ON_TRACK), "medium"),
            default="normal",
            output_field=models.CharField(choices=Priority.choices),
        ),
    }


DERIVED = (
    "is_overdue",
    "days_remaining",
    "days_overdue",
    "salary_gap",
    "salary_gap_percentage",
    "status",
    "priority_level",
)
PERSONAL = personal("target_salary", "current_salary", "notes", milestone_name=initials)


class SalaryField(MoneyField[SetType, GetType]):
    """A yearly salary. The upper bound of its CHECK is that of the column, and refuses NaN."""

    def get_constraints(self, table: str) -> list[models.CheckConstraint]:
        return [between(table, self.name, self.min, MAX_SALARY)]


class CareerMilestone(OwnedModel):
    """Something that somebody wants to reach at work, with or without a salary that it is measured by."""

    milestone_name = NonBlankCharField(max_length=255)
    milestone_type = ChoiceField(MilestoneType, max_length=50)
    target_salary = SalaryField(min=0, null=True, blank=True)
    current_salary = SalaryField(min=0, null=True, blank=True)
    target_date = PlausibleDateField(null=True, blank=True)
    is_completed = models.BooleanField(default=False)
    completion_date = PlausibleDateField(null=True, blank=True)
    progress_percentage = BoundedIntegerField(min=0, max=100, default=0)
    notes = models.TextField(blank=True)
    privacy = own("what he wants to reach at work")
    personal_fields = PERSONAL
    derived = DERIVED

    class Meta(OwnedModel.Meta):
        verbose_name = "career milestone"
        constraints = [together("career_careermilestone", "is_completed", "completion_date")]
        indexes = [
            models.Index(fields=["user", "-created_at", "-id"], name="career_milestone_newest"),
            models.Index(fields=["user", "target_date", "id"], name="career_milestone_by_date"),
        ]

    def __str__(self) -> str:
        return self.milestone_name

    def clean(self) -> None:
        """Trim the name."""
        super().clean()
        self.milestone_name = self.milestone_name.strip()

    @classmethod
    def sql_derived(cls) -> dict[str, Any]:
        return in_sql()

    @property
    def is_overdue(self) -> bool:
        """Whether the day is past where the owner lives, and the milestone still open."""
        return not self.is_completed and self.target_date is not None and self.target_date < self.today()

    @property
    def days_remaining(self) -> int | None:
        """Days until the target date, 0 when it is past or the milestone completed; null without a target date."""
        if self.target_date is None:
            return None
        return 0 if self.is_completed else max((self.target_date - self.today()).days, 0)

    @property
    def days_overdue(self) -> int | None:
        """Days since the target date, 0 when it is not overdue; null without a target date."""
        if self.target_date is None:
            return None
        return (self.today() - self.target_date).days if self.is_overdue else 0

    @property
    def salary_gap(self) -> Decimal | None:
        """What is missing to the target salary, below 0 when it is exceeded; null unless both salaries are known."""
        if self.target_salary is None or self.current_salary is None:
            return None
        return self.target_salary - self.current_salary

    @property
    def salary_gap_percentage(self) -> Decimal | None:
        """The raise that is missing, in percent of the current salary; null when that is unknown or 0."""
        if self.salary_gap is None or not self.current_salary:
            return None
        return (100 * self.salary_gap / self.current_salary).quantize(HUNDREDTH, ROUND_HALF_UP)

    @property
    def status(self) -> str:
        """completed, overdue, achieved (100 %), on_track (75 %), in_progress (50 %) or just_started."""
        if self.is_completed:
            return MilestoneStatus.COMPLETED.value
        if self.is_overdue:
            return MilestoneStatus.OVERDUE.value
        steps = (
            (100, MilestoneStatus.ACHIEVED),
            (ON_TRACK, MilestoneStatus.ON_TRACK),
            (IN_PROGRESS, MilestoneStatus.IN_PROGRESS),
        )
        reached = (status.value for percent, status in steps if self.progress_percentage >= percent)
        return next(reached, MilestoneStatus.JUST_STARTED.value)

    @property
    def priority_level(self) -> str:
        """critical when overdue, high within 30 days of the target date, medium from 75 %, else (and once completed) normal."""
        if self.is_completed:
            return Priority.NORMAL.value
        if self.is_overdue:
            return Priority.CRITICAL.value
        if self.target_date is not None and self.target_date <= self.today() + DUE_SOON:
            return Priority.HIGH.value
        return Priority.MEDIUM.value if self.progress_percentage >= ON_TRACK else Priority.NORMAL.value

    @property
    def salary_progress(self) -> int | None:
        """The current salary in whole percent of the target, at most 99 until that is reached; None unless both are known."""
        if self.target_salary is None or self.current_salary is None:
            return None
        if self.current_salary >= self.target_salary:
            return 100
        return int(100 * self.current_salary // self.target_salary)

    def complete(self, *, on: date) -> None:
        """Mark it as reached; one that was completed before keeps its day. Does not save."""
        if not self.is_completed:
            self.is_completed, self.completion_date = True, on
        self.progress_percentage = 100

    def reopen(self) -> None:
        """Take a completion back. Does not save."""
        self.is_completed, self.completion_date = False, None
