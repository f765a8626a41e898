"""Income and expense due dates."""

from collections.abc import Iterable
from datetime import date
from typing import Any, ClassVar

from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.db.models import F, Q
from django.db.models.functions import Greatest

from core.models.base import OwnedQuerySet
from core.models.constraints import between, rule
from core.models.derived import Derived
from core.models.fields import ChoiceField, NonBlankCharField
from core.models.money import CurrencyField, MoneyField
from core.models.references import NameReferenceField
from core.models.validators import FIRST_DAY, LAST_DAY
from core.postgres.expressions import days_between, today
from core.privacy.masks import initials, personal
from finance.models.categories import MAX_CATEGORY_LENGTH
from finance.models.due_series import TABLE, DueSeries

DAYS_UNTIL_DUE = days_between(today(), F("next_occurrence"))
STATUS = "State of the oldest unsettled occurrence. After a payment in full it is received or paid until the next due day."


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
    """Due dates. "Today" is the current day in the owner's time zone."""

    def overdue(self) -> "DueDateQuerySet":
        """Return due dates with an unsettled occurrence before today."""
        return self.filter(next_occurrence__lt=today())

    def due_today(self) -> "DueDateQuerySet":
        """Return due dates whose oldest unsettled occurrence is today."""
        return self.filter(next_occurrence=today())


class DueDate(DueSeries):
    """Base of income and expense due dates: a series, its currency and its status.

    `status` is stored. It is the result of `status_on` when the row was last written, and an hourly job updates it after
    midnight in the owner's time zone. `is_overdue` and the day counts are derived and always current.
    """

    currency = CurrencyField(help_text="ISO 4217 code. Can't be changed after a payment. Default: that of the profile.")
    notes = models.TextField(blank=True, help_text="The user's own text. May be empty.")

    status: Any
    done: ClassVar[str]  # the word for settled in the status and in the `last_…` columns: received or paid

    class Meta(DueSeries.Meta):
        abstract = True

    def clean(self) -> None:
        """Refuse another currency while there are payments, as their foreign key does."""
        super().clean()
        before = None if self._state.adding else self.stored(lock=False)
        if before is not None and before.currency != self.currency and self.payments_made().exists():
            sentence = "The currency can't be changed after a payment. Create a new due date in the other currency."
            raise ValidationError({"currency": ValidationError(sentence, "currency_in_use")})

    def save(self, *args: Any, update_fields: Iterable[str] | None = None, **kwargs: Any) -> None:
        """Save with a recomputed `next_occurrence` and `status`; a save with `update_fields` writes only these fields."""
        with transaction.atomic():
            if update_fields is None:
                self.update_next_occurrence()
                self.status = self.status_on(self.today())
            super().save(*args, update_fields=update_fields, **kwargs)

    def status_on(self, day: date) -> str:
        """Return the status on `day`: that of the oldest unsettled occurrence, or before its day that of the previous one."""
        upcoming = self.next_occurrence
        if upcoming is None:
            return self.done
        if not self._state.adding and self.has_payment_on(upcoming):
            return "partial"
        if upcoming < day:
            return "overdue"
        return self.done if day < upcoming and getattr(self, f"last_{self.done}_date") is not None else "pending"

    is_overdue = Derived(Q(next_occurrence__lt=today()), help_text="True if an occurrence before today is not settled.")
    days_overdue = Derived(
        Greatest(0 - DAYS_UNTIL_DUE, 0),
        models.IntegerField(),
        help_text="Days since the oldest unsettled occurrence. 0 if none is overdue.",
    )
    days_until_due = Derived(
        DAYS_UNTIL_DUE,
        models.IntegerField(null=True),
        help_text="Days until the oldest unsettled occurrence, negative if it is overdue. Null if nothing is due any more.",
    )
    next_due_date = Derived(
        F("next_occurrence"),
        models.DateField(null=True),
        help_text="The oldest occurrence that is not settled. Null if nothing is due any more.",
    )


def _last(table: str, done: str) -> list[models.BaseConstraint]:
    """Return the constraints of the day and the amount of the last payment."""
    day, amount = f"last_{done}_date", f"last_{done}_amount"
    both = Q(**{f"{day}__isnull": False, f"{amount}__isnull": False}) | Q(**{f"{day}__isnull": True, f"{amount}__isnull": True})
    return [
        between(table, day, FIRST_DAY, LAST_DAY),
        rule(f"{table}_{day}_with_amount", both, "Set the day and the amount together."),
    ]


class UserIncomeDueDate(DueDate):
    """Income that is expected once or regularly, such as a salary. See DueDate, and DueSeries for `next_occurrence`."""

    income_source = NonBlankCharField(max_length=100, help_text="The user's name for the income, such as the employer.")
    last_received_date = models.DateField(null=True, blank=True, help_text="Day of the last recorded payment. Null: none.")
    last_received_amount = MoneyField(
        min=0, null=True, blank=True, help_text="Amount of that payment, in the due date's currency. Null: none."
    )
    status = ChoiceField(IncomeStatus, max_length=50, default=IncomeStatus.PENDING, help_text=STATUS)

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
    """An expense that is due once or regularly, such as a rent. See DueDate, and DueSeries for `next_occurrence`."""

    expense_name = NonBlankCharField(max_length=255, help_text="The user's name for the expense, such as Rent.")
    expense_category = NameReferenceField(
        "finance.Category", max_length=MAX_CATEGORY_LENGTH, help_text="The slug of a category. Empty: none."
    )
    is_essential = models.BooleanField(default=True, help_text="False: the user could do without it. Default: true.")
    last_paid_date = models.DateField(null=True, blank=True, help_text="Day of the last recorded payment. Null: none.")
    last_paid_amount = MoneyField(
        min=0, null=True, blank=True, help_text="Amount of that payment, in the due date's currency. Null: none."
    )
    status = ChoiceField(ExpenseStatus, max_length=50, default=ExpenseStatus.PENDING, help_text=STATUS)
    auto_pay_enabled = models.BooleanField(
        default=False, help_text="True if the bank pays it by itself. For information only. Default: false."
    )

    done = ExpenseStatus.PAID.value

    personal_fields = personal("expected_amount", "notes", "last_paid_amount", "expense_category", expense_name=initials)

    class Meta(DueDate.Meta):
        verbose_name = "expense due date"
        constraints = [*DueDate.Meta.constraints, *_last(TABLE, "paid")]
        indexes = [models.Index(fields=["user", "next_occurrence", "id"], name="finance_expense_due_next")]

    objects = DueDateQuerySet.as_manager()  # type: ignore[misc]  # narrower than its base's

    def __str__(self) -> str:
        return self.expense_name
