"""Detection of currencies by ISO 4217 codes and by unambiguous symbols."""

import re

from core.currencies import ISO_4217

# Currencies without cents, by ISO 4217 or by custom. A single comma or point in their amounts is a thousands separator.
_WITHOUT_DECIMALS = "BIF CLP COP DJF GNF HUF IDR IRR ISK JPY KMF KRW LAK MMK PYG RWF TWD UGX VND VUV XAF XOF XPF"
WITHOUT_DECIMALS = frozenset(_WITHOUT_DECIMALS.split())

# "$", "¥", "kr" and "rs" are used for several currencies, so they are ignored and the account's currency is used.
SYMBOLS = {
    "€": "EUR", "£": "GBP", "₹": "INR", "₩": "KRW", "₪": "ILS", "₺": "TRY", "₽": "RUB", "₫": "VND", "₴": "UAH",
    "₦": "NGN", "zł": "PLN", "kč": "CZK", "fr": "CHF", "円": "JPY", "元": "CNY", "원": "KRW", "r$": "BRL", "us$": "USD",
    "a$": "AUD", "au$": "AUD", "c$": "CAD", "ca$": "CAD", "hk$": "HKD", "nt$": "TWD", "nz$": "NZD", "s$": "SGD",
    "人民币": "CNY", "人民币元": "CNY", "rmb": "CNY", "美元": "USD", "欧元": "EUR", "港币": "HKD", "港元": "HKD", "日元": "JPY",
    "英镑": "GBP", "澳元": "AUD", "加元": "CAD", "新加坡元": "SGD", "tl": "TRY", "руб": "RUB", "грн": "UAH",
    "ft": "HUF", "lei": "RON", "euro": "EUR", "euros": "EUR",
    "$": "", "¥": "", "kr": "", "rs": "",
}  # fmt: skip

_SYMBOL_IN_HEADER = re.compile(r"[(\[（]\s*([^\s()\[\]（）]{1,4})\s*[)\]）]\s*$")
_CODE_IN_HEADER = re.compile(r"(?:^|[^A-Z])([A-Z]{3})\W*$")


def currency_named(word: str) -> str | None:
    """Return the ISO code for `word`, a code or a symbol; "" for an ambiguous symbol, None if it is not a currency."""
    upper = word.upper()
    return upper if upper in ISO_4217 else SYMBOLS.get(word.lower())


def currency_in_header(title: str) -> str:
    """Return the code at the end of a column title such as "Betrag (EUR)", "Betrag (€)" or "Amount in USD", or ""."""
    found = _CODE_IN_HEADER.search(title.strip())
    if found and found.group(1) in ISO_4217:
        return found.group(1)
    symbol = _SYMBOL_IN_HEADER.search(title)
    return SYMBOLS.get(symbol.group(1).lower(), "") if symbol else ""
