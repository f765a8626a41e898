"""Kinds of columns that many models have, each with the validator that speaks to people; `constraints` has the twins."""

from decimal import Decimal
from typing import Any

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models

from core.models.validators import validate_json_list, validate_json_object


def json_object() -> models.JSONField[Any, Any]:
    """A JSON object, empty unless said otherwise."""
    return models.JSONField(default=dict, blank=True, validators=[validate_json_object])


def json_list() -> models.JSONField[Any, Any]:
    """A JSON list, empty unless said otherwise."""
    return models.JSONField(default=list, blank=True, validators=[validate_json_list])


def whole_number(at_least: int, at_most: int | None = None, **options: Any) -> models.IntegerField[Any, Any]:
    """A whole number within its bounds, both inclusive."""
    return models.IntegerField(validators=_bounds(at_least, at_most), **options)


def optional_number(at_least: int, at_most: int | None = None) -> models.IntegerField[Any, Any]:
    """A whole number that may be unknown (NULL); 0 is an answer."""
    return whole_number(at_least, at_most, null=True, blank=True)


def decimal_within(digits: int, places: int, low: Any, high: Any = None, **options: Any) -> models.DecimalField[Any, Any]:
    """An optional decimal from `low` to `high`, both inclusive; NULL means unknown."""
    return models.DecimalField(
        max_digits=digits, decimal_places=places, null=True, blank=True, validators=_bounds(low, high), **options
    )


def share() -> models.DecimalField[Any, Any]:
    """A part of one, 0.00 to 1.00; NULL means unknown."""
    return decimal_within(3, 2, Decimal(0), Decimal(1))


def _bounds(low: Any, high: Any) -> list[Any]:
    """The validators of a closed range; None leaves that side open."""
    lower = [] if low is None else [MinValueValidator(low)]
    return lower + ([] if high is None else [MaxValueValidator(high)])
