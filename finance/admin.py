"""Accounts, transactions and imports in the back office."""

from decimal import Decimal
from typing import Any

from django.contrib import admin
from django.contrib.admin.utils import unquote
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.formats import number_format
from django.utils.html import format_html
from unfold.contrib.filters.admin import AutocompleteSelectFilter, BooleanRadioFilter, ChoicesDropdownFilter, RangeDateFilter

from finance.models import EncryptedFinancialProfile, FinancialTransaction, StatementImport, StatementImportRow
from finance.services.accounts import close_account, delete_account, reopen_account
from mingus.kit.admin import (
    BY_CUSTOMER,
    BaseAdmin,
    OwnedAdmin,
    OwnedRecordAdmin,
    RecordInline,
    asks_first,
    display,
    for_ticked,
    link,
    linked,
    shown_on,
)
from users.models import User

STATUS_COLOURS = {"completed": "success", "pending": "info", "failed": "danger", "disputed": "warning", "cancelled": "default"}
VERDICT_COLOURS = {"created": "success", "review": "warning", "error": "danger"}


def money(amount: Decimal | None, currency: str) -> str:
    """An amount with its currency, in figures of one width so that a column can be read down."""
    if amount is None:
        return "-"
    figures = number_format(amount, 2, use_l10n=True, force_grouping=True).replace("-", "−")
    return format_html('<span class="mingus-money">{}&nbsp;{}</span>', figures, currency)


class AccountColumns:
    """What both the list and the customer's page show of an account."""

    @display(description="number")
    def number(self, account: EncryptedFinancialProfile) -> str:
        return account.account_number_masked or "-"

    @display(description="balance")
    def balance(self, account: EncryptedFinancialProfile) -> str:
        return money(account.account_balance, account.currency)


class TransactionColumns:
    """What both the list and the customer's page show of a transaction."""

    @display(description="amount")
    def money(self, transaction: FinancialTransaction) -> str:
        return money(transaction.amount, transaction.currency)

    @display(description="status", label=STATUS_COLOURS)
    def state(self, transaction: FinancialTransaction) -> str:
        return transaction.status

    @display(description="account")
    def account(self, transaction: FinancialTransaction) -> str:
        return link(transaction.financial_profile) if transaction.financial_profile else "-"

    @display(description="merchant")
    def merchant(self, transaction: FinancialTransaction) -> str:
        return transaction.merchant_name or transaction.description[:60] or "-"


@shown_on(User)
class AccountInline(AccountColumns, RecordInline):
    model = EncryptedFinancialProfile
    fields = ("account", "profile_type", "institution_name", "number", "balance", "is_active")
    account = linked("profile_name", "account")
    ordering = ("-created_at", "-id")


@shown_on(User)
class TransactionInline(TransactionColumns, RecordInline):
    model = FinancialTransaction
    fields = ("day", "account", "money", "merchant", "category", "transaction_type", "status")
    day = linked("transaction_date", "day")
    ordering = ("-transaction_date", "-id")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).select_related("financial_profile")


@admin.register(EncryptedFinancialProfile)
class AccountAdmin(AccountColumns, OwnedAdmin):
    """Accounts. Their numbers are not here but for the last four characters, and nobody can set them from here."""

    list_display = ("profile_name", "owner", "profile_type", "institution_name", "number", "balance", "is_active")
    list_filter = (BY_CUSTOMER, ("profile_type", ChoicesDropdownFilter), ("is_active", BooleanRadioFilter))
    search_fields = ("profile_name", "institution_name")
    ordering_of_one = ("-created_at", "-id")
    readonly_fields = ("number", "is_active", "sync_status", "last_sync_at")
    csv_columns = (
        "id",
        "user__email",
        "profile_name",
        "profile_type",
        "institution_name",
        "currency",
        "account_balance",
        "is_active",
    )
    actions_detail = ("close", "reopen")

    def get_actions_detail(self, request: HttpRequest, object_id: Any) -> list[Any]:
        """To close an open account, or to reopen a closed one."""
        account = self.get_object(request, unquote(str(object_id)))
        pointless = "reopen" if account and account.is_active else "close"
        offered = super().get_actions_detail(request, object_id)  # type: ignore[misc]  # unfold's
        return [item for item in offered if not item.action_name.endswith(f"_{pointless}")]

    def delete_model(self, request: HttpRequest, obj: EncryptedFinancialProfile) -> None:
        delete_account(obj)

    @asks_first(title="Close account", question="It stays readable with all its transactions.", icon="lock")
    def close(self, request: HttpRequest, account: EncryptedFinancialProfile) -> None:
        close_account(account)

    @asks_first(title="Reopen account", question="It can take transactions and imports again.", icon="lock_open")
    def reopen(self, request: HttpRequest, account: EncryptedFinancialProfile) -> None:
        reopen_account(account)

    actions = (*BaseAdmin.actions, for_ticked(close), for_ticked(reopen))


@admin.register(FinancialTransaction)
class TransactionAdmin(TransactionColumns, OwnedAdmin):
    """Transactions.

    The dates to drill down by appear for one customer only: Django asks for the first day, the last, and every year. On
    500,000 rows of everybody that scanned the table twice (119 and 276 ms, growing with it); for one customer with 100,000
    of them it is read from the index finance_tx_by_day alone (0.1 and 59 ms).
    """

    list_display = ("transaction_date", "owner", "account", "money", "merchant", "category", "transaction_type", "state")
    list_filter = (
        BY_CUSTOMER,
        ("transaction_type", ChoicesDropdownFilter),
        ("status", ChoicesDropdownFilter),
        ("transaction_date", RangeDateFilter),
    )
    list_select_related = ("user", "financial_profile")
    search_fields = ("merchant_name", "description", "category", "reference_number")
    ordering_of_one = ("-transaction_date", "-id")
    sortable_for_one = ("transaction_date",)
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
        "description",
        "reference_number",
    )

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        return super().get_form(request, obj, change, labels={"financial_profile": "Account"}, **kwargs)


class RowColumns:
    """What both the list and the import's page show of a row."""

    @display(description="transaction")
    def transaction(self, row: StatementImportRow) -> str:
        """A link without a look whether it is still there: a query a row would be too many."""
        return link(FinancialTransaction(pk=row.transaction_id), "open") if row.transaction_id else "-"


class ImportRowInline(RowColumns, RecordInline):
    model = StatementImportRow
    fields = ("row", "verdict", "transaction", "provider_id")
    row = linked("number", "row")
    ordering = ("number", "id")


@admin.register(StatementImport)
class StatementImportAdmin(OwnedRecordAdmin):
    list_display = ("filename", "owner", "account", "format", "created", "duplicates", "review", "failed", "created_at")
    list_filter = (BY_CUSTOMER, ("format", ChoicesDropdownFilter))
    list_select_related = ("user", "account")
    list_display_links = ("filename", "created_at")
    search_fields = ("filename",)
    ordering_of_one = ("-created_at", "-id")
    inlines = (ImportRowInline,)


@admin.register(StatementImportRow)
class StatementImportRowAdmin(RowColumns, OwnedRecordAdmin):
    list_display = ("number", "owner", "statement_import", "judged", "transaction", "provider_id")
    list_filter = (BY_CUSTOMER, ("statement_import", AutocompleteSelectFilter), ("verdict", ChoicesDropdownFilter))
    list_select_related = ("user", "statement_import")
    search_fields = ("provider_id",)
    ordering_of_one = ("-id",)

    @display(description="verdict", label=VERDICT_COLOURS)
    def judged(self, row: StatementImportRow) -> str:
        return row.verdict
