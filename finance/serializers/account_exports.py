"""Serializers of the query of an account's export, and of its JSON document."""

from typing import Any

from drf_spectacular.utils import extend_schema_serializer
from rest_framework import serializers

from core.api.serializers import ListedChoiceField
from core.currencies import MINOR_UNITS
from finance.account_exports.download import FORMATS
from finance.models.accounts import AccountType
from finance.models.divided import TransactionType
from finance.serializers.divisions import SplitSerializer
from finance.serializers.due_dates import PeriodSerializer, require_order
from finance.statements.exported_json import FORMAT, VERSION
from finance.statements.exported_rows import STATUSES


class AccountExportSerializer(PeriodSerializer):
    """The query `?file_format=&from=&to=&currency=`: a format, two inclusive days, and an ISO 4217 code, all optional."""

    def get_fields(self) -> dict[str, serializers.Field]:
        return super().get_fields() | {
            "file_format": ListedChoiceField(FORMATS, default="csv"),
            "currency": ListedChoiceField(sorted(MINOR_UNITS), default=""),
        }

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Return the arguments of an export; without `from` or `to`, the period has no limit on that side."""
        start, end = attrs.get("from"), attrs.get("to")
        if start and end:
            require_order(start, end)
        return {"first_day": start, "last_day": end, "currency": attrs["currency"], "file_format": attrs["file_format"]}


@extend_schema_serializer(description="The account of an export.")
class ExportedAccountSerializer(serializers.Serializer):
    profile_name = serializers.CharField(help_text="The user's name for the account.")
    profile_type = serializers.ChoiceField(AccountType.choices, help_text="Type of the account.")
    institution_name = serializers.CharField(help_text="Name of the bank. May be empty.")
    account_number_masked = serializers.CharField(help_text="Four dots and the last four characters. Empty without a number.")


@extend_schema_serializer(description="The period of an export.")
class ExportedPeriodSerializer(serializers.Serializer):
    def get_fields(self) -> dict[str, serializers.Field]:
        return {
            "from": serializers.DateField(allow_null=True, help_text="First day, inclusive. Null: no limit."),
            "to": serializers.DateField(allow_null=True, help_text="Last day, inclusive. Null: no limit."),
        }


@extend_schema_serializer(description="The balance of an exported account.")
class ExportedBalanceSerializer(serializers.Serializer):
    ledger = serializers.CharField(help_text="The account's balance in its currency, below 0 if money is owed.")
    as_of = serializers.DateField(help_text="Day of the balance.")


@extend_schema_serializer(description="A transaction of an exported account.")
class ExportedTransactionSerializer(serializers.Serializer):
    transaction_date = serializers.DateField(help_text="Day of the transaction itself, not of its booking.")
    posted_date = serializers.DateField(allow_null=True, help_text="Day on which the bank booked it. Null: unknown.")
    amount = serializers.CharField(help_text="A decimal with the currency's decimals. Below 0 if money leaves the account.")
    currency = serializers.CharField(help_text="ISO 4217 code of the amount.")
    merchant_name = serializers.CharField(help_text="The other party. May be empty.")
    description = serializers.CharField(help_text="Text of the bank statement or of the user. May be empty.")
    reference_number = serializers.CharField(help_text="The bank's id, unique in the account, or empty.")
    status = serializers.ChoiceField(list(STATUSES), help_text="An import stores `disputed` as `completed`.")
    category = serializers.CharField(help_text="Free text. May be empty.")
    transaction_type = serializers.ChoiceField(
        TransactionType.choices, help_text="Income and refunds are above 0, expenses and fees below 0."
    )
    payee = serializers.CharField(help_text="The name of the payee. May be empty.")
    note = serializers.CharField(help_text="The user's own text. May be empty.")
    tags = serializers.ListField(child=serializers.CharField(), help_text="The names of tags.")
    splits = SplitSerializer(many=True, help_text="The parts, which add up to the amount. Empty: it is not split.")


@extend_schema_serializer(description="An account and its transactions, which `POST /api/v1/finance/imports/` reads back.")
class AccountDocumentSerializer(serializers.Serializer):
    format = serializers.ChoiceField([FORMAT], help_text="Name of the format.")
    version = serializers.IntegerField(help_text="Version of the format. A change that old readers can't read increases it.")
    exported_at = serializers.DateTimeField(help_text="Time of the export.")
    account = ExportedAccountSerializer(help_text="The account that the transactions are on.")
    currency = serializers.CharField(help_text="ISO 4217 code of the account.")
    period = ExportedPeriodSerializer(help_text="The period that was asked for.")
    balances = ExportedBalanceSerializer(
        allow_null=True, help_text="The present balance. Null if it is unknown or the period has ended before today."
    )
    transactions = ExportedTransactionSerializer(
        many=True, help_text="By currency (the account's first), posted before pending, then by day."
    )

    class Meta:
        example: dict[str, Any] = {
            "format": FORMAT,
            "version": VERSION,
            "exported_at": "2026-03-31T09:30:00Z",
            "account": {
                "profile_name": "Everyday checking",
                "profile_type": "checking",
                "institution_name": "First Example Bank",
                "account_number_masked": "••••6789",
            },
            "currency": "USD",
            "period": {"from": "2026-03-01", "to": None},
            "balances": {"ledger": "2411.07", "as_of": "2026-03-31"},
            "transactions": [
                {
                    "transaction_date": "2026-03-02",
                    "posted_date": "2026-03-03",
                    "amount": "-4.50",
                    "currency": "USD",
                    "merchant_name": "Coffee House",
                    "description": "CARD 1234 COFFEE HOUSE",
                    "reference_number": "A1",
                    "status": "completed",
                    "category": "dining",
                    "transaction_type": "expense",
                    "payee": "Coffee House",
                    "note": "",
                    "tags": ["work"],
                    "splits": [],
                }
            ],
        }
