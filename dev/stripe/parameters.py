"""The parameters of operations: tables of names and readers. A name that ends in `!` is required; other names are refused.

A reader takes the decoded value and the parameter's full name, and returns the value or raises an ApiError. In Stripe's API, an
empty string unsets a value, so readers return None for it.
"""

import re
from collections.abc import Callable
from typing import Any

from dev.stripe.errors import ApiError, missing_parameter

Reader = Callable[[Any, str], Any]
Table = dict[str, Reader]
EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
MAX_METADATA_ENTRIES = 50
MAX_TEXT_LENGTH = 5000


def read(table: Table, given: dict[str, Any], within: str = "") -> dict[str, Any]:
    """Return the values of the given parameters, by their names without `!`."""
    known = {name.rstrip("!"): reader for name, reader in table.items()}
    for name in given:
        if name not in known:
            unknown = inside(within, name)
            raise ApiError(f"Received unknown parameter: {unknown}", code="parameter_unknown", param=unknown)
    for name in table:
        if name.endswith("!") and given.get(name[:-1], "") == "":
            raise missing_parameter(inside(within, name[:-1]))
    return {name: known[name](value, inside(within, name)) for name, value in given.items()}


def inside(within: str, name: str) -> str:
    """Return the full name of a nested parameter, such as `items[0][price]`."""
    return f"{within}[{name}]" if within else name


def text(value: Any, name: str) -> str | None:
    """Read a string of at most 5,000 characters."""
    if not isinstance(value, str):
        raise ApiError("Invalid string: {...}", param=name)
    if len(value) > MAX_TEXT_LENGTH:
        raise ApiError(f"Invalid string: {value[:20]}…; must be at most {MAX_TEXT_LENGTH} characters", param=name)
    return value or None


def email(value: Any, name: str) -> str | None:
    words = text(value, name)
    if words and not EMAIL.fullmatch(words):
        raise ApiError(f"Invalid email address: {words}", code="email_invalid", param=name)
    return words


def url(value: Any, name: str) -> str | None:
    words = text(value, name)
    if words and not re.match(r"https?://[^/\s]+", words):
        raise ApiError("Not a valid URL", code="url_invalid", param=name)
    return words


def integer(value: Any, name: str) -> int | None:
    words = text(value, name)
    if words is None:
        return None
    if not re.fullmatch(r"-?\d{1,18}", words):
        raise ApiError(f"Invalid integer: {words}", code="parameter_invalid_integer", param=name)
    return int(words)


def natural(value: Any, name: str) -> int | None:
    """Read an integer that is not negative."""
    number = integer(value, name)
    if number is not None and number < 0:
        raise ApiError("This value must be greater than or equal to 0.", code="parameter_invalid_integer", param=name)
    return number


def instant(value: Any, name: str) -> int | str | None:
    """Read seconds since 1970, or the word `now`."""
    return "now" if value == "now" else integer(value, name)


def boolean(value: Any, name: str) -> bool:
    if value not in ("true", "false"):
        raise ApiError(f"Invalid boolean: {value}", param=name)
    return bool(value == "true")


def one_of(*allowed: str) -> Reader:
    """Return a reader of a string that must be one of `allowed`."""

    def reader(value: Any, name: str) -> str | None:
        if value != "" and value not in allowed:
            raise ApiError(f"Invalid {name}: must be one of {', '.join(allowed)}", param=name)
        return value or None

    return reader


def each(reader: Reader) -> Reader:
    def whole(value: Any, name: str) -> list[Any]:
        if value == "":
            return []
        if not isinstance(value, dict) or not all(key.isdigit() for key in value):
            raise ApiError("Invalid array", param=name)
        return [reader(value[key], inside(name, key)) for key in sorted(value, key=int)]

    return whole


def fields(table: Table) -> Reader:
    def reader(value: Any, name: str) -> dict[str, Any] | None:
        if value == "":
            return None
        if not isinstance(value, dict):
            raise ApiError("Invalid object", param=name)
        return read(table, value, name)

    return reader


def metadata(value: Any, name: str) -> dict[str, str | None]:
    """Read up to 50 strings by name. An empty string deletes its name. Empty metadata deletes all, returned as `{"": None}`."""
    if value == "":
        return {"": None}
    if not isinstance(value, dict) or not all(isinstance(words, str) for words in value.values()):
        raise ApiError("Metadata must be a hash of strings.", param=name)
    if len(value) > MAX_METADATA_ENTRIES or any(len(key) > 40 or len(words) > 500 for key, words in value.items()):
        raise ApiError("Metadata has at most 50 keys of 40 characters with values of 500.", param=name)
    return {key: words or None for key, words in value.items()}


def span(value: Any, name: str) -> Any:
    """Read a filter of time: an instant, or `{gt, gte, lt, lte}`."""
    if isinstance(value, dict):
        return read(dict.fromkeys(("gt", "gte", "lt", "lte"), integer), value, name)
    return integer(value, name)
