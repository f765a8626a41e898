"""Days that a user wants to be reminded of: once, or again and again."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pgtrigger
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Func, Q, Value
from django.db.models.functions import Cast

from core import clock
from core.models.base import OwnedModel, OwnedQuerySet
from core.models.constraints import rule
from core.models.fields import BoundedIntegerField, ChoiceField, NonBlankCharField, PlausibleDateField
from core.postgres.expressions import day_of, days_between, first_of, today, true_when
from core.privacy.declarations import own
from core.privacy.masks import initials, personal
from system.occurrences import next_occurrence


class DateType(models.TextChoices):
    FINANCIAL = "financial"
    HEALTH = "health"
    CAREER = "career"
    PERSONAL = "personal"
    FAMILY = "family"
    LEGAL = "legal"


class Recurrence(models.TextChoices):
    DAILY = "daily"
    WEEKLY = "weekly"
    MONTHLY = "monthly"
    YEARLY = "yearly"


# However a date is moved (API, admin, bulk, raw SQL): its next occurrence is another one, of which nobody was reminded.
forget_reminder = pgtrigger.Trigger(
    name="forget_reminder",
    when=pgtrigger.Before,
    operation=pgtrigger.Update,
    condition=pgtrigger.Condition(
        "((OLD.date_value, OLD.recurrence_pattern) IS DISTINCT FROM (NEW.date_value, NEW.recurrence_pattern)"
        " AND OLD.last_reminder_sent IS NOT DISTINCT FROM NEW.last_reminder_sent)"
    ),
    func="NEW.last_reminder_sent = NULL; RETURN NEW;",
)


class NextOccurrence(Func):
    """The first occurrence of a row's date on or after a day, as `system.occurrences` defines it."""

    function = "system_next_occurrence"
    output_field = models.DateField()

    def __init__(self, day: Any) -> None:
        super().__init__(F("date_value"), F("recurrence_pattern"), day)


def derived_on(day: Any) -> dict[str, Any]:
    """The derived values in SQL as they are on `day`, an expression for the present day where the owner lives."""
    number, coming = models.IntegerField(), NextOccurrence(day)
    is_over = Q(is_recurring=False, date_value__lt=day)
    until = days_between(day, coming)
    reminded_of = NextOccurrence(day_of(F("last_reminder_sent")))
    return {
        "is_overdue": true_when(is_over),
        "days_until_due": until,
        "days_overdue": first_of((is_over, days_between(F("date_value"), day)), default=0, output_field=number),
        "should_send_reminder": true_when(
            Q(is_active=True, reminder_days__gte=until)
            & (Q(last_reminder_sent__isnull=True) | Q(_is_later(coming, reminded_of)))
        ),
        "next_occurrence": coming,
    }


def _is_later(coming: Any, reminded_of: Any) -> Func:
    """Whether the coming occurrence is another one than that which the last reminder was about."""
    template = "(%(expressions)s)"
    return Func(coming, reminded_of, template=template, arg_joiner=" IS DISTINCT FROM ", output_field=models.BooleanField())


class ImportantDateQuerySet(OwnedQuerySet):
    """Important dates."""

    def due_for_reminder(self, now: datetime) -> "ImportantDateQuerySet":
        """Dates of active accounts whose owner should be reminded at `now`."""
        day = day_of(Cast(Value(now), models.DateTimeField()))
        # most dates of an old table came once and are over: a plain comparison sorts them out before any zone is looked at
        may_come = Q(is_recurring=True) | Q(date_value__gte=clock.day_in(UTC, now) - timedelta(days=1))
        wanted = self.filter(may_come, is_active=True, user__is_active=True)
        return wanted.alias(due=derived_on(day)["should_send_reminder"]).filter(due=True)


class ImportantDate(OwnedModel):
    """A day that matters to a user, and how long before it he wants to hear of it."""

    date_name = NonBlankCharField(max_length=255)
    date_type = ChoiceField(DateType, max_length=50)
    date_value = PlausibleDateField()
    reminder_days = BoundedIntegerField(min=0, default=7)
    is_recurring = models.BooleanField(default=False)
    recurrence_pattern = ChoiceField(Recurrence, max_length=20, blank=True)
    description = models.TextField(blank=True)
    is_active = models.BooleanField(default=True)
    last_reminder_sent = models.DateTimeField(null=True, blank=True)

    privacy = own("days that he wants to be reminded of")
    personal_fields = personal("date_value", "description", "last_reminder_sent", date_name=initials)
    derived = ("is_overdue", "days_until_due", "days_overdue", "should_send_reminder", "next_occurrence")

    class Meta(OwnedModel.Meta):
        triggers = [*OwnedModel.Meta.triggers, forget_reminder]
        constraints = [
            rule(
                "system_importantdate_recurrence_pattern_matches_is_recurring",
                Q(is_recurring=True) & ~Q(recurrence_pattern="") | Q(is_recurring=False, recurrence_pattern=""),
                "Say how often exactly when the date is recurring.",
            ),
        ]
        indexes = [models.Index(fields=["user", "date_value", "id"], name="system_date_by_day")]

    objects = ImportantDateQuerySet.as_manager()  # type: ignore[misc]  # narrower than its base's

    def __str__(self) -> str:
        return self.date_name

    def clean(self) -> None:
        """A recurring date has a pattern, and only that."""
        super().clean()
        if self.is_recurring and not self.recurrence_pattern:
            raise ValidationError({"recurrence_pattern": "Say how often: daily, weekly, monthly or yearly."}, "missing")
        if self.recurrence_pattern and not self.is_recurring:
            raise ValidationError({"recurrence_pattern": "Leave it empty, or set is_recurring."}, "not_recurring")

    @classmethod
    def sql_derived(cls) -> dict[str, Any]:
        return derived_on(today())

    def occurrence_from(self, day: date) -> date | None:
        """The first occurrence on or after `day`; None when there is none any more."""
        return next_occurrence(self.date_value, self.recurrence_pattern, day)

    @property
    def is_overdue(self) -> bool:
        """Whether the day has passed; a recurring date never is overdue, for it comes again."""
        return not self.is_recurring and self.date_value < self.today()

    @property
    def days_until_due(self) -> int | None:
        """Days until the next occurrence, 0 on the day itself; None when there is none any more."""
        today = self.today()
        coming = self.occurrence_from(today)
        return None if coming is None else (coming - today).days

    @property
    def days_overdue(self) -> int:
        """Days since the day passed; 0 unless it is overdue."""
        return (self.today() - self.date_value).days if self.is_overdue else 0

    @property
    def should_send_reminder(self) -> bool:
        """Whether the next occurrence is near enough, and its owner was not reminded of it yet.

        A reminder is always about the occurrence that was next on its day, so that day tells which one it was.
        """
        until = self.days_until_due
        if not self.is_active or until is None or until > self.reminder_days:
            return False
        return self.last_reminder_sent is None or self._reminded_of(self.last_reminder_sent) != self.next_occurrence

    def _reminded_of(self, sent: datetime) -> date | None:
        return self.occurrence_from(clock.day_in(self.user.zone, sent))

    @property
    def next_occurrence(self) -> date | None:
        """The day it comes next, today included; None when it was once and is over."""
        return self.occurrence_from(self.today())
