"""Accounts as JSON."""

from typing import Any

from rest_framework import serializers

from finance.models import EncryptedFinancialProfile
from finance.serializers.examples import EXAMPLE_ID, EXAMPLE_TIME
from mingus.kit.api.serializers import BaseSerializer


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
