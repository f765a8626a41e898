"""Filter sets of the finance lists."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError as FormError
from django_filters.filters import Filter

from core.api.filters.filtersets import JsonFilter, StrictFilterSet, WholeNumberFilter
from finance.models import (
    Category,
    DeletedTransaction,
    EditRun,
    EncryptedFinancialProfile,
    IncomeProjection,
    Payee,
    Rule,
    StatementImport,
    StatementImportRow,
    Tag,
    UserExpenseDueDate,
    UserIncomeDueDate,
)
from finance.models.accounts import is_account_number, normalize_account_number


class AccountNumberField(forms.CharField):
    """An account number that may contain spaces and dashes."""

    def to_python(self, value: Any) -> Any:
        number = normalize_account_number(super().to_python(value) or "")
        if number:
            is_account_number(number)
        elif value:
            raise FormError("Use 4 to 34 letters or digits.", "invalid_account_number")
        return number


class AccountNumberFilter(Filter):
    """Filter by whole account number through the blind index, because the encrypted number can't be searched."""

    field_class: Any = AccountNumberField
    parent: Any  # the filter set

    def filter(self, qs: Any, value: str) -> Any:
        return qs.with_number(self.parent.request.user.pk, value) if value else qs


class AccountFilter(StrictFilterSet):
    account_number = AccountNumberFilter(label="The whole account number. Spaces, dashes and case are ignored.")

    class Meta:
        model = EncryptedFinancialProfile
        fields = {
            "profile_name": ["exact", "icontains"],
            "profile_type": ["exact", "in"],
            "institution_name": ["exact", "icontains"],
            "currency": ["exact"],
            "sync_status": ["exact"],
            "is_active": ["exact"],
            "account_balance": ["gte", "lte", "isnull"],
            "balance_date": ["exact", "gte", "lte", "isnull"],
            "balance_source": ["exact", "in"],
            "overpaid": ["exact"],
            "created_at": ["gte", "lte"],
            "metadata": ["contains"],
        }
        derived = {"computed_balance": ["gte", "lte", "isnull"], "amount_owed": ["gte", "lte", "isnull"]}


class CategoryFilter(StrictFilterSet):
    class Meta:
        model = Category
        fields = {
            "name": ["exact", "icontains"],
            "slug": ["exact", "in"],
            "kind": ["exact", "in"],
            "parent": ["exact", "isnull"],
            "is_archived": ["exact"],
            "created_at": ["gte", "lte"],
            "updated_at": ["gte", "lte"],
        }


class TagFilter(StrictFilterSet):
    class Meta:
        model = Tag
        fields = {"name": ["exact", "icontains"], "created_at": ["gte", "lte"], "updated_at": ["gte", "lte"]}


class PayeeFilter(StrictFilterSet):
    transaction_count__gte = WholeNumberFilter(
        field_name="transaction_count", lookup_expr="gte", min_value=0, label="Payees with at least so many transactions."
    )

    class Meta:
        model = Payee
        fields = {"name": ["exact", "icontains"], "created_at": ["gte", "lte"], "updated_at": ["gte", "lte"]}


class EditRunFilter(StrictFilterSet):
    class Meta:
        model = EditRun
        fields = {
            "kind": ["exact", "in"],
            "rule": ["exact", "isnull"],
            "rule_version": ["exact", "isnull"],
            "created_at": ["gte", "lte"],
            "undone_at": ["isnull"],
        }


class RuleFilter(StrictFilterSet):
    actions__contains = JsonFilter(
        field_name="actions",
        lookup_expr="contains",
        label='Only rules whose `actions` contain everything in this JSON: [{"type": "set_category"}]. A `value` is '
        "the id of a category, payee or tag, in place of the name.",
    )

    class Meta:
        model = Rule
        fields = {
            "name": ["exact", "icontains"],
            "search": ["icontains"],
            "order": ["exact", "gte", "lte"],
            "stop": ["exact"],
            "is_active": ["exact"],
            "created_at": ["gte", "lte"],
            "updated_at": ["gte", "lte"],
        }


class DeletedTransactionFilter(StrictFilterSet):
    class Meta:
        model = DeletedTransaction
        fields = {"deleted_at": ["gte", "lte"]}


class ImportFilter(StrictFilterSet):
    class Meta:
        model = StatementImport
        fields = {
            "account": ["exact"],
            "format": ["exact"],
            "balance_set": ["exact"],
            "balance_reason": ["exact", "in"],
            "created_at": ["gte", "lte"],
            "undone_at": ["isnull"],
            "move": ["exact", "isnull"],
        }


class ImportRowFilter(StrictFilterSet):
    class Meta:
        model = StatementImportRow
        fields = {
            "verdict": ["exact", "in"],
            "reason": ["exact", "in"],
            "number": ["exact", "gte", "lte"],
            "transaction_date": ["exact", "gte", "lte", "isnull"],
            "amount": ["exact", "gte", "lte", "isnull"],
        }


DUE_FIELDS: dict[str, list[str]] = {
    "expected_amount": ["exact", "gte", "lte"],
    "currency": ["exact"],
    "due_date": ["exact", "gte", "lte"],
    "frequency": ["exact", "in"],
    "is_recurring": ["exact"],
    "status": ["exact", "in"],
    "created_at": ["gte", "lte"],
    "updated_at": ["gte", "lte"],
}
DUE_DERIVED: dict[str, list[str]] = {
    "is_overdue": ["exact"],
    "days_overdue": ["gte", "lte"],
    "days_until_due": ["gte", "lte"],
    "next_due_date": ["exact", "gte", "lte", "isnull"],
}


class IncomeDueDateFilter(StrictFilterSet):
    class Meta:
        model = UserIncomeDueDate
        fields = {
            **DUE_FIELDS,
            "income_source": ["exact", "icontains"],
            "last_received_date": ["gte", "lte", "isnull"],
            "last_received_amount": ["gte", "lte"],
        }
        derived = DUE_DERIVED


class ExpenseDueDateFilter(StrictFilterSet):
    class Meta:
        model = UserExpenseDueDate
        fields = {
            **DUE_FIELDS,
            "expense_name": ["exact", "icontains"],
            "expense_category": ["exact", "in", "icontains"],
            "is_essential": ["exact"],
            "auto_pay_enabled": ["exact"],
            "last_paid_date": ["gte", "lte", "isnull"],
            "last_paid_amount": ["gte", "lte"],
        }
        derived = DUE_DERIVED


class ProjectionFilter(StrictFilterSet):
    class Meta:
        model = IncomeProjection
        fields = {
            "projection_date": ["exact", "gte", "lte"],
            "current_income": ["gte", "lte"],
            "projected_income_1_year": ["gte", "lte", "isnull"],
            "projected_income_3_years": ["gte", "lte", "isnull"],
            "projected_income_5_years": ["gte", "lte", "isnull"],
            "growth_rate": ["gte", "lte", "isnull"],
            "confidence_level": ["gte", "lte", "isnull"],
            "factors": ["contains"],
            "created_at": ["gte", "lte"],
        }
        derived = {
            "annual_growth_rate": ["gte", "lte"],
            "projected_growth_3_years": ["gte", "lte"],
            "projected_growth_5_years": ["gte", "lte"],
        }
