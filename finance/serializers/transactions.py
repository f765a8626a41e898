"""Transactions as JSON."""

from typing import Any

from rest_framework import serializers

from finance.models import FinancialTransaction
from finance.serializers.examples import EXAMPLE_ID, EXAMPLE_TIME
from mingus.kit.api.serializers import BaseSerializer


class TransactionSerializer(BaseSerializer):
    is_income = serializers.BooleanField(read_only=True)
    is_expense = serializers.BooleanField(read_only=True)
    absolute_amount = serializers.DecimalField(12, 2, read_only=True)
    is_completed = serializers.BooleanField(read_only=True)

    class Meta:
        model = FinancialTransaction
        fields = [
            "id",
            "financial_profile",
            "transaction_type",
            "amount",
            "currency",
            "description",
            "category",
            "merchant_name",
            "transaction_date",
            "posted_date",
            "reference_number",
            "status",
            "metadata",
            *FinancialTransaction.derived,
            "created_at",
            "updated_at",
        ]
        read_only_fields = ["created_at", "updated_at"]
        example = {
            "id": EXAMPLE_ID,
            "financial_profile": EXAMPLE_ID,
            "transaction_type": "expense",
            "amount": "-6.60",
            "currency": "CAD",
            "description": "POS MERCHANDISE",
            "category": "dining",
            "merchant_name": "MCDONALD'S #112",
            "transaction_date": "2009-04-01",
            "posted_date": "2009-04-01",
            "reference_number": "0000123456782009040100001",
            "status": "completed",
            "metadata": {},
            "is_income": False,
            "is_expense": True,
            "absolute_amount": "6.60",
            "is_completed": True,
            "created_at": EXAMPLE_TIME,
            "updated_at": EXAMPLE_TIME,
        }

    def create(self, validated_data: dict[str, Any]) -> Any:
        """A transaction without a currency of its own has its account's."""
        account = validated_data.get("financial_profile")
        if account is not None:
            validated_data.setdefault("currency", account.currency)
        return super().create(validated_data)
