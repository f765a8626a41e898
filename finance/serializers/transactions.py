"""Serializer of transactions."""

from typing import Any

from drf_spectacular.utils import extend_schema_serializer

from core.api.examples import EXAMPLE_ID, EXAMPLE_TIME
from core.api.serializers import BaseSerializer
from finance.models import FinancialTransaction


@extend_schema_serializer(description="A movement of money: above 0 for income and refunds, below 0 for expenses and fees.")
class TransactionSerializer(BaseSerializer):
    class Meta:
        model = FinancialTransaction
        extra_kwargs = {
            "financial_profile": {"help_text": "The id of the account. Null: none of the user's accounts."},
            "currency": {"help_text": "ISO 4217 code. Default: the currency of the account, or USD without an account."},
        }
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

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Validate the transaction; the currency of a new one defaults to that of its account."""
        account = attrs.get("financial_profile")
        if self.instance is None and account is not None:
            attrs.setdefault("currency", account.currency)
        return super().validate(attrs)
