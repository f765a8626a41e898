"""Accounts as JSON."""

from typing import Any

from core.api.derived_fields import public_names
from core.api.examples import EXAMPLE_ID, EXAMPLE_TIME
from core.api.serializers import BaseSerializer
from finance.models import EncryptedFinancialProfile


class AccountSerializer(BaseSerializer):
    class Meta:
        model = EncryptedFinancialProfile
        fields = [*public_names(EncryptedFinancialProfile), "account_number", "routing_number"]
        read_only_fields = ["last_sync_at", "sync_status"]
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
