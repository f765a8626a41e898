"""Admin pages of accounts."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from unfold.contrib.filters.admin import BooleanRadioFilter, ChoicesDropdownFilter

from core.admin import (
    BY_CUSTOMER,
    BaseAdmin,
    HiddenActionsMixin,
    OwnedAdmin,
    ReadOnlyInline,
    amount_column,
    column,
    confirmed_action,
    for_selected_rows,
    inline_on,
    linked,
)
from core.admin.forms import OwnedAddForm, OwnedForm
from finance.models import EncryptedFinancialProfile
from finance.services import close_account, complete_balance, delete_account, reopen_account
from users.models import User

BALANCE_FIELDS = ("profile_type", "currency", "account_balance", "balance_date", "overpaid")

NOT_IN_FORM = {"balance_source", "opening_balance", "reconciled_date"}


class AccountForm(OwnedForm):
    """A form that completes a balance as the API does. An unchanged field counts as not sent."""

    def clean(self) -> dict[str, Any]:
        cleaned, account = super().clean(), self.instance
        if account.user_id:
            sent = {name: cleaned[name] for name in BALANCE_FIELDS if name in self.changed_data and name in cleaned}
            values = complete_balance(account, sent, today=account.today())
            for name in NOT_IN_FORM & values.keys():
                setattr(account, name, values.pop(name))
            cleaned |= values
        return cleaned


class AccountAddForm(OwnedAddForm, AccountForm):
    """The form of a new account, with a field for its customer."""


class AccountColumns:
    """Account columns shared by the list and the customer's page."""

    number = column("account_number_masked", "number", empty="-")
    balance = amount_column("account_balance", "balance")
    current_balance = amount_column("computed_balance", "balance with later transactions")


@inline_on(User)
class AccountInline(AccountColumns, ReadOnlyInline):
    model = EncryptedFinancialProfile
    place = 2
    fields = ("account", "profile_type", "institution_name", "number", "balance", "is_active")
    account = linked("profile_name", "account")
    ordering = ("-created_at", "-id")


@admin.register(EncryptedFinancialProfile)
class AccountAdmin(HiddenActionsMixin, AccountColumns, OwnedAdmin):
    """Shows only the last four characters of account numbers, and cannot set them."""

    form, add_form = AccountForm, AccountAddForm
    list_display = (
        *("profile_name", "owner", "profile_type", "institution_name", "number", "balance", "balance_date", "is_active"),
    )
    list_filter = (
        BY_CUSTOMER,
        ("profile_type", ChoicesDropdownFilter),
        ("balance_source", ChoicesDropdownFilter),
        ("is_active", BooleanRadioFilter),
    )
    search_fields = ("profile_name", "institution_name")
    ordering_for_customer = ("-created_at", "-id")
    readonly_fields = (
        "number",
        "balance_source",
        "opening_balance",
        "reconciled_date",
        "current_balance",
        "is_active",
        "sync_status",
        "last_sync_at",
    )
    csv_columns = (
        "id",
        "user__email",
        "profile_name",
        "profile_type",
        "institution_name",
        "currency",
        "account_balance",
        "balance_date",
        "balance_source",
        "overpaid",
        "is_active",
    )
    actions_detail = ("close", "reopen")

    def hidden_actions(self, request: HttpRequest, row: Any) -> set[str]:
        return {"reopen"} if row.is_active else {"close"}

    def delete_model(self, request: HttpRequest, obj: EncryptedFinancialProfile) -> None:
        delete_account(obj)

    @confirmed_action(title="Close account", description="The account and its transactions stay readable.", icon="lock")
    def close(self, request: HttpRequest, account: EncryptedFinancialProfile) -> None:
        close_account(account)

    @confirmed_action(
        title="Reopen account", description="The account accepts transactions and imports again.", icon="lock_open"
    )
    def reopen(self, request: HttpRequest, account: EncryptedFinancialProfile) -> None:
        reopen_account(account)

    actions = (*BaseAdmin.actions, for_selected_rows(close), for_selected_rows(reopen))
