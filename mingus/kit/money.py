"""Money: Decimal with two places and a currency beside it. Amounts in two currencies are never added."""

from decimal import Decimal
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import MinValueValidator
from django.db import models

CENT = Decimal("0.01")

# ISO 4217, the active codes of table A.1 that name money people hold (no funds codes, metals or test codes).
CURRENCIES = frozenset(
    "AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF CLP CNY"
    " COP CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GNF GTQ GYD HKD HNL HTG HUF IDR ILS"
    " INR IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR LRD LSL LYD MAD MDL MGA MKD MMK MNT MOP"
    " MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN PYG QAR RON RSD RUB RWF SAR SBD SCR"
    " SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TND TOP TRY TTD TWD TZS UAH UGX USD UYU UZS VED VES VND"
    " VUV WST XAF XCD XCG XOF XPF YER ZAR ZMW ZWG".split()
)


def validate_currency(code: str) -> None:
    """Raise unless `code` is an ISO 4217 currency in capitals."""
    if code not in CURRENCIES:
        raise ValidationError("%(code)s is not an ISO 4217 currency code such as USD.", "unknown_currency", {"code": code})


def currency_field() -> models.CharField:
    """The currency beside an amount: three capitals, USD unless said otherwise."""
    return models.CharField(max_length=3, default="USD", validators=[validate_currency])


def money_field(
    *, digits: int = 12, optional: bool = False, at_least: Decimal | None = None, **kwargs: Any
) -> models.DecimalField:
    """An amount with two decimals and `digits` digits in all; NULL means unknown, 0 is an amount."""
    validators = [] if at_least is None else [MinValueValidator(at_least)]
    return models.DecimalField(
        max_digits=digits, decimal_places=2, null=optional, blank=optional, validators=validators, **kwargs
    )


def as_text(amount: Decimal | None) -> str | None:
    """An amount as JSON carries it: a string with two decimals; None stays None."""
    return None if amount is None else str(amount.quantize(CENT))
