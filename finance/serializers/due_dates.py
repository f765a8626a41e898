"""Due dates, their occurrences and payments as JSON."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

from rest_framework import serializers
from rest_framework.exceptions import ErrorDetail

from core.api.derived_fields import public_names
from core.api.examples import EXAMPLE_ID
from core.api.serializers import BaseSerializer, OwnedKeyField, StrictSerializer
from core.models.validators import validate_plausible_date
from finance.models import FinancialTransaction, UserExpenseDueDate, UserIncomeDueDate
from finance.models.due_dates import DueDate

AHEAD = timedelta(days=90)


def shown(model: type[DueDate]) -> list[str]:
    """The public names; `next_occurrence` is shown as next_due_date."""
    return [name for name in public_names(model) if name != "next_occurrence"]


class IncomeDueDateSerializer(BaseSerializer):
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


class ExpenseDueDateSerializer(BaseSerializer):
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


class PaymentFormSerializer(StrictSerializer):
    """A payment towards an occurrence. Without any field: today, all that the oldest unsettled occurrence lacks."""

    amount = serializers.DecimalField(
        max_digits=12,
        decimal_places=2,
        min_value=Decimal("0.01"),
        required=False,
        help_text="Above 0. What the transaction has left, or what the occurrence still lacks, when it is left out.",
    )
    date = serializers.DateField(
        required=False, validators=[validate_plausible_date], help_text="The transaction's day, or today, when it is left out."
    )
    transaction = OwnedKeyField(queryset=FinancialTransaction.objects.all(), required=False)
    occurrence = serializers.DateField(
        required=False,
        validators=[validate_plausible_date],
        help_text="The oldest day that is not settled when it is left out.",
    )
    in_full = serializers.BooleanField(default=False, help_text="Nothing more is to come, though it is less than expected.")


class OccurrenceSerializer(serializers.Serializer):
    date = serializers.DateField()
    expected = serializers.DecimalField(max_digits=12, decimal_places=2)
    paid = serializers.DecimalField(max_digits=14, decimal_places=2)
    status = serializers.ChoiceField(["paid", "partial", "overdue", "pending"])
    transactions = serializers.ListField(child=serializers.UUIDField())


class OccurrencesSerializer(serializers.Serializer):
    """The occurrences of a due date within a time, in order."""

    results = OccurrenceSerializer(many=True)

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


class SpanSerializer(serializers.Serializer):
    """The query `?from=&to=`: two days, both inclusive. `today` of the context and 90 days after `from` stand in for them."""

    def get_fields(self) -> dict[str, serializers.Field]:
        return {"from": serializers.DateField(required=False), "to": serializers.DateField(required=False)}

    def to_internal_value(self, data: Any) -> Any:
        """Parse; a parameter that nobody knows or that comes twice is an error, as it is for lists."""
        unknown = {name: [ErrorDetail("Known here: from, to.", "unknown_filter")] for name in sorted({*data} - {*self.fields})}
        repeated = {name: [ErrorDetail("Give it once.", "repeated")] for name, values in data.lists() if len(values) > 1}
        if unknown or repeated:
            raise serializers.ValidationError(repeated | unknown)
        return super().to_internal_value(data.dict())  # as no form: there, an empty text is no answer

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        start = attrs.get("from", self.context["today"])
        end = attrs.get("to", start + min(AHEAD, start.max - start))
        if end < start:
            sentence = f"Ends before it begins: `from` is {start}, `to` is {end}."
            raise serializers.ValidationError({"to": [ErrorDetail(sentence, "ends_before_it_begins")]})
        return {"start": start, "end": end}
