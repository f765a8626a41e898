"""Accounts as JSON."""

from typing import Any

from core.api.derived_fields import public_names
from core.api.serializers import BaseSerializer
from finance.models import EncryptedFinancialProfile


class AccountSerializer(BaseSerializer):
    class Meta:
        model = EncryptedFinancialProfile
        fields = [*public_names(EncryptedFinancialProfile), "account_number", "routing_number"]
        read_only_fields = ["last_sync_at", "sync_status"]
        extra_kwargs = {"account_number": {"write_only": True}, "routing_number": {"write_only": True}}
        example: dict[str, Any] = {
            "profile_name": "Everyday checking",
            "profile_type": "checking",
            "institution_name": "First Example Bank",
            "account_balance": "2411.07",
            "interest_rate": "0.0125",
            "sync_status": "pending",
            "account_number_masked": "••••6789",
        }
