"""Abstract model of a series of days on which an amount is due."""

from collections.abc import Collection
from datetime import date
from functools import cache
from typing import Any, Self, cast
from uuid import UUID

from django.db import models
from django.db.models import F, Q

from core.fast_lists.compiled_instances import CompiledInstanceQuery
from core.models.base import OwnedModel
from core.models.constraints import rule
from core.models.fields import ChoiceField, PlausibleDateField
from core.models.money import MoneyField, normalize_amounts
from core.privacy.declarations import own
from finance import recurrence
from finance.models.due_payments import DueDatePayment, PaymentQuerySet

TABLE = "finance_%(class)s"
SCHEDULE = ("due_date", "frequency", "is_recurring")


class DueFrequency(models.TextChoices):
    WEEKLY = "weekly"
    BIWEEKLY = "biweekly"
    SEMIMONTHLY = "semimonthly"
    MONTHLY = "monthly"
    QUARTERLY = "quarterly"
    YEARLY = "yearly"


@cache
def _rows_by_key(model: type["DueSeries"], lock: bool) -> CompiledInstanceQuery:
    rows: Any = model._base_manager.select_for_update() if lock else model._base_manager
    return CompiledInstanceQuery(lambda values: rows.filter(pk=values["pk"]), pk=UUID)


@cache
def _payments_on(field: str) -> CompiledInstanceQuery:
    def first(values: dict[str, Any]) -> PaymentQuerySet:
        day: PaymentQuerySet = DueDatePayment.objects.filter(occurrence_date=values["day"], user_id=values["owner"])
        return day.filter(**{field: values["series"]})[:1]

    return CompiledInstanceQuery(first, series=UUID, owner=UUID, day=date)


class DueSeries(OwnedModel):
    """A first day (the anchor), a frequency, an expected amount, and the oldest occurrence that is not settled.

    The occurrences are the days of `finance.recurrence`; their payments are in `payments`. An occurrence is settled when its
    payments reach the amount that was expected for it, so a later increase of `expected_amount` does not reopen it.

    `next_occurrence` is not in `models.yaml`. It is the oldest unsettled occurrence, or NULL if none is left. It is stored so
    that lists can be filtered and sorted through an index. `save` and the services maintain it. It starts at the anchor;
    after a change of the schedule, it starts after the last day that was settled under the old one.
    """

    expected_amount = MoneyField(
        is_above_zero=True, help_text="Amount of one occurrence, above 0, in the currency of the due date."
    )
    due_date = PlausibleDateField(help_text="Day of the first occurrence. The later ones are computed from it.")
    frequency = ChoiceField(DueFrequency, max_length=20, help_text="Time between occurrences. Ignored if it does not recur.")
    is_recurring = models.BooleanField(default=True, help_text="False: the amount is due only once, on the first day.")
    next_occurrence = models.DateField(null=True, blank=True, editable=False)

    payments: Any

    privacy = own("income and expenses that the customer expects")

    class Meta(OwnedModel.Meta):
        abstract = True
        constraints = [
            models.UniqueConstraint(fields=["user", "id", "currency"], name=f"{TABLE}_owner"),
            rule(
                f"{TABLE}_next_occurrence_in_series",
                Q(is_recurring=True, next_occurrence__isnull=False, next_occurrence__gte=F("due_date"))
                | Q(is_recurring=False, next_occurrence__isnull=True)
                | Q(is_recurring=False, next_occurrence__isnull=False, next_occurrence=F("due_date")),
                "Must be an occurrence of the series. Null only if it does not recur.",
            ),
        ]

    def validate_constraints(self, exclude: Collection[str] | None = None) -> None:
        """Validate all constraints except that of `next_occurrence`, which `save` sets later."""
        super().validate_constraints(exclude={*(exclude or ()), "next_occurrence"})

    def stored(self, *, lock: bool) -> Self | None:
        """Return the row as it is stored, None if it is new."""
        return next(iter(_rows_by_key(type(self), lock)(pk=self.pk)), None)

    def has_payment_on(self, day: date) -> bool:
        field = cast("Any", type(self)).payments.field.name
        return bool(_payments_on(field)(series=self.pk, owner=self.user_id, day=day))

    def update_next_occurrence(self) -> None:
        """Recompute `next_occurrence` from the unsaved values, with the stored row locked."""
        self.due_date = type(self)._meta.get_field("due_date").to_python(self.due_date)
        before = self.stored(lock=True)
        if before is None:
            self.next_occurrence = self.due_date
        elif any(getattr(before, name) != getattr(self, name) for name in SCHEDULE):
            self.next_occurrence = self._first_of_new_schedule()
        else:
            self.next_occurrence = before.next_occurrence
            if before.expected_amount != self.expected_amount:
                self.update_open_occurrences()

    def _first_of_new_schedule(self) -> date | None:
        settled = self.payments_made().settled().order_by("-occurrence_date").first()
        if not self.is_recurring or settled is None:
            return self.first_open(self.due_date)
        return recurrence.next_after(self.due_date, self.frequency, settled["occurrence_date"])

    def update_open_occurrences(self) -> None:
        """Apply a changed `expected_amount` to the unsettled occurrences; a lower amount may settle them."""
        if self.next_occurrence is not None:
            open_days = self.payments_made().unsettled().values("occurrence_date")
            normalize_amounts(self)
            self.payments_made().filter(occurrence_date__in=open_days).update(expected_amount=self.expected_amount)
            self.next_occurrence = self.first_open(self.next_occurrence)

    def first_open(self, start: date) -> date | None:
        """Return the first unsettled occurrence on or after `start`; None if there is none."""
        made = self.payments_made().filter(occurrence_date__gte=start).settled()
        settled = set(made.values_list("occurrence_date", flat=True))
        series = (
            recurrence.occurrences(self.due_date, self.frequency, start, date.max) if self.is_recurring else [self.due_date]
        )
        return next((day for day in series if day not in settled), None)

    def has_occurrence(self, day: date) -> bool:
        if not self.is_recurring:
            return day == self.due_date
        return day in recurrence.occurrences(self.due_date, self.frequency, day, day)

    def payments_made(self) -> PaymentQuerySet:
        """Return the payments, filtered by owner as well because the index begins with the owner."""
        return self.payments.filter(user_id=self.user_id)
