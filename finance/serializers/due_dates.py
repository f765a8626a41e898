"""Serializers of due dates, their occurrences and payments."""

from datetime import date, timedelta
from typing import Any

from drf_spectacular.utils import extend_schema_serializer
from rest_framework import serializers
from rest_framework.exceptions import ErrorDetail

from core.api.derived_fields import public_names
from core.api.examples import EXAMPLE_ID
from core.api.money import AmountField
from core.api.serializers import BaseSerializer, OwnedKeyField, StrictSerializer
from core.currencies import SMALLEST_AMOUNT
from core.models.validators import validate_plausible_date
from finance.models import FinancialTransaction, UserExpenseDueDate, UserIncomeDueDate
from finance.models.categories import CategoryKind
from finance.models.due_dates import DueDate
from finance.services.names import resolve_categories

AHEAD = timedelta(days=90)
UPDATES = "`status` is updated within an hour after midnight in the user's time zone."


def shown(model: type[DueDate]) -> list[str]:
    """Return the public field names without `next_occurrence`, which the API shows as `next_due_date`."""
    return [name for name in public_names(model) if name != "next_occurrence"]


class DueDateSerializer(BaseSerializer):
    """The base of the serializers of income and expense due dates."""

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Validate the due date; the currency of a new one defaults to that of the profile."""
        if self.instance is None:
            attrs.setdefault("currency", self.context["request"].user.currency)
        return super().validate(attrs)


@extend_schema_serializer(description=f"An income that is expected once or regularly. {UPDATES}")
class IncomeDueDateSerializer(DueDateSerializer):
    class Meta:
        model = UserIncomeDueDate
        fields = shown(UserIncomeDueDate)
        read_only_fields = ["status", "last_received_date", "last_received_amount"]
        example = {
            "income_source": "Larkspur Software",
            "expected_amount": "2874.60",
            "due_date": "2026-01-02",
            "frequency": "biweekly",
            "last_received_date": "2026-02-27",
            "last_received_amount": "2874.60",
            "status": "received",
            "days_overdue": 0,
            "days_until_due": 12,
            "next_due_date": "2026-03-13",
        }


@extend_schema_serializer(description=f"An expense that is due once or regularly. {UPDATES}")
class ExpenseDueDateSerializer(DueDateSerializer):
    class Meta:
        model = UserExpenseDueDate
        fields = shown(UserExpenseDueDate)
        read_only_fields = ["status", "last_paid_date", "last_paid_amount"]
        example = {
            "expense_name": "Rent",
            "expense_category": "rent",
            "expected_amount": "2450.00",
            "due_date": "2026-01-31",
            "frequency": "monthly",
            "last_paid_date": "2026-01-30",
            "last_paid_amount": "2450.00",
            "status": "overdue",
            "is_overdue": True,
            "days_until_due": -1,
            "next_due_date": "2026-02-28",
        }

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Validate the expense; text in `expense_category` stands for the category with this name, which may be new."""
        text = attrs.get("expense_category")
        if text:
            owner = self.context["request"].user.pk
            attrs["expense_category"] = resolve_categories(owner, {text: CategoryKind.EXPENSE})[text]
        return super().validate(attrs)


@extend_schema_serializer(description="A payment toward an occurrence of a due date. Each field has a default.")
class PaymentFormSerializer(StrictSerializer):
    amount = AmountField(
        min_value=SMALLEST_AMOUNT,
        required=False,
        help_text="In the due date's currency, above 0. Default: the unused rest of the transaction, or the open amount.",
    )
    date = serializers.DateField(
        source="paid_on",
        required=False,
        validators=[validate_plausible_date],
        help_text="Day of the payment. Default: the day of the transaction, or today.",
    )
    transaction = OwnedKeyField(
        queryset=FinancialTransaction.objects.all(),
        required=False,
        help_text="The id of the transaction that pays, in the same currency. Default: none.",
    )
    occurrence = serializers.DateField(
        required=False,
        validators=[validate_plausible_date],
        help_text="Day of the occurrence. Default: the oldest unsettled one.",
    )
    in_full = serializers.BooleanField(default=False, help_text="Settle the occurrence even if less than expected is paid.")


@extend_schema_serializer(description="A day on which an amount is due, and the payments toward it.")
class OccurrenceSerializer(serializers.Serializer):
    date = serializers.DateField(help_text="Day on which it is due.")
    expected = AmountField(help_text="In the due date's currency.")
    paid = AmountField(help_text="Sum of the payments; 0 without one.")
    status = serializers.ChoiceField(
        ["paid", "partial", "overdue", "pending"], help_text="Without a payment: `overdue` before today, else `pending`."
    )
    transactions = serializers.ListField(child=serializers.UUIDField(), help_text="The ids of the linked transactions.")


@extend_schema_serializer(description="The occurrences of a due date in a period.")
class OccurrencesSerializer(serializers.Serializer):
    results = OccurrenceSerializer(many=True, help_text="In ascending order of date.")

    class Meta:
        example: dict[str, Any] = {
            "results": [
                {
                    "date": "2026-02-28",
                    "expected": "2450.00",
                    "paid": "2450.00",
                    "status": "paid",
                    "transactions": [EXAMPLE_ID],
                },
                {"date": "2026-03-31", "expected": "2450.00", "paid": "0.00", "status": "pending", "transactions": []},
            ]
        }


class PeriodSerializer(serializers.Serializer):
    """The query `?from=&to=`: two days, both inclusive. They default to `today` of the context and 90 days after `from`."""

    def get_fields(self) -> dict[str, serializers.Field]:
        return {"from": serializers.DateField(required=False), "to": serializers.DateField(required=False)}

    def to_internal_value(self, data: Any) -> Any:
        """Parse the query; like a list, refuse unknown and repeated parameters."""
        known = ", ".join(self.fields)
        error = ErrorDetail(f"This parameter is unknown. Known parameters: {known}.", "unknown_filter")
        unknown = {name: [error] for name in sorted({*data} - {*self.fields})}
        repeated = {name: [ErrorDetail("Send it once.", "repeated")] for name, values in data.lists() if len(values) > 1}
        if unknown or repeated:
            raise serializers.ValidationError(repeated | unknown)
        return super().to_internal_value(data.dict())  # a dict, because DRF treats an empty string in a QueryDict as absent

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        start = attrs.get("from", self.context["today"])
        end = attrs.get("to", start + min(AHEAD, start.max - start))
        require_order(start, end)
        return {"start": start, "end": end}


def require_order(start: date, end: date) -> None:
    """Raise ValidationError if a period ends before it begins."""
    if end < start:
        sentence = f"`to` ({end}) must not be before `from` ({start})."
        raise serializers.ValidationError({"to": [ErrorDetail(sentence, "ends_before_it_begins")]})
