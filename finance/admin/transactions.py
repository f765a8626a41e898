"""Admin pages of transactions."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from unfold.contrib.filters.admin import ChoicesDropdownFilter

from core.admin import (
    BY_CUSTOMER,
    DaysFilter,
    OwnedAdmin,
    OwnedReadOnlyAdmin,
    ReadOnlyInline,
    amount_column,
    column,
    display,
    inline_on,
    link,
    linked,
)
from core.admin.forms import OwnedAddForm, OwnedForm
from finance.models import FinancialTransaction, RefundShare, TransactionSplit
from finance.models.divided import DIVIDED_FIELDS, DividedBy
from finance.models.transactions import MACHINE_FIELDS
from finance.services.divisions import store_divisions
from finance.services.transaction_names import NamedChanges
from users.models import User

STATUS_COLORS = {"completed": "success", "pending": "info", "failed": "danger", "disputed": "warning", "cancelled": "default"}


class TransactionForm(OwnedForm):
    """A form in which text stands for the category, payee or tag with this name, as in the API."""

    def save(self, commit: bool = True) -> Any:
        """Look the texts up after the validation, so that an invalid form creates no category."""
        row, names = self.instance, (*MACHINE_FIELDS, "merchant_name", "transaction_type")
        sent = {name: getattr(row, name) for name in names if name in self.changed_data}
        values = NamedChanges(row.user_id).of(row, sent, is_partial=True)
        if row.divided_by == DividedBy.REFUND and not {*DIVIDED_FIELDS}.isdisjoint(self.changed_data):
            values |= row.same_refund()
        for name, value in values.items():
            setattr(row, name, value)
        return super().save(commit)


class TransactionAddForm(OwnedAddForm, TransactionForm):
    """The form of a new transaction, with a field for its customer."""


class TransactionColumns:
    """Transaction columns shared by the list and the customer's page."""

    money = amount_column("amount", "amount")
    state = column("status", "status", STATUS_COLORS)
    account = column("financial_profile", "account", empty="-", show=link)

    @display(description="merchant")
    def merchant(self, transaction: FinancialTransaction) -> str:
        return transaction.merchant_name or transaction.description[:60] or "-"


@inline_on(User)
class TransactionInline(TransactionColumns, ReadOnlyInline):
    model = FinancialTransaction
    place = 3
    fields = ("day", "account", "money", "merchant", "category", "transaction_type", "status")
    day = linked("transaction_date", "day")
    ordering = ("-transaction_date", "-id")
    list_select_related = ("financial_profile",)


@inline_on(FinancialTransaction)
class SplitInline(ReadOnlyInline):
    model = TransactionSplit
    place = 1
    fields = ("number", "money", "category", "note", "tags")
    money = amount_column("amount", "amount")
    ordering = ("number",)


@inline_on(FinancialTransaction)
class RefundedInline(ReadOnlyInline):
    model = RefundShare
    fk_name = "refund"
    place = 2
    verbose_name_plural = "refunded expenses"
    fields = ("paid", "money", "allows_excess")
    paid = column("expense", "expense", show=link)
    money = amount_column("amount", "amount")
    ordering = ("expense",)
    list_select_related = ("expense",)


@inline_on(FinancialTransaction)
class RefundInline(ReadOnlyInline):
    model = RefundShare
    fk_name = "expense"
    place = 3
    verbose_name_plural = "refunds of this expense"
    fields = ("received", "money", "allows_excess")
    received = column("refund", "refund", show=link)
    money = amount_column("amount", "amount")
    ordering = ("refund",)
    list_select_related = ("refund",)


@admin.register(TransactionSplit)
class SplitAdmin(OwnedReadOnlyAdmin):
    list_display = ("whole", "owner", "number", "money", "category")
    whole = column("transaction", "transaction", show=link)
    money = amount_column("amount", "amount")
    list_select_related = ("user", "transaction")
    search_fields = ("category", "note")
    csv_columns = ("id", "user__email", "transaction_id", "number", "amount", "currency", "category", "note", "tags")


@admin.register(RefundShare)
class RefundShareAdmin(OwnedReadOnlyAdmin):
    list_display = ("received", "owner", "paid", "money", "allows_excess")
    received = column("refund", "refund", show=link)
    paid = column("expense", "expense", show=link)
    money = amount_column("amount", "amount")
    list_select_related = ("user", "refund", "expense")
    csv_columns = ("id", "user__email", "refund_id", "expense_id", "amount", "currency", "allows_excess")


@admin.register(FinancialTransaction)
class TransactionAdmin(TransactionColumns, OwnedAdmin):
    """Shows the date drill-down for a single customer only.

    Django queries the first day, the last day and every year. On 500,000 rows of all customers these queries scanned the
    table twice (119 and 276 ms, growing with the table). For one customer with 100,000 rows they read only the index
    finance_tx_by_day (0.1 and 59 ms).
    """

    form, add_form = TransactionForm, TransactionAddForm
    readonly_fields = ("divided_by", "reconciled_date")
    list_display = ("transaction_date", "owner", "account", "money", "merchant", "category", "transaction_type", "state")
    list_filter = (
        BY_CUSTOMER,
        ("transaction_type", ChoicesDropdownFilter),
        ("status", ChoicesDropdownFilter),
        ("transaction_date", DaysFilter),
    )
    list_select_related = ("user", "financial_profile")
    search_fields = ("merchant_name", "payee", "description", "category", "note", "reference_number")
    ordering_for_customer = ("-transaction_date", "-id")
    sortable_by_for_customer = ("transaction_date",)
    date_hierarchy = "transaction_date"
    csv_columns = (
        "id",
        "user__email",
        "financial_profile__profile_name",
        "transaction_date",
        "posted_date",
        "amount",
        "currency",
        "transaction_type",
        "status",
        "category",
        "merchant_name",
        "payee",
        "tags",
        "note",
        "description",
        "reference_number",
    )

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Save a transaction, and adapt the amounts and currency of its parts or shares as the API does."""
        super().save_model(request, obj, form, change)
        store_divisions([obj], are_new=not change)

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        return super().get_form(request, obj, change, labels={"financial_profile": "Account"}, **kwargs)
