"""Career milestones of a customer."""

from datetime import date, timedelta

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Cast, Greatest, Round

from career.models.choices import MilestoneStatus, MilestoneType, Priority
from core.models.base import OwnedModel
from core.models.constraints import together
from core.models.derived import Derived
from core.models.fields import BoundedIntegerField, ChoiceField, NonBlankCharField, PlausibleDateField
from core.models.money import MoneyField
from core.postgres.expressions import days_between, first_of, graded, today
from core.privacy.declarations import own
from core.privacy.masks import initials, personal

DUE_SOON = timedelta(days=30)
ON_TRACK = 75

IS_OVERDUE = Q(is_completed=False, target_date__lt=today())
DAYS_UNTIL, SALARY_GAP = days_between(today(), F("target_date")), F("target_salary") - F("current_salary")
# 20 decimals, because PostgreSQL's default scale could round a quotient just below half a hundredth up before Round does
PERCENT_MISSING = Cast(SALARY_GAP * 100, models.DecimalField(max_digits=40, decimal_places=20)) / F("current_salary")
STAGES = (MilestoneStatus.ACHIEVED, MilestoneStatus.ON_TRACK, MilestoneStatus.IN_PROGRESS, MilestoneStatus.JUST_STARTED)
PERSONAL = personal("target_salary", "current_salary", "notes", milestone_name=initials)


class CareerMilestone(OwnedModel):
    """A career goal of a customer. If it has a target salary, the current salary determines the progress."""

    milestone_name = NonBlankCharField(max_length=255, help_text="The user's name for the milestone.")
    milestone_type = ChoiceField(
        MilestoneType, max_length=50, help_text="What the milestone is about, for the user only: no calculation depends on it."
    )
    target_salary = MoneyField(
        currency=None, min=0, null=True, blank=True, help_text="Annual salary to reach, in the currency of the current salary."
    )
    current_salary = MoneyField(
        currency=None,
        min=0,
        null=True,
        blank=True,
        help_text="Present annual salary. With a target salary it sets the progress.",
    )
    target_date = PlausibleDateField(
        null=True, blank=True, help_text="Day by which to reach the milestone, in the user's time zone. Null: no deadline."
    )
    is_completed = models.BooleanField(default=False, help_text="True if completed by hand or by reaching the target salary.")
    completion_date = PlausibleDateField(null=True, blank=True, help_text="Day of the completion in the user's time zone.")
    progress_percentage = BoundedIntegerField(
        min=0, max=100, default=0, help_text="0 to 100. Set by the salaries if both are known."
    )
    notes = models.TextField(blank=True, help_text="The user's own text. May be empty.")
    privacy = own("the career goals of the customer")
    personal_fields = PERSONAL

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
        super().clean()
        self.milestone_name = self.milestone_name.strip()

    is_overdue = Derived(
        IS_OVERDUE, help_text="True if the target date has passed without completion, in the user's time zone."
    )
    days_remaining = Derived(
        first_of((Q(target_date__isnull=True), None), (Q(is_completed=True), 0), default=Greatest(DAYS_UNTIL, 0)),
        models.IntegerField(null=True),
        help_text="Days until the target date; 0 if it has passed or the milestone is completed; null without a target date.",
    )
    days_overdue = Derived(
        first_of((Q(target_date__isnull=True), None), (IS_OVERDUE, 0 - DAYS_UNTIL), default=0),
        models.IntegerField(null=True),
        help_text="Days since the target date; 0 if the milestone is not overdue; null without a target date.",
    )
    salary_gap = Derived(
        SALARY_GAP,
        models.DecimalField(max_digits=16, decimal_places=2, null=True),
        help_text="Target salary minus current salary, negative if the target is exceeded; null unless both are known.",
    )
    salary_gap_percentage = Derived(
        first_of((~Q(current_salary=0), Round(PERCENT_MISSING, precision=2))),
        models.DecimalField(max_digits=20, decimal_places=2, null=True),
        help_text="`salary_gap` in percent of the current salary; null if the gap is unknown or the current salary is 0.",
    )
    status = Derived(
        first_of(
            (Q(is_completed=True), MilestoneStatus.COMPLETED),
            (IS_OVERDUE, MilestoneStatus.OVERDUE),
            default=graded(F("progress_percentage"), (100, ON_TRACK, 50), STAGES),
        ),
        models.CharField(choices=MilestoneStatus),
        help_text="`completed`, `overdue`, `achieved` (100 %), `on_track` (≥ 75 %), `in_progress` (≥ 50 %) or `just_started`.",
    )
    priority_level = Derived(
        first_of(
            (Q(is_completed=True), Priority.NORMAL),
            (IS_OVERDUE, Priority.CRITICAL),
            (Q(target_date__lte=today() + DUE_SOON), Priority.HIGH),
            (Q(progress_percentage__gte=ON_TRACK), Priority.MEDIUM),
            default=Priority.NORMAL,
        ),
        models.CharField(choices=Priority),
        help_text=(
            "`critical` if overdue, `high` within 30 days of the target date, `medium` from 75 % progress, otherwise `normal`."
            " A completed milestone is `normal`."
        ),
    )

    @property
    def salary_progress(self) -> int | None:
        """The current salary in whole percent of the target, at most 99 until it is reached; None unless both are known."""
        if self.target_salary is None or self.current_salary is None:
            return None
        if self.current_salary >= self.target_salary:
            return 100
        return int(100 * self.current_salary // self.target_salary)

    def complete(self, *, on: date) -> None:
        """Mark the milestone as completed. A completed milestone retains its date. Does not save."""
        if not self.is_completed:
            self.is_completed, self.completion_date = True, on
        self.progress_percentage = 100

    def reopen(self) -> None:
        """Undo the completion. Does not save."""
        self.is_completed, self.completion_date = False, None
