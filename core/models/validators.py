"""Validators, and the messages that they share with CHECK constraints."""

from datetime import date

from django.core.exceptions import ValidationError

# PostgreSQL stores dates after the year 9999 and infinity, which Python can't represent, so that the row could not be read.
FIRST_DAY, LAST_DAY = date(1900, 1, 1), date(2200, 12, 31)

NOT_AN_OBJECT = "Must be a JSON object."
NOT_A_LIST = "Must be a JSON list."


def bounds_message(low: object, high: object) -> str:
    """Return the message for a value that is out of bounds; None leaves a side open."""
    if high is None:
        return f"Must be {low} or more."
    if low is None:
        return f"Must be {high} or less."
    return f"Must be between {low} and {high}."


def validate_plausible_date(day: date) -> None:
    if not FIRST_DAY <= day <= LAST_DAY:
        raise ValidationError(bounds_message(FIRST_DAY, LAST_DAY), "implausible_date")


def validate_json_object(value: object) -> None:
    if not isinstance(value, dict):
        raise ValidationError(NOT_AN_OBJECT, "not_an_object")


def validate_json_list(value: object) -> None:
    if not isinstance(value, list):
        raise ValidationError(NOT_A_LIST, "not_a_list")


def has_null_character(value: object) -> bool:
    """Return True if a JSON value contains U+0000 in a key or a text, which PostgreSQL can't store."""
    if isinstance(value, str):
        return "\x00" in value
    if isinstance(value, dict):
        return any(has_null_character(part) for pair in value.items() for part in pair)
    return isinstance(value, list) and any(has_null_character(item) for item in value)
