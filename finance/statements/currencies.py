"""Which currency a file speaks of: ISO 4217 codes, and the few symbols that mean one currency only."""

import re

from core.currencies import ISO_4217

# Money without cents, by ISO 4217 or by custom: one comma or point in such amounts groups thousands.
_WITHOUT_DECIMALS = "BIF CLP COP DJF GNF HUF IDR IRR ISK JPY KMF KRW LAK MMK PYG RWF TWD UGX VND VUV XAF XOF XPF"
WITHOUT_DECIMALS = frozenset(_WITHOUT_DECIMALS.split())

# "$", "¥" and "kr" are each several currencies: they say nothing, and the account's own currency stands.
SYMBOLS = {
    "€": "EUR", "£": "GBP", "₹": "INR", "₩": "KRW", "₪": "ILS", "₺": "TRY", "₽": "RUB", "₫": "VND", "₴": "UAH",
    "₦": "NGN", "zł": "PLN", "kč": "CZK", "fr": "CHF", "円": "JPY", "元": "CNY", "원": "KRW", "r$": "BRL", "us$": "USD",
    "a$": "AUD", "au$": "AUD", "c$": "CAD", "ca$": "CAD", "hk$": "HKD", "nt$": "TWD", "nz$": "NZD", "s$": "SGD",
    "$": "", "¥": "", "kr": "", "rs": "",
}  # fmt: skip

_CODE_IN_HEADER = re.compile(r"(?:^|[^A-Z])([A-Z]{3})\W*$")


def currency_named(word: str) -> str | None:
    """The code that `word` (a code or a symbol) stands for; "" when it may be several, None when it is no currency."""
    upper = word.upper()
    return upper if upper in ISO_4217 else SYMBOLS.get(word.lower())


def currency_in_header(title: str) -> str:
    """The code at the end of a column's title, as in "Betrag (EUR)" or "Amount in USD"; "" without one."""
    found = _CODE_IN_HEADER.search(title.strip())
    return found.group(1) if found and found.group(1) in ISO_4217 else ""
