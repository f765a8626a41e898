"""Accounts, transactions and imports as JSON."""

from typing import Any

from rest_framework import serializers

from finance.models import EncryptedFinancialProfile, FinancialTransaction
from mingus.kit.api.serializers import BaseSerializer

EXAMPLE_ID = "0197a1c0-7b1e-7c3a-9d55-1f0e6a2b4c8d"
EXAMPLE_TIME = "2026-03-01T09:30:00Z"


class AccountSerializer(BaseSerializer):
    is_credit_account = serializers.BooleanField(read_only=True)
    available_credit = serializers.DecimalField(16, 2, read_only=True, allow_null=True)
    credit_utilization = serializers.DecimalField(12, 2, read_only=True, allow_null=True, help_text="Percent.")
    sync_age_days = serializers.IntegerField(read_only=True, allow_null=True)
    account_number_masked = serializers.CharField(read_only=True, help_text="The last four characters.")

    class Meta:
        model = EncryptedFinancialProfile
        fields = [
            "id",
            "profile_name",
            "profile_type",
            "institution_name",
            "account_number",
            "routing_number",
            "currency",
            "account_balance",
            "credit_limit",
            "interest_rate",
            "last_sync_at",
            "sync_status",
            "is_active",
            "metadata",
            *EncryptedFinancialProfile.derived,
            "created_at",
            "updated_at",
        ]
        read_only_fields = ["last_sync_at", "sync_status", "created_at", "updated_at"]
        extra_kwargs = {"account_number": {"write_only": True}, "routing_number": {"write_only": True}}
        example: dict[str, Any] = {
            "id": EXAMPLE_ID,
            "profile_name": "Everyday checking",
            "profile_type": "checking",
            "institution_name": "First Example Bank",
            "currency": "USD",
            "account_balance": "2411.07",
            "credit_limit": None,
            "interest_rate": "0.0125",
            "last_sync_at": None,
            "sync_status": "pending",
            "is_active": True,
            "metadata": {},
            "is_credit_account": False,
            "available_credit": None,
            "credit_utilization": None,
            "sync_age_days": None,
            "account_number_masked": "••••6789",
            "created_at": EXAMPLE_TIME,
            "updated_at": EXAMPLE_TIME,
        }


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
