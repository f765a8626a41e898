"""Removal of values from Stripe's objects that can't be stored, so that one strange field does not stop a customer's sync.

Stripe adds values, other apps write into a shared account, and fields may be null. A value that fails the check of its field
becomes None and is named. Parsers therefore get values of the documented types or None. Objects that no parser reads are not
checked, because their fields may have another meaning: `status_details.paused.subscription` is no reference to a subscription.
"""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any
from uuid import UUID

from core.currencies import MINOR_UNITS

Check = Callable[[Any], bool]
MAX_INSTANT = int(datetime(2200, 1, 1, tzinfo=UTC).timestamp())
MAX_TEXT_LENGTH = 255
MAX_BRAND_LENGTH = 30
OBJECTS = (
    "automatic_tax",
    "balance_transactions",
    "cancellation_details",
    "card",
    "data",
    "default_tax_rates",
    "discount_amounts",
    "discounts",
    "invoice_item_details",
    "invoice_settings",
    "items",
    "lines",
    "parent",
    "payment",
    "payments",
    "pending_update",
    "period",
    "price_details",
    "pricing",
    "proration_details",
    "recurring",
    "status_transitions",
    "subscription_details",
    "subscription_item_details",
    "subscription_items",
    "tax_amounts",
    "tax_rates",
    "taxes",
    "total_discount_amounts",
    "total_tax_amounts",
    "total_taxes",
)
EXPANDED = ("coupon", "default_payment_method", "discount", "plan", "price", "source")  # references whose objects are read


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and "\0" not in value


def _is_short_text(value: Any) -> bool:
    return _is_text(value) and len(value) <= MAX_TEXT_LENGTH


def _is_brand(value: Any) -> bool:
    return _is_text(value) and len(value) <= MAX_BRAND_LENGTH


def _is_last4(value: Any) -> bool:
    return _is_text(value) and len(value) == 4 and value.isascii() and value.isdecimal()


def _is_integer(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_between(low: int, high: int) -> Check:
    return lambda value: _is_integer(value) and low <= value <= high


def _is_decimal(value: Any) -> bool:
    try:
        return not isinstance(value, bool) and Decimal(value).is_finite()
    except (InvalidOperation, TypeError, ValueError):
        return False


def _is_currency(value: Any) -> bool:
    return isinstance(value, str) and value.upper() in MINOR_UNITS


def _is_reference(value: Any) -> bool:
    """Return True for an ID, or an expanded object with an ID."""
    return _is_short_text(value["id"] if isinstance(value, dict) and "id" in value else value)


def _is_names(value: Any) -> bool:
    return isinstance(value, dict) and all(_is_text(name) and _is_text(text) for name, text in value.items())


CHECKS: dict[str, Check] = {
    **dict.fromkeys(
        (
            "created",
            "current_period_start",
            "current_period_end",
            "trial_start",
            "trial_end",
            "canceled_at",
            "cancel_at",
            "ended_at",
            "due_date",
            "paid_at",
            "next_payment_attempt",
            "start",
            "end",
            "expires_at",
        ),
        _is_between(0, MAX_INSTANT),
    ),
    **dict.fromkeys(("id", "status", "type"), _is_short_text),
    **dict.fromkeys(("number", "hosted_invoice_url", "invoice_pdf", "description", "reason"), _is_text),
    **dict.fromkeys(
        ("customer", "subscription", "payment_intent", "charge", "price", "plan", "discount", "default_payment_method"),
        _is_reference,
    ),
    **dict.fromkeys(
        (
            "amount",
            "amount_due",
            "amount_off",
            "amount_paid",
            "amount_refunded",
            "amount_remaining",
            "balance",
            "ending_balance",
            "starting_balance",
            "total",
            "unit_amount",
        ),
        _is_integer,
    ),
    **dict.fromkeys(("attempt_count", "quantity"), _is_between(0, 2**31 - 1)),
    "interval_count": _is_between(1, 2**31 - 1),
    "unit_amount_decimal": _is_decimal,
    "percent_off": lambda value: isinstance(value, int | float | Decimal) and 0 <= value <= 100,
    "brand": _is_brand,
    "last4": _is_last4,
    "exp_month": _is_between(1, 12),
    "exp_year": _is_between(2000, 2200),
    "currency": _is_currency,
    "metadata": _is_names,
    "cancel_at_period_end": lambda value: isinstance(value, bool),
}


def readable(obj: Any, problems: list[str], path: str = "") -> Any:
    """Return a copy of an object without the values that fail their field's check, and add their names to `problems`."""
    if isinstance(obj, list):
        return [readable(entry, problems, path) for entry in obj]
    if not isinstance(obj, dict):
        return obj
    return dict(_fields(obj, problems, path))


def _fields(obj: dict[str, Any], problems: list[str], path: str) -> Iterator[tuple[str, Any]]:
    for name, value in obj.items():
        check = CHECKS.get(name) if path != "metadata" else None
        is_object = name not in OBJECTS or isinstance(value, dict | list)
        if value is None or (is_object and (check is None or check(value))):
            yield name, readable(value, problems, name) if name in OBJECTS or name in EXPANDED else value
        else:
            problems.append(f"{path}.{name}".removeprefix(".").removeprefix("data."))
            yield name, None


def key_in(metadata: dict[str, str], name: str) -> UUID | None:
    """Return one of our keys from an object's metadata; None if there is none, or another app's value."""
    try:
        return UUID(metadata.get(name) or "")
    except ValueError:
        return None
