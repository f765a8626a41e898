"""Serializers of exchange rates, and of conversions."""

from typing import Any

from drf_spectacular.utils import extend_schema_serializer
from rest_framework import serializers

from core.api.examples import EXAMPLE_ID, EXAMPLE_TIME
from core.api.money import AmountField
from core.api.serializers import BaseSerializer, ListedChoiceField
from core.currencies import MINOR_UNITS, TooManyDecimalsError, in_minor_units
from core.models.validators import validate_plausible_date
from finance.models import ExchangeRate
from finance.models.exchange_rates import RateSource
from finance.serializers.due_dates import PeriodSerializer


@extend_schema_serializer(description="The price of one unit of a currency in another one, from a day on.")
class ExchangeRateSerializer(BaseSerializer):
    class Meta:
        model = ExchangeRate
        example = {
            "id": EXAMPLE_ID,
            "base": "EUR",
            "quote": "USD",
            "day": "2026-03-02",
            "rate": "1.0812000000",
            "source": "user",
            "statement_import": None,
            "created_at": EXAMPLE_TIME,
            "updated_at": EXAMPLE_TIME,
        }


class ConversionQuerySerializer(PeriodSerializer):
    """The query `?amount=&from=&to=&day=`: an amount, two ISO 4217 codes, and a day, by default today."""

    def get_fields(self) -> dict[str, serializers.Field]:
        return {
            "amount": AmountField(),
            "from": ListedChoiceField(sorted(MINOR_UNITS)),
            "to": ListedChoiceField(sorted(MINOR_UNITS)),
            "day": serializers.DateField(required=False, validators=[validate_plausible_date]),
        }

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Return the arguments of a conversion."""
        try:
            amount = in_minor_units(attrs["amount"], attrs["from"])
        except TooManyDecimalsError as error:
            raise serializers.ValidationError({"amount": [error.message]}, error.code) from error
        day = attrs.get("day", self.context["today"])
        return {"amount": amount, "base": attrs["from"], "quote": attrs["to"], "day": day}


@extend_schema_serializer(description="An amount in another currency, and the stored rate that was used.")
class ConversionSerializer(serializers.Serializer):
    def get_fields(self) -> dict[str, serializers.Field]:
        return {
            "amount": AmountField(help_text="The amount to convert, with the decimals of its currency."),
            "from": serializers.CharField(source="base", help_text="ISO 4217 code of the amount."),
            "to": serializers.CharField(source="quote", help_text="ISO 4217 code of the result."),
            "result": AmountField(help_text="In the currency `to`, rounded half to even to its decimals."),
            "rate": serializers.CharField(
                source="used.rate", help_text="The stored rate: units of `to` for one of `from`; the opposite if `is_inverse`."
            ),
            "is_inverse": serializers.BooleanField(
                source="used.is_inverse", help_text="True: the stored rate is that of `to` in `from`, by which was divided."
            ),
            "rate_day": serializers.DateField(source="used.day", help_text="Day of the stored rate, the latest at that time."),
            "age_days": serializers.IntegerField(help_text="Days from the day of the rate to the day of the conversion."),
            "source": serializers.ChoiceField(RateSource.choices, source="used.source", help_text="Who stated the rate."),
        }

    class Meta:
        example = {
            "amount": "100.00",
            "from": "EUR",
            "to": "USD",
            "result": "108.12",
            "rate": "1.0812000000",
            "is_inverse": False,
            "rate_day": "2026-03-02",
            "age_days": 3,
            "source": "user",
        }
