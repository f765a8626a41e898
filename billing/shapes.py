"""What Stripe writes, read into our words: amounts in minor units. https://docs.stripe.com/currencies"""

from decimal import Decimal

NO_DECIMALS = frozenset(
    ("BIF", "CLP", "DJF", "GNF", "JPY", "KMF", "KRW", "MGA", "PYG", "RWF", "VND", "VUV", "XAF", "XOF", "XPF")
)
THREE_DECIMALS = frozenset(("BHD", "JOD", "KWD", "OMR", "TND"))


def decimals(currency: str) -> int:
    """How many decimals Stripe's amounts in a currency have."""
    code = currency.upper()
    return 0 if code in NO_DECIMALS else 3 if code in THREE_DECIMALS else 2


def from_minor(amount: int, currency: str) -> Decimal:
    """An amount of a currency's smallest unit as money."""
    return Decimal(amount).scaleb(-decimals(currency))


def to_minor(amount: Decimal, currency: str) -> int:
    """`amount` in the smallest unit; ValueError when the currency has no such fraction."""
    scaled = amount.scaleb(decimals(currency))
    if scaled != scaled.to_integral_value():
        raise ValueError(f"{currency} has no fraction as small as that of {amount}.")
    return int(scaled)
