"""Serializer of accounts."""

from typing import Any, cast

from django.core.exceptions import ValidationError
from drf_spectacular.utils import extend_schema_serializer
from rest_framework import serializers

from core.api.derived_fields import public_names
from core.api.money import AmountField
from core.api.serializers import BaseSerializer
from finance.models import EncryptedFinancialProfile
from finance.services import complete_balance


@extend_schema_serializer(description="A bank account, card or loan of the user.")
class AccountSerializer(BaseSerializer):
    amount_owed = AmountField(
        min_value=0,
        required=False,
        allow_null=True,
        help_text=f"{EncryptedFinancialProfile.amount_owed.help_text} Can be sent instead of `account_balance`.",
    )

    class Meta:
        model = EncryptedFinancialProfile
        fields = [*public_names(EncryptedFinancialProfile), "account_number", "routing_number"]
        read_only_fields = ["balance_source", "last_sync_at", "sync_status"]
        extra_kwargs = {
            "balance_date": {"help_text": "Day at whose end the account had the balance. Default: today. Null without one."},
            "account_number": {"write_only": True, "help_text": "4 to 34 letters or digits, such as an IBAN. Never returned."},
            "routing_number": {"write_only": True, "help_text": "The nine digits of a US routing number. Never returned."},
            "account_number_masked": {"help_text": "Four dots and the last four characters. Empty without a number."},
        }
        example: dict[str, Any] = {
            "profile_name": "Everyday checking",
            "profile_type": "checking",
            "institution_name": "First Example Bank",
            "account_balance": "2411.07",
            "balance_date": "2026-02-28",
            "balance_source": "user",
            "overpaid": False,
            "computed_balance": "2346.57",
            "amount_owed": None,
            "interest_rate": "0.0125",
            "sync_status": "pending",
            "account_number_masked": "••••6789",
        }

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Complete the currency and the balance, with its day in the user's time zone, and validate the row."""
        if self.instance is None:
            attrs.setdefault("currency", self.context["request"].user.currency)
        account = cast("EncryptedFinancialProfile", self.instance or self.candidate({}))
        try:
            attrs = complete_balance(account, attrs, today=account.today())
        except ValidationError as error:
            raise serializers.ValidationError(serializers.as_serializer_error(error)) from error
        return super().validate(attrs)
