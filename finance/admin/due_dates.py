"""Admin pages of income and expense due dates and their payments."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.formats import date_format
from unfold.contrib.filters.admin import BooleanRadioFilter, ChoicesDropdownFilter

from core.admin import (
    BY_CUSTOMER,
    BaseAdmin,
    DaysFilter,
    OwnedAdmin,
    OwnedReadOnlyAdmin,
    ReadOnlyInline,
    amount_column,
    column,
    confirmed_action,
    display,
    for_selected_rows,
    inline_on,
    link,
    linked,
)
from core.admin.forms import OwnedAddForm, OwnedForm
from finance.models import DueDatePayment, UserExpenseDueDate, UserIncomeDueDate
from finance.models.categories import CategoryKind
from finance.models.due_dates import DueDate
from finance.services import record_payment, undo_last_payment
from finance.services.names import resolve_categories
from users.models import User

STATUS_COLORS = {"received": "success", "paid": "success", "pending": "info", "overdue": "danger", "partial": "warning"}


class DueColumns:
    """Due date columns shared by the list and the customer's page."""

    money = amount_column("expected_amount", "expected")

    @display(description="next due")
    def upcoming(self, due: DueDate) -> str:
        return date_format(due.next_due_date, "DATE_FORMAT") if due.next_due_date else "-"

    @display(description="status", label=STATUS_COLORS)
    def state(self, due: DueDate) -> str:
        """Return the current status; overdue from midnight in the owner's time zone, even before the hourly job has run."""
        return "overdue" if due.is_overdue else due.status


@inline_on(User)
class IncomeInline(DueColumns, ReadOnlyInline):
    model = UserIncomeDueDate
    fields = ("source", "money", "frequency", "upcoming", "state")
    source = linked("income_source", "income")
    ordering = ("next_occurrence", "id")
    list_select_related = ("user__profile",)


@inline_on(User)
class ExpenseInline(DueColumns, ReadOnlyInline):
    model = UserExpenseDueDate
    fields = ("name", "money", "frequency", "upcoming", "state", "auto_pay_enabled")
    name = linked("expense_name", "bill")
    ordering = ("next_occurrence", "id")
    list_select_related = ("user__profile",)


class PaymentColumns:
    """Payment columns shared by the list and the due date's page."""

    paid = amount_column("amount", "amount")
    moved = column("transaction", "transaction", empty="-", show=link)


class PaymentInline(PaymentColumns, ReadOnlyInline):
    model = DueDatePayment
    fields = ("day", "paid", "occurrence_date", "moved")
    day = linked("paid_on", "day")
    ordering = ("-occurrence_date", "-id")
    list_select_related = ("income", "expense", "transaction")


class DueDateAdmin(DueColumns, OwnedAdmin):
    """Base of the income and expense pages. Its actions record payments through the services that the API uses."""

    list_select_related = ("user__profile",)
    ordering_for_customer = ("next_occurrence", "id")
    inlines = (PaymentInline,)
    actions_detail = ("record_payment_today", "undo_payment")

    @confirmed_action(
        title="Record payment today", description="Records the open amount of the oldest open due date.", icon="done"
    )
    def record_payment_today(self, request: HttpRequest, due: Any) -> None:
        record_payment(due, today=due.today())

    @confirmed_action(title="Undo last payment", description="Its due date becomes open again.", icon="undo")
    def undo_payment(self, request: HttpRequest, due: Any) -> None:
        undo_last_payment(due, today=due.today())

    actions = (*BaseAdmin.actions, for_selected_rows(record_payment_today))


FILTERS: tuple[Any, ...] = (
    BY_CUSTOMER,
    ("status", ChoicesDropdownFilter),
    ("frequency", ChoicesDropdownFilter),
    ("is_recurring", BooleanRadioFilter),
)


@admin.register(UserIncomeDueDate)
class IncomeDueDateAdmin(DueDateAdmin):
    list_display = ("income_source", "owner", "money", "frequency", "upcoming", "state", "last_received_date")
    list_filter = FILTERS
    search_fields = ("income_source",)
    readonly_fields = ("status", "upcoming", "last_received_date", "last_received_amount")
    csv_columns = (
        "id",
        "user__email",
        "income_source",
        "expected_amount",
        "currency",
        "frequency",
        "is_recurring",
        "due_date",
        "next_occurrence",
        "status",
        "last_received_date",
        "last_received_amount",
    )


class ExpenseForm(OwnedForm):
    """A form in which text stands for the category with this name, as in the API."""

    def save(self, commit: bool = True) -> Any:
        """Look the text up after the validation, so that an invalid form creates no category."""
        text = self.instance.expense_category
        kinds = {text: CategoryKind.EXPENSE}
        self.instance.expense_category = resolve_categories(self.instance.user_id, kinds)[text]
        return super().save(commit)


class ExpenseAddForm(OwnedAddForm, ExpenseForm):
    """The form of a new expense, with a field for its customer."""


@admin.register(UserExpenseDueDate)
class ExpenseDueDateAdmin(DueDateAdmin):
    form, add_form = ExpenseForm, ExpenseAddForm
    list_display = ("expense_name", "owner", "expense_category", "money", "frequency", "upcoming", "state", "last_paid_date")
    list_filter = (*FILTERS, ("is_essential", BooleanRadioFilter), ("auto_pay_enabled", BooleanRadioFilter))
    search_fields = ("expense_name", "expense_category")
    readonly_fields = ("status", "upcoming", "last_paid_date", "last_paid_amount")
    csv_columns = (
        "id",
        "user__email",
        "expense_name",
        "expense_category",
        "expected_amount",
        "currency",
        "frequency",
        "is_recurring",
        "is_essential",
        "auto_pay_enabled",
        "due_date",
        "next_occurrence",
        "status",
        "last_paid_date",
        "last_paid_amount",
    )


@admin.register(DueDatePayment)
class PaymentAdmin(PaymentColumns, OwnedReadOnlyAdmin):
    """Read-only list of payments; only the actions of a due date change them."""

    list_display = ("paid_on", "owner", "towards", "paid", "occurrence_date", "moved")
    list_filter = (BY_CUSTOMER, ("paid_on", DaysFilter))
    list_select_related = ("user", "income", "expense", "transaction")
    search_fields = ("income__income_source", "expense__expense_name")
    ordering_for_customer = ("-paid_on", "-id")

    @display(description="towards")
    def towards(self, payment: DueDatePayment) -> str:
        due = payment.income or payment.expense
        return link(due) if due else "-"
