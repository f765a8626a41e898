"""Which currency a file speaks of: ISO 4217 codes, and the few symbols that mean one currency only."""

import re

# ISO 4217 list one, active codes of money that people hold (funds codes, metals and test codes left out).
ISO_4217 = frozenset(
    """
    AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF CLP
    CNY COP CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GNF GTQ GYD HKD HNL HRK HTG HUF
    IDR ILS INR IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR LRD LSL LYD MAD MDL MGA MKD MMK
    MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN PYG QAR RON RSD RUB RWF SAR
    SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TND TOP TRY TTD TWD TZS UAH UGX USD UYU UZS VED
    VES VND VUV WST XAF XCD XCG XOF XPF YER ZAR ZMW ZWG
    """.split()
)

# Money without cents: a comma or point in such an amount can only group thousands.
WITHOUT_DECIMALS = frozenset("BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX VND VUV XAF XOF XPF".split())

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
