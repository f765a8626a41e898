"""Currencies and their minor units by ISO 4217, from the package iso4217.

An amount is stored and shown with exactly the decimals of its currency: 1234 JPY, 12.30 USD, 500.555 KWD. Funds, indexes with
four decimals (UYW) and codes without minor units (gold, test codes) are not currencies here. The SQL function
`core_minor_units` has the same numbers.
"""

from decimal import ROUND_HALF_EVEN, Context, Decimal

from iso4217 import raw_xml

from core.errors import DomainError

DEFAULT_MINOR_UNITS = 2  # of an amount without a currency of its own
MAX_DIGITS, MAX_DECIMALS = 16, 3
SMALLEST_AMOUNT = Decimal(1).scaleb(-MAX_DECIMALS)
AMOUNT_LIMIT = Decimal(10) ** (MAX_DIGITS - MAX_DECIMALS)  # every amount is smaller
EXACT = Context(prec=60, rounding=ROUND_HALF_EVEN)


CURRENT = {  # from the XML, because the table of iso4217 does not mark funds
    entry.findtext("Ccy", ""): int(units)
    for entry in raw_xml.iterfind("CcyTbl/CcyNtry")
    if (units := entry.findtext("CcyMnrUnts", "")) in ("0", "2", "3") and entry.find("CcyNm[@IsFund]") is None
}
WITHDRAWN = {"ANG": 2, "BGN": 2, "HRK": 2}  # by XCG, EUR and EUR; accepted, because old statements and rows have them
MINOR_UNITS = CURRENT | WITHDRAWN


class TooManyDecimalsError(DomainError):
    """An amount has more decimals than its currency."""

    def __init__(self, currency: str | None, field: str = "amount") -> None:
        places = minor_units(currency)
        allowed = f"at most {places} decimals" if places else "no decimals"
        name = field.replace("_", " ").capitalize()
        message = f"{name}{f' in {currency}' if currency else ''} must have {allowed}."
        super().__init__("max_decimal_places", message, field=field)


def minor_units(currency: str | None) -> int:
    """Return the number of decimals of a currency, 2 if it is unknown."""
    return MINOR_UNITS.get(currency or "", DEFAULT_MINOR_UNITS)


def unit_of(currency: str | None) -> Decimal:
    """Return the smallest amount of a currency, such as 0.01."""
    return Decimal(1).scaleb(-minor_units(currency))


def in_minor_units(amount: Decimal, currency: str | None, field: str = "amount") -> Decimal:
    """Return `amount` with exactly the decimals of its currency, or raise TooManyDecimalsError about `field`.

    Only zeros at the end are added or removed.
    """
    if amount.copy_abs() >= AMOUNT_LIMIT:
        return amount  # refused by its size
    scaled = amount.quantize(unit_of(currency), context=EXACT)
    if scaled != amount:
        raise TooManyDecimalsError(currency, field)
    return scaled


def rounded(amount: Decimal, currency: str | None) -> Decimal:
    """Return a computed amount, such as a mean, rounded half to even to the decimals of its currency."""
    return amount.quantize(unit_of(currency), context=EXACT)
