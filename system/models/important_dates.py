"""Important dates, one-time or recurring, that users want to be reminded of."""

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


# A trigger, so that every way to change a date (API, admin, bulk, raw SQL) clears the reminder of its old occurrence.
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
    """Return the condition that the reminder of the next occurrence is due on `day` and was not sent yet.

    A reminder is about the occurrence that was next on its day, so `last_reminder_sent` determines which one it was.
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
    def due_for_reminder(self, now: datetime) -> "ImportantDateQuerySet":
        """Return the dates of active accounts whose reminder is due at `now`."""
        day = day_of(Cast(Value(now), models.DateTimeField()))
        # a plain comparison excludes past one-time dates, most rows of an old table, before time zones are computed
        may_come = Q(is_recurring=True) | Q(date_value__gte=clock.day_in(UTC, now) - timedelta(days=1))
        wanted = self.filter(may_come, is_active=True, user__is_active=True)
        return wanted.alias(due=true_when(is_due_for_reminder(day))).filter(due=True)


class ImportantDate(OwnedModel):
    """A date that a user wants to be reminded of, `reminder_days` before it."""

    date_name = NonBlankCharField(max_length=255, help_text="The user's name for the date, such as Car insurance.")
    date_type = ChoiceField(
        DateType,
        max_length=50,
        help_text="Selects the notification preference of its reminders: that of the same name, or else `system`.",
    )
    date_value = PlausibleDateField(help_text="The day; for a recurring date its first occurrence.")
    reminder_days = BoundedIntegerField(min=0, default=7, help_text="Days from the reminder to the date, 0 for the day itself.")
    is_recurring = models.BooleanField(
        default=False, help_text="True if it recurs, by the recurrence pattern, which is then required."
    )
    recurrence_pattern = ChoiceField(
        Recurrence, max_length=20, blank=True, help_text="Time between occurrences. Empty for a one-time date."
    )
    description = models.TextField(blank=True, help_text="The user's own text, which is part of the reminders. May be empty.")
    is_active = models.BooleanField(default=True, help_text="No reminders are sent while this is false.")
    last_reminder_sent = models.DateTimeField(
        null=True,
        blank=True,
        help_text="When the last reminder was sent. Null: none, or the day or recurrence was changed since.",
    )

    privacy = own("dates that the customer wants to be reminded of")
    personal_fields = personal("date_value", "description", "last_reminder_sent", date_name=initials)

    class Meta(OwnedModel.Meta):
        triggers = [*OwnedModel.Meta.triggers, forget_reminder]
        constraints = [
            rule(
                "system_importantdate_recurrence_pattern_matches_is_recurring",
                Q(is_recurring=True) & ~Q(recurrence_pattern="") | Q(is_recurring=False, recurrence_pattern=""),
                "Set a recurrence pattern for a recurring date, and for no other.",
            ),
        ]
        indexes = [models.Index(fields=["user", "date_value", "id"], name="system_date_by_day")]

    objects = ImportantDateQuerySet.as_manager()  # type: ignore[misc]  # narrower type than the base's

    def __str__(self) -> str:
        return self.date_name

    def clean(self) -> None:
        """Raise ValidationError if a recurring date has no pattern, or a one-time date has one."""
        super().clean()
        if self.is_recurring and not self.recurrence_pattern:
            raise ValidationError({"recurrence_pattern": "Choose how often: daily, weekly, monthly or yearly."}, "missing")
        if self.recurrence_pattern and not self.is_recurring:
            raise ValidationError({"recurrence_pattern": "Leave it empty, or set is_recurring."}, "not_recurring")

    is_overdue = Derived(IS_OVERDUE, help_text="True if the date has passed. A recurring date is never overdue.")
    days_until_due = Derived(
        days_between(today(), next_from(today())),
        models.IntegerField(null=True),
        help_text="Days until the next occurrence, 0 on the day itself; null if there is none.",
    )
    days_overdue = Derived(
        first_of((IS_OVERDUE, days_between(F("date_value"), today())), default=0),
        models.IntegerField(),
        help_text="Days since the date passed; 0 if it is not overdue.",
    )
    should_send_reminder = Derived(
        is_due_for_reminder(today()),
        help_text="True if the next occurrence is within `reminder_days` and no reminder of it was sent.",
    )
    next_occurrence = Derived(
        next_from(today()),
        models.DateField(null=True),
        help_text="Date of the next occurrence, today included; null if a one-time date has passed.",
    )

    @property
    def urgency(self) -> str:
        """The state of the date: "off", "overdue", "due soon" (its reminder is due) or "upcoming"."""
        if not self.is_active:
            return "off"
        until = self.days_until_due
        if until is None:
            return "overdue"
        return "due soon" if until <= self.reminder_days else "upcoming"

    def occurrence_from(self, day: date) -> date | None:
        """Return the first occurrence on or after `day`, or None if there is none."""
        return next_occurrence(self.date_value, self.recurrence_pattern, day)
