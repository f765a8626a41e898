"""A series of days on which an amount is due, and which of them are settled."""

from collections.abc import Collection
from datetime import date
from typing import Any

from django.db import models
from django.db.models import F, Q

from core.models.base import OwnedModel
from core.models.constraints import rule
from core.models.fields import ChoiceField, PlausibleDateField
from core.models.money import MoneyField
from core.privacy.declarations import own
from finance import recurrence
from finance.models.due_payments import CENT, PaymentQuerySet

TABLE = "finance_%(class)s"
SCHEDULE = ("due_date", "frequency", "is_recurring")


class DueFrequency(models.TextChoices):
    WEEKLY = "weekly"
    BIWEEKLY = "biweekly"
    SEMIMONTHLY = "semimonthly"
    MONTHLY = "monthly"
    QUARTERLY = "quarterly"
    YEARLY = "yearly"


class DueSeries(OwnedModel):
    """A first day (the anchor), a rhythm and an expected amount, and how far the occurrences are settled.

    The occurrences are the days of `finance.recurrence`; what was paid towards each is in `payments`. One is settled when its
    payments reach the amount that was expected of it, so a later rise of `expected_amount` leaves the past as it was.

    Beyond the dictionary there is one column, `next_occurrence`: the oldest occurrence that is not settled, NULL when none is
    left. It is stored so that lists can be filtered and sorted by what follows from it with an index and without going
    through the series. `save` and the services keep it: it begins at the anchor; a settled occurrence moves it on, an undone
    one back; another schedule begins behind the last day that was settled under the old one. A CHECK keeps it in step with
    `is_recurring` and `due_date`.
    """

    expected_amount = MoneyField(min=CENT)
    due_date = PlausibleDateField()
    frequency = ChoiceField(DueFrequency, max_length=20)
    is_recurring = models.BooleanField(default=True)
    next_occurrence = models.DateField(null=True, blank=True, editable=False)

    payments: Any

    privacy = own("what falls due for him, and when")

    class Meta(OwnedModel.Meta):
        abstract = True
        constraints = [
            models.UniqueConstraint(fields=["user", "id"], name=f"{TABLE}_owner"),
            rule(
                f"{TABLE}_next_occurrence_in_series",
                Q(is_recurring=True, next_occurrence__isnull=False, next_occurrence__gte=F("due_date"))
                | Q(is_recurring=False, next_occurrence__isnull=True)
                | Q(is_recurring=False, next_occurrence__isnull=False, next_occurrence=F("due_date")),
                "What recurs is always due again; what does not is due on its day or not at all.",
            ),
        ]

    def validate_constraints(self, exclude: Collection[str] | None = None) -> None:
        """Ask the rules, but for that of `next_occurrence`, which `save` has yet to set."""
        super().validate_constraints(exclude={*(exclude or ()), "next_occurrence"})

    def update_next_occurrence(self) -> None:
        """Bring `next_occurrence` in step with what the row is about to say. Its stored state is locked."""
        self.due_date = type(self)._meta.get_field("due_date").to_python(self.due_date)
        row = type(self)._base_manager.filter(pk=self.pk).select_for_update()
        before = row.values(*SCHEDULE, "expected_amount", "next_occurrence").first()
        if before is None:
            self.next_occurrence = self.due_date
        elif any(before[name] != getattr(self, name) for name in SCHEDULE):
            self.next_occurrence = self._first_of_new_schedule()
        else:
            self.next_occurrence = before["next_occurrence"]
            if before["expected_amount"] != self.expected_amount:
                self.update_open_occurrences()

    def _first_of_new_schedule(self) -> date | None:
        settled = self.payments_made().settled().order_by("-occurrence_date").first()
        if not self.is_recurring or settled is None:
            return self.first_open(self.due_date)
        return recurrence.next_after(self.due_date, self.frequency, settled["occurrence_date"])

    def update_open_occurrences(self) -> None:
        """An occurrence that is not settled yet is expected to bring today's amount; that may settle it."""
        if self.next_occurrence is not None:
            open_days = self.payments_made().unsettled().values("occurrence_date")
            self.payments_made().filter(occurrence_date__in=open_days).update(expected_amount=self.expected_amount)
            self.next_occurrence = self.first_open(self.next_occurrence)

    def first_open(self, start: date) -> date | None:
        """The first occurrence from `start` on that is not settled; None when there is none."""
        made = self.payments_made().filter(occurrence_date__gte=start).settled()
        settled = set(made.values_list("occurrence_date", flat=True))
        series = (
            recurrence.occurrences(self.due_date, self.frequency, start, date.max) if self.is_recurring else [self.due_date]
        )
        return next((day for day in series if day not in settled), None)

    def has_occurrence(self, day: date) -> bool:
        """Whether `day` belongs to the series."""
        if not self.is_recurring:
            return day == self.due_date
        return day in recurrence.occurrences(self.due_date, self.frequency, day, day)

    def payments_made(self) -> PaymentQuerySet:
        """Its payments, asked for with the owner, whom the index begins with."""
        return self.payments.filter(user_id=self.user_id)
