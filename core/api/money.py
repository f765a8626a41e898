"""The serializer field of amounts."""

from decimal import Decimal
from typing import Any

from rest_framework import serializers

from core.currencies import AMOUNT_LIMIT, MAX_DECIMALS, MAX_DIGITS
from core.models.money import ABOVE_ZERO


class AmountField(serializers.DecimalField):
    """An amount of money, as text with the decimals of its currency: 1234, 12.30, 500.555.

    The model's `clean` or the service checks the decimals, because the currency may be another field of the request, or stored.
    """

    def __init__(self, **options: Any) -> None:
        if options.get("min_value"):
            options["error_messages"] = {"min_value": ABOVE_ZERO}
        super().__init__(**options | {"max_digits": MAX_DIGITS, "decimal_places": MAX_DECIMALS})

    def validate_precision(self, value: Decimal) -> Decimal:
        if value.copy_abs() >= AMOUNT_LIMIT:
            self.fail("max_whole_digits", max_whole_digits=self.max_whole_digits)
        return value

    def quantize(self, value: Decimal) -> Decimal:
        return value
