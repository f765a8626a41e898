"""Money that is expected on certain days: pay that comes in, bills that go out."""

from collections.abc import Iterable
from datetime import date
from typing import Any, ClassVar, cast

from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.db.models import F, Q
from django.db.models.functions import Greatest

from core.models.base import OwnedQuerySet
from core.models.constraints import between, rule
from core.models.derived import Derived
from core.models.fields import ChoiceField, NonBlankCharField
from core.models.money import CurrencyField, MoneyField
from core.models.validators import FIRST_DAY, LAST_DAY
from core.postgres.expressions import days_between, today
from core.privacy.masks import initials, personal
from finance.models.due_series import TABLE, DueSeries

DAYS_UNTIL_DUE = days_between(today(), F("next_occurrence"))


class IncomeStatus(models.TextChoices):
    PENDING = "pending"
    RECEIVED = "received"
    OVERDUE = "overdue"
    PARTIAL = "partial"


class ExpenseStatus(models.TextChoices):
    PENDING = "pending"
    PAID = "paid"
    OVERDUE = "overdue"
    PARTIAL = "partial"


class DueDateQuerySet(OwnedQuerySet):
    """Due dates."""

    def overdue(self) -> "DueDateQuerySet":
        """Those with an occurrence that should have been settled before today, their owner's day."""
        return self.filter(next_occurrence__lt=today())

    def due_today(self) -> "DueDateQuerySet":
        """Those whose oldest unsettled occurrence is today, their owner's day."""
        return self.filter(next_occurrence=today())


class DueDate(DueSeries):
    """What income and expense due dates share: a series, its currency, and a status.

    `status` is stored: it is what `status_on` said when the row was written last, and an hourly job brings it up to date where
    the owner's day has turned. `is_overdue` and the counts of days are derived, and never behind.
    """

    currency = CurrencyField()
    notes = models.TextField(blank=True)

    status: Any
    done: ClassVar[str]  # how the status and the `last_…` columns call what is settled: received or paid

    class Meta(DueSeries.Meta):
        abstract = True

    def clean(self) -> None:
        """Payments have no currency of their own, so theirs can't be changed under them."""
        super().clean()
        if not self._state.adding and self._has_another_currency() and self.payments_made().exists():
            sentence = "There are payments in the other currency. Make a new due date for this one."
            raise ValidationError({"currency": ValidationError(sentence, "currency_in_use")})

    def _has_another_currency(self) -> bool:
        return type(self)._base_manager.filter(pk=self.pk).exclude(currency=self.currency).exists()

    def save(self, *args: Any, update_fields: Iterable[str] | None = None, **kwargs: Any) -> None:
        """Save; what is due next follows from a new schedule or amount. A partial save writes what it names, no more."""
        with transaction.atomic():
            if update_fields is None:
                self.update_next_occurrence()
                self.status = self.status_on(self.today())
            super().save(*args, update_fields=update_fields, **kwargs)

    def status_on(self, day: date) -> str:
        """What `status` is on `day`: of the oldest unsettled occurrence, but until its day comes of the one before it."""
        upcoming = self.next_occurrence
        if upcoming is None:
            return self.done
        if not self._state.adding and self.payments_made().filter(occurrence_date=upcoming).exists():
            return "partial"
        if upcoming < day:
            return "overdue"
        return self.done if day < upcoming and self.last_settled_on is not None else "pending"

    @property
    def last_settled_on(self) -> date | None:
        """The day of the last payment, whatever it is called here."""
        return cast("date | None", getattr(self, f"last_{self.done}_date"))

    is_overdue = Derived(Q(next_occurrence__lt=today()), help_text="Whether an occurrence before today is not settled.")
    days_overdue = Derived(
        Greatest(0 - DAYS_UNTIL_DUE, 0),
        models.IntegerField(),
        help_text="Days since the oldest unsettled occurrence; 0 when none is overdue.",
    )
    days_until_due = Derived(
        DAYS_UNTIL_DUE,
        models.IntegerField(null=True),
        help_text="Days until the oldest unsettled occurrence, negative when it is overdue; None when nothing is due any more.",
    )
    next_due_date = Derived(
        F("next_occurrence"),
        models.DateField(null=True),
        help_text="The oldest occurrence that is not settled; None when nothing is due any more.",
    )


def _last(table: str, done: str) -> list[models.BaseConstraint]:
    """The rules of the day and the amount of the last payment."""
    day, amount = f"last_{done}_date", f"last_{done}_amount"
    both = Q(**{f"{day}__isnull": False, f"{amount}__isnull": False}) | Q(**{f"{day}__isnull": True, f"{amount}__isnull": True})
    return [
        between(table, day, FIRST_DAY, LAST_DAY),
        rule(f"{table}_{day}_with_amount", both, "The day and the amount are set together."),
    ]


class UserIncomeDueDate(DueDate):
    """Income that is expected once or again and again, such as a salary. See DueDate, and DueSeries for `next_occurrence`."""

    income_source = NonBlankCharField(max_length=100)
    last_received_date = models.DateField(null=True, blank=True)
    last_received_amount = MoneyField(min=0, null=True, blank=True)
    status = ChoiceField(IncomeStatus, max_length=50, default=IncomeStatus.PENDING)

    done = IncomeStatus.RECEIVED.value

    personal_fields = personal("expected_amount", "notes", "last_received_amount", income_source=initials)

    class Meta(DueDate.Meta):
        verbose_name = "income due date"
        constraints = [*DueDate.Meta.constraints, *_last(TABLE, "received")]
        indexes = [models.Index(fields=["user", "next_occurrence", "id"], name="finance_income_due_next")]

    objects = DueDateQuerySet.as_manager()  # type: ignore[misc]  # narrower than its base's

    def __str__(self) -> str:
        return self.income_source


class UserExpenseDueDate(DueDate):
    """A bill that is expected once or again and again, such as a rent. See DueDate, and DueSeries for `next_occurrence`."""

    expense_name = NonBlankCharField(max_length=255)
    expense_category = models.CharField(max_length=100, blank=True)
    is_essential = models.BooleanField(default=True)
    last_paid_date = models.DateField(null=True, blank=True)
    last_paid_amount = MoneyField(min=0, null=True, blank=True)
    status = ChoiceField(ExpenseStatus, max_length=50, default=ExpenseStatus.PENDING)
    auto_pay_enabled = models.BooleanField(default=False)

    done = ExpenseStatus.PAID.value

    personal_fields = personal("expected_amount", "notes", "last_paid_amount", "expense_category", expense_name=initials)

    class Meta(DueDate.Meta):
        verbose_name = "expense due date"
        constraints = [*DueDate.Meta.constraints, *_last(TABLE, "paid")]
        indexes = [models.Index(fields=["user", "next_occurrence", "id"], name="finance_expense_due_next")]

    objects = DueDateQuerySet.as_manager()  # type: ignore[misc]  # narrower than its base's

    def __str__(self) -> str:
        return self.expense_name
