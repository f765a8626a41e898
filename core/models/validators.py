"""Checks on single values, and the messages that they share with the CHECK constraints."""

from datetime import date

from django.core.exceptions import ValidationError

# PostgreSQL's own days go to infinity, and Python's do not: a row with such a day could not be read any more.
FIRST_DAY, LAST_DAY = date(1900, 1, 1), date(2200, 12, 31)

NOT_AN_OBJECT = "Must be a JSON object."
NOT_A_LIST = "Must be a JSON list."


def bounds_message(low: object, high: object) -> str:
    """Return the message for a value outside of the bounds; None is an open side."""
    if high is None:
        return f"Must be {low} or more."
    if low is None:
        return f"Must be {high} or less."
    return f"Must be between {low} and {high}."


def validate_plausible_date(day: date) -> None:
    """Raise for a day before 1900 or after 2200."""
    if not FIRST_DAY <= day <= LAST_DAY:
        raise ValidationError(bounds_message(FIRST_DAY, LAST_DAY), "implausible_date")


def validate_json_object(value: object) -> None:
    """Raise unless a JSON value is an object."""
    if not isinstance(value, dict):
        raise ValidationError(NOT_AN_OBJECT, "not_an_object")


def validate_json_list(value: object) -> None:
    """Raise unless a JSON value is a list."""
    if not isinstance(value, list):
        raise ValidationError(NOT_A_LIST, "not_a_list")


def has_null_character(value: object) -> bool:
    """Whether a JSON value has U+0000 in a key or a text, which PostgreSQL can't store."""
    if isinstance(value, str):
        return "\x00" in value
    if isinstance(value, dict):
        return any(has_null_character(part) for pair in value.items() for part in pair)
    return isinstance(value, list) and any(has_null_character(item) for item in value)
