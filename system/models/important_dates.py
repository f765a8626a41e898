"""Days that a user wants to be reminded of: once, or again and again."""

import operator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pgtrigger
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Q, Value
from django.db.models.functions import Cast

from core import clock
from core.models.base import OwnedModel, OwnedQuerySet
from core.models.constraints import rule
from core.models.derived import Derived
from core.models.fields import BoundedIntegerField, ChoiceField, NonBlankCharField, PlausibleDateField
from core.postgres.expressions import PythonFunc, day_of, days_between, first_of, today, true_when
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


IS_OVERDUE = Q(is_recurring=False) & Q(date_value__lt=today())


def next_from(day: Any) -> PythonFunc:
    """Return the first occurrence of a row's date on or after a day, as `system.occurrences` defines it."""
    schedule = F("date_value"), F("recurrence_pattern")
    function = "system_next_occurrence"
    return PythonFunc(*schedule, day, in_python=next_occurrence, function=function, output_field=models.DateField())


def is_due_for_reminder(day: Any) -> Q:
    """Return the condition that the next occurrence is near enough on `day` and its owner was not reminded of it yet.

    A reminder is always about the occurrence that was next on its day, so that day tells which one it was.
    """
    coming = next_from(day)
    is_another = PythonFunc(
        coming,
        next_from(day_of(F("last_reminder_sent"))),
        in_python=operator.ne,
        is_strict=False,
        template="(%(expressions)s)",
        arg_joiner=" IS DISTINCT FROM ",
        output_field=models.BooleanField(),
    )
    is_near = Q(is_active=True, reminder_days__gte=days_between(day, coming))
    return is_near & (Q(last_reminder_sent__isnull=True) | Q(is_another))


class ImportantDateQuerySet(OwnedQuerySet):
    """Important dates."""

    def due_for_reminder(self, now: datetime) -> "ImportantDateQuerySet":
        """Dates of active accounts whose owner should be reminded at `now`."""
        day = day_of(Cast(Value(now), models.DateTimeField()))
        # most dates of an old table came once and are over: a plain comparison sorts them out before any zone is looked at
        may_come = Q(is_recurring=True) | Q(date_value__gte=clock.day_in(UTC, now) - timedelta(days=1))
        wanted = self.filter(may_come, is_active=True, user__is_active=True)
        return wanted.alias(due=true_when(is_due_for_reminder(day))).filter(due=True)


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

    is_overdue = Derived(
        IS_OVERDUE, help_text="Whether the day has passed; a recurring date never is overdue, for it comes again."
    )
    days_until_due = Derived(
        days_between(today(), next_from(today())),
        models.IntegerField(null=True),
        help_text="Days until the next occurrence, 0 on the day itself; None when there is none any more.",
    )
    days_overdue = Derived(
        first_of((IS_OVERDUE, days_between(F("date_value"), today())), default=0),
        models.IntegerField(),
        help_text="Days since the day passed; 0 unless it is overdue.",
    )
    should_send_reminder = Derived(
        is_due_for_reminder(today()),
        help_text="Whether the next occurrence is near enough, and its owner was not reminded of it yet.",
    )
    next_occurrence = Derived(
        next_from(today()),
        models.DateField(null=True),
        help_text="The day it comes next, today included; None when it was once and is over.",
    )

    def occurrence_from(self, day: date) -> date | None:
        """The first occurrence on or after `day`; None when there is none any more."""
        return next_occurrence(self.date_value, self.recurrence_pattern, day)
