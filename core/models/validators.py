"""Checks on single values, with messages that a person understands. Each has its twin in `constraints`."""

from datetime import date
from typing import Any

from django.core.exceptions import ValidationError

# PostgreSQL's own days go to infinity, and Python's do not: a row with such a day could not be read any more.
FIRST_DAY, LAST_DAY = date(1900, 1, 1), date(2200, 12, 31)


def validate_plausible_date(day: date) -> None:
    """Raise for a day that is nobody's business."""
    if not FIRST_DAY <= day <= LAST_DAY:
        raise ValidationError("Use a day from 1900-01-01 to 2200-12-31.", "implausible_date")


def validate_json_object(value: Any) -> None:
    """Raise unless a JSON value is an object."""
    if not isinstance(value, dict):
        raise ValidationError('Must be a JSON object such as {"key": "value"}.', "not_an_object")


def validate_json_list(value: Any) -> None:
    """Raise unless a JSON value is a list."""
    if not isinstance(value, list):
        raise ValidationError('Must be a JSON list such as ["one", "two"].', "not_a_list")


def has_null_character(value: Any) -> bool:
    """Whether a JSON value has U+0000 in a key or a text, which PostgreSQL can't store."""
    if isinstance(value, str):
        return "\x00" in value
    if isinstance(value, dict):
        return any(has_null_character(part) for pair in value.items() for part in pair)
    return isinstance(value, list) and any(has_null_character(item) for item in value)
