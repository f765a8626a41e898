"""Money: Decimal with two places and a currency beside it. Amounts in two currencies are never added."""

from decimal import Decimal
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import MinValueValidator
from django.db import models

from core.currencies import ISO_4217


def validate_currency(code: str) -> None:
    """Raise unless `code` is an ISO 4217 currency in capitals."""
    if code not in ISO_4217:
        raise ValidationError("%(code)s is not an ISO 4217 currency code such as USD.", "unknown_currency", {"code": code})


def currency_field() -> models.CharField:
    """The currency beside an amount: three capitals, USD unless said otherwise."""
    return models.CharField(max_length=3, default="USD", validators=[validate_currency])


def money_field(
    *, digits: int = 12, optional: bool = False, at_least: Decimal | None = None, **kwargs: Any
) -> models.DecimalField:
    """An amount with two decimals and `digits` digits in all; NULL means unknown, 0 is an amount."""
    validators = [] if at_least is None else [MinValueValidator(at_least)]
    return models.DecimalField(
        max_digits=digits, decimal_places=2, null=optional, blank=optional, validators=validators, **kwargs
    )
