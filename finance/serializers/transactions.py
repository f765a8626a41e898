"""Transactions as JSON."""

from typing import Any

from core.api.derived_fields import public_names
from core.api.examples import EXAMPLE_ID, EXAMPLE_TIME
from core.api.serializers import BaseSerializer
from finance.models import FinancialTransaction


class TransactionSerializer(BaseSerializer):
    class Meta:
        model = FinancialTransaction
        fields = public_names(FinancialTransaction)
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

    def build(self, validated_data: dict[str, Any]) -> Any:
        """A transaction without a currency of its own has its account's."""
        account = validated_data.get("financial_profile")
        if account is not None:
            validated_data.setdefault("currency", account.currency)
        return super().build(validated_data)
