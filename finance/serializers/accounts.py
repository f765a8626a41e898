"""Serializer of accounts."""

from typing import Any

from drf_spectacular.utils import extend_schema_serializer

from core.api.derived_fields import public_names
from core.api.serializers import BaseSerializer
from finance.models import EncryptedFinancialProfile


@extend_schema_serializer(description="A bank account, card or loan of the user.")
class AccountSerializer(BaseSerializer):
    class Meta:
        model = EncryptedFinancialProfile
        fields = [*public_names(EncryptedFinancialProfile), "account_number", "routing_number"]
        read_only_fields = ["last_sync_at", "sync_status"]
        extra_kwargs = {
            "account_number": {"write_only": True, "help_text": "4 to 34 letters or digits, such as an IBAN. Never returned."},
            "routing_number": {"write_only": True, "help_text": "The nine digits of a US routing number. Never returned."},
            "account_number_masked": {"help_text": "Four dots and the last four characters. Empty without a number."},
        }
        example: dict[str, Any] = {
            "profile_name": "Everyday checking",
            "profile_type": "checking",
            "institution_name": "First Example Bank",
            "account_balance": "2411.07",
            "interest_rate": "0.0125",
            "sync_status": "pending",
            "account_number_masked": "••••6789",
        }
