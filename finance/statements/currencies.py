"""Detection of currencies by ISO 4217 codes and by unambiguous symbols."""

import re

from core.currencies import MINOR_UNITS, minor_units

# Currencies that have cents by ISO 4217, but are written without them.
_WRITTEN_WITHOUT_DECIMALS = frozenset({"COP", "HUF", "IDR", "IRR", "LAK", "MMK", "TWD"})

# "$", "¥", "kr" and "rs" are used for several currencies, so they are ignored and the account's currency is used.
SYMBOLS = {
    "€": "EUR", "£": "GBP", "₹": "INR", "₩": "KRW", "₪": "ILS", "₺": "TRY", "₽": "RUB", "₫": "VND", "₴": "UAH",
    "₦": "NGN", "zł": "PLN", "kč": "CZK", "fr": "CHF", "円": "JPY", "元": "CNY", "원": "KRW", "r$": "BRL", "us$": "USD",
    "a$": "AUD", "au$": "AUD", "c$": "CAD", "ca$": "CAD", "hk$": "HKD", "nt$": "TWD", "nz$": "NZD", "s$": "SGD",
    "人民币": "CNY", "人民币元": "CNY", "rmb": "CNY", "美元": "USD", "欧元": "EUR", "港币": "HKD", "港元": "HKD", "日元": "JPY",
    "英镑": "GBP", "澳元": "AUD", "加元": "CAD", "新加坡元": "SGD", "tl": "TRY", "руб": "RUB", "rur": "RUB", "грн": "UAH",
    "ft": "HUF", "lei": "RON", "euro": "EUR", "euros": "EUR",
    "$": "", "¥": "", "kr": "", "rs": "",
}  # fmt: skip

_SYMBOL_IN_HEADER = re.compile(r"[(\[（]\s*([^\s()\[\]（）]{1,4})\s*[)\]）]\s*$")
_CODE_IN_HEADER = re.compile(r"(?:^|[^A-Z])([A-Z]{3})\W*$")


def usual_decimals(currency: str) -> int:
    """Return the number of decimals with which banks write amounts in a currency."""
    code = currency.upper()
    return 0 if code in _WRITTEN_WITHOUT_DECIMALS else minor_units(code)


def currency_named(word: str) -> str | None:
    """Return the ISO code for `word`, a code or a symbol; "" for an ambiguous symbol, None if it is not a currency."""
    upper = word.upper()
    return upper if upper in MINOR_UNITS else SYMBOLS.get(word.lower())


def currency_in_header(title: str) -> str:
    """Return the code at the end of a column title such as "Betrag (EUR)", "Betrag (€)" or "Amount in USD", or ""."""
    found = _CODE_IN_HEADER.search(title.strip())
    if found and found.group(1) in MINOR_UNITS:
        return found.group(1)
    symbol = _SYMBOL_IN_HEADER.search(title)
    return SYMBOLS.get(symbol.group(1).lower(), "") if symbol else ""
