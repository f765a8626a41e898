"""Filter sets of the finance lists."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError as FormError
from django.db.models import QuerySet
from django_filters.filters import Filter
from django_filters.rest_framework.backends import DjangoFilterBackend
from rest_framework.exceptions import ErrorDetail, ValidationError
from rest_framework.request import Request

from core.api.filters import StrictFilterBackend
from core.api.filtersets import StrictFilterSet
from finance.models import (
    EncryptedFinancialProfile,
    FinancialTransaction,
    IncomeProjection,
    StatementImport,
    StatementImportRow,
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


class TransactionFilter(StrictFilterSet):
    class Meta:
        model = FinancialTransaction
        fields = {
            "financial_profile": ["exact", "isnull"],
            "transaction_type": ["exact", "in"],
            "amount": ["exact", "gt", "gte", "lt", "lte"],
            "currency": ["exact"],
            "category": ["exact", "in", "icontains"],
            "merchant_name": ["exact", "icontains"],
            "description": ["icontains"],
            "transaction_date": ["exact", "gte", "lte"],
            "posted_date": ["exact", "gte", "lte", "isnull"],
            "reference_number": ["exact"],
            "status": ["exact", "in"],
            "created_at": ["gte", "lte"],
            "updated_at": ["gte", "lte"],
            "metadata": ["contains"],
        }


class ExportFilterBackend(StrictFilterBackend):
    """The filters of the list for its export, which contains all rows and therefore has no paging and no ordering."""

    def filter_queryset(self, request: Request, queryset: QuerySet[Any], view: Any) -> QuerySet[Any]:
        known = {"file_format", "search"} | self._names(queryset, view)
        problems = {
            name: ErrorDetail(*problem)
            for name, values in sorted(request.query_params.lists())
            for problem in [_problem(name, values, known)]
            if problem
        }
        if problems:
            raise ValidationError({name: [problem] for name, problem in problems.items()})
        return DjangoFilterBackend.filter_queryset(self, request, queryset, view)


def _problem(name: str, values: list[str], known: set[str]) -> tuple[str, str] | None:
    if name not in known:
        return f"This parameter is unknown. Known parameters: {', '.join(sorted(known))}.", "unknown_filter"
    if len(values) > 1:
        return "Send it once. For several values use the filter that ends in __in, with commas.", "repeated"
    return None if values[0] else ("Give it a value, or omit it.", "blank")


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
