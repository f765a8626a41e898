"""Fields for money: an amount, and its currency. Amounts in two currencies are never added."""

from collections.abc import Collection, Iterable
from contextlib import suppress
from decimal import Decimal
from typing import Any, Unpack

from django.core.exceptions import ValidationError
from django.core.validators import MinValueValidator
from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import F, Func, Q, Value
from django.db.models.lookups import Exact

from core.currencies import (
    AMOUNT_LIMIT,
    DEFAULT_MINOR_UNITS,
    MAX_DECIMALS,
    MAX_DIGITS,
    MINOR_UNITS,
    SMALLEST_AMOUNT,
    TooManyDecimalsError,
    in_minor_units,
)
from core.models.constraints import between, rule
from core.models.fields import CheckedField, FieldOptions, GetType, SetType, Validator
from core.models.validators import bounds_message

ABOVE_ZERO = "Must be greater than 0."
NOT_ITS_DECIMALS = "Must have as many decimals as its currency (ISO 4217)."
NOT_TWO_DECIMALS = f"Must have {DEFAULT_MINOR_UNITS} decimals."
TOO_LARGE = f"Must have at most {MAX_DIGITS - MAX_DECIMALS} digits before the decimal point."


def validate_currency(code: str) -> None:
    """Raise ValidationError unless `code` is an ISO 4217 currency code in capitals, in use or withdrawn."""
    if code not in MINOR_UNITS:
        raise ValidationError("%(code)s is not an ISO 4217 currency code such as USD.", "unknown_currency", {"code": code})


class CurrencyField(CheckedField[SetType, GetType], models.CharField[SetType, GetType]):
    """The currency of an amount, by default USD. The CHECK requires three capital letters, and the validator a known code."""

    def __init__(self, **options: Unpack[FieldOptions]) -> None:
        options = FieldOptions(default="USD") | options
        super().__init__(max_length=3, validators=[validate_currency], **options)

    def get_constraints(self, table: str) -> list[models.CheckConstraint]:
        has_form = Q(**{f"{self.name}__regex": r"^[A-Z]{3}$"})
        return [rule(f"{table}_{self.name}_iso_4217", has_form, "Use an ISO 4217 code such as USD.")]


class NumericField(models.DecimalField[SetType, GetType]):
    """A column without a fixed number of decimals, so that each value keeps its own: 1234, 12.30, 500.555."""

    def db_type(self, connection: BaseDatabaseWrapper) -> str:
        return "numeric"


class MoneyField(CheckedField[SetType, GetType], NumericField[SetType, GetType]):
    """An amount with exactly the decimals of the currency in the field `currency`; without one, with two. NULL: unknown.

    A save adds and removes zeros at the end, and so does the model's `clean`, which refuses other decimals. A CHECK refuses
    what other writes forget.
    """

    def __init__(
        self,
        *,
        currency: str | None = "currency",
        is_above_zero: bool = False,
        min: int | None = None,
        validators: Iterable[Validator] = (),
        **options: Unpack[FieldOptions],
    ) -> None:
        self.currency, self.is_above_zero, self.min = currency, is_above_zero, min
        limits = [MinValueValidator(SMALLEST_AMOUNT if is_above_zero else min)] if is_above_zero or min is not None else []
        for limit in limits:
            limit.message = ABOVE_ZERO if is_above_zero else bounds_message(min, None)
        super().__init__(max_digits=MAX_DIGITS, decimal_places=MAX_DECIMALS, validators=[*limits, *validators], **options)

    def deconstruct(self) -> tuple[str, str, list[object], dict[str, object]]:
        name, _, args, kwargs = super().deconstruct()
        return name, f"{NumericField.__module__}.{NumericField.__name__}", args, kwargs

    def get_constraints(self, table: str) -> list[models.CheckConstraint]:
        name, number = f"{table}_{self.name}", models.IntegerField()
        scale = Func(F(self.name), function="scale", output_field=number)
        units: Any = Value(DEFAULT_MINOR_UNITS)
        if self.currency:
            units = Func(F(self.currency), function="core_minor_units", output_field=number)
        size = Q(**{f"{self.name}__gt": -AMOUNT_LIMIT, f"{self.name}__lt": AMOUNT_LIMIT})  # false for NaN and infinity
        found = [
            rule(f"{name}_decimals", Exact(scale, units), NOT_ITS_DECIMALS if self.currency else NOT_TWO_DECIMALS),
            rule(f"{name}_size", size, TOO_LARGE),
        ]
        if self.is_above_zero:
            found.append(rule(f"{name}_above_zero", Q(**{f"{self.name}__gt": 0}), ABOVE_ZERO))
        return found if self.min is None else [*found, between(table, self.name, self.min)]

    def normalize(self, row: models.Model) -> None:
        """Give the amount of `row` the decimals of its currency, or raise TooManyDecimalsError."""
        value = getattr(row, self.attname)
        if isinstance(value, Decimal | int | str):
            currency = getattr(row, self.currency) if self.currency else None
            setattr(row, self.attname, in_minor_units(self.to_python(value), currency, self.name))

    def pre_save(self, model_instance: models.Model, add: bool) -> Any:
        with suppress(TooManyDecimalsError):  # the constraint refuses it, as it does for every other way to write
            self.normalize(model_instance)
        return super().pre_save(model_instance, add)


def amount_fields(model: type[models.Model]) -> list[MoneyField[Any, Any]]:
    return [field for field in model._meta.concrete_fields if isinstance(field, MoneyField)]


def normalize_amounts(row: models.Model) -> None:
    """Give each amount of `row` the decimals of its currency, or raise ValidationError for those that have more."""
    errors = {}
    for field in amount_fields(row.__class__):
        try:
            field.normalize(row)
        except TooManyDecimalsError as error:
            errors[field.name] = ValidationError(error.message, error.code)
    if errors:
        raise ValidationError(errors)


def with_amounts(model: type[models.Model], names: Collection[str]) -> set[str]:
    """Return `names` with the amounts whose currency they contain, because another currency may have other decimals."""
    return {*names, *(field.name for field in amount_fields(model) if field.currency in names)}
