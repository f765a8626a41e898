"""Values in Stripe's objects: ids, instants in seconds, and amounts in minor units."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from core.currencies import AMOUNT_LIMIT, minor_units, rounded
from core.errors import DomainError

Object = dict[str, Any]

# https://docs.stripe.com/currencies. Other than by ISO 4217, ISK and UGX are sent with two decimals, and MGA without any.
ZERO_DECIMAL_CURRENCIES = frozenset(
    ("BIF", "CLP", "DJF", "GNF", "JPY", "KMF", "KRW", "MGA", "PYG", "RWF", "VND", "VUV", "XAF", "XOF", "XPF")
)
THREE_DECIMAL_CURRENCIES = frozenset(("BHD", "JOD", "KWD", "OMR", "TND"))  # their amounts are multiples of ten


class UnreadableObjectError(ValueError):
    """An object has no value, or an impossible one, in a field without which it can't be shown."""


def required(obj: Object, name: str) -> Any:
    """Return a field's value. Raise UnreadableObjectError if there is none, or one that `readable` has removed."""
    if obj.get(name) is None:
        raise UnreadableObjectError(f"its {name.replace('_', ' ')} is missing or unknown")
    return obj[name]


def id_of(value: Any) -> str:
    """Return the ID of an object that may be expanded; "" for None."""
    return value["id"] if isinstance(value, dict) else value or ""


def instant(seconds: int | None) -> datetime | None:
    """Return the instant of a Unix timestamp; None for None."""
    return None if seconds is None else unix_instant(seconds)


def unix_instant(seconds: int) -> datetime:
    """Return the instant of a Unix timestamp."""
    return datetime.fromtimestamp(seconds, UTC)


def decimals(currency: str) -> int:
    """Return the number of decimals of Stripe's amounts in a currency."""
    code = currency.upper()
    return 0 if code in ZERO_DECIMAL_CURRENCIES else 3 if code in THREE_DECIMAL_CURRENCIES else 2


def from_minor_units(amount: int, currency: str) -> Decimal:
    """Convert an amount in Stripe's unit of the currency to an amount with the decimals of ISO 4217.

    Stripe neither charges nor pays out fractions of a currency without decimals. Raise UnreadableObjectError if the amount is
    larger than any that is stored.
    """
    if abs(amount) >= AMOUNT_LIMIT.scaleb(decimals(currency)):
        raise UnreadableObjectError("its amount is too large")
    return rounded(Decimal(amount).scaleb(-decimals(currency)), currency.upper())


def to_minor_units(amount: Decimal, currency: str) -> int:
    """Convert `amount` to Stripe's unit of the currency. Raise DomainError if Stripe would have to round it."""
    code, places = currency.upper(), decimals(currency)
    step = 10 if code in THREE_DECIMAL_CURRENCIES else 10 ** max(places - minor_units(code), 0)
    scaled = amount.scaleb(places)
    if scaled % step:
        smallest = Decimal(step).scaleb(-places)
        sentence = f"{amount} {code} has too many decimals. Stripe needs a multiple of {smallest:f}."
        raise DomainError("too_fine", sentence, field="amount")
    return int(scaled)
