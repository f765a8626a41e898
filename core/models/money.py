"""Fields for money: an amount with two decimals, and a currency. Amounts in two currencies are never added."""

from collections.abc import Iterable
from decimal import Decimal
from typing import Unpack

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q

from core.currencies import ISO_4217
from core.models.constraints import rule
from core.models.fields import BoundedDecimalField, CheckedField, FieldOptions, GetType, SetType, Validator


def validate_currency(code: str) -> None:
    """Raise ValidationError unless `code` is an ISO 4217 currency code in capitals."""
    if code not in ISO_4217:
        raise ValidationError("%(code)s is not an ISO 4217 currency code such as USD.", "unknown_currency", {"code": code})


class CurrencyField(CheckedField[SetType, GetType], models.CharField[SetType, GetType]):
    """The currency of an amount, by default USD. The CHECK requires three capital letters, and the validator a known code."""

    def __init__(self, **options: Unpack[FieldOptions]) -> None:
        options = FieldOptions(default="USD") | options
        super().__init__(max_length=3, validators=[validate_currency], **options)

    def get_constraints(self, table: str) -> list[models.CheckConstraint]:
        has_form = Q(**{f"{self.name}__regex": r"^[A-Z]{3}$"})
        return [rule(f"{table}_{self.name}_iso_4217", has_form, "Use an ISO 4217 code such as USD.")]


class MoneyField(BoundedDecimalField[SetType, GetType]):
    """An amount with two decimals and at most `max_digits` digits. NULL means that the amount is unknown."""

    def __init__(
        self,
        *,
        max_digits: int = 12,
        min: Decimal | int | None = None,
        validators: Iterable[Validator] = (),
        **options: Unpack[FieldOptions],
    ) -> None:
        super().__init__(max_digits=max_digits, decimal_places=2, min=min, validators=validators, **options)
