"""Checks on single values, with messages that a person understands. Each has its twin in `constraints`."""

from typing import Any

from django.core.exceptions import ValidationError


def is_json_object(value: Any) -> None:
    """Raise unless a JSON value is an object."""
    if not isinstance(value, dict):
        raise ValidationError('Must be a JSON object such as {"key": "value"}.', "not_an_object")


def is_json_list(value: Any) -> None:
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
