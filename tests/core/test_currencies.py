"""Currencies and their minor units, in Python and in SQL."""

from decimal import Decimal

import pytest
from django.db import connection
from hypothesis import given
from hypothesis import strategies as st

from core.currencies import CURRENT, MINOR_UNITS, WITHDRAWN, TooManyDecimalsError, in_minor_units, minor_units, rounded

AMOUNTS = st.decimals(-(10**12), 10**12, places=6)


@pytest.mark.parametrize(
    ("currency", "units"), [("JPY", 0), ("UGX", 0), ("ISK", 0), ("USD", 2), ("HUF", 2), ("MGA", 2), ("KWD", 3), ("IQD", 3)]
)
def test_a_currency_has_the_minor_units_of_iso_4217(currency: str, units: int) -> None:
    assert CURRENT[currency] == units


@pytest.mark.parametrize("currency", ["XCG", "ZWG", "SLE", "VED"])
def test_recent_currencies_are_known(currency: str) -> None:
    assert CURRENT[currency] == 2


@pytest.mark.parametrize("currency", ["ANG", "BGN", "HRK"])
def test_a_withdrawn_currency_is_accepted_and_not_offered(currency: str) -> None:
    assert currency in MINOR_UNITS
    assert currency not in CURRENT


@pytest.mark.parametrize("currency", ["XAU", "XDR", "XTS", "XXX", "CHE", "CLF", "USN", "UYW", "usd", ""])
def test_metals_funds_indexes_and_test_codes_are_no_currencies(currency: str) -> None:
    assert currency not in MINOR_UNITS


def test_no_withdrawn_currency_is_in_use() -> None:
    assert not WITHDRAWN.keys() & CURRENT.keys()


@pytest.mark.django_db
def test_sql_knows_the_same_minor_units() -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT code, core_minor_units(code) FROM unnest(%s::text[]) AS code", [[*MINOR_UNITS, "", "XAU", "usd"]]
        )
        assert dict(cursor.fetchall()) == MINOR_UNITS | {"": 2, "XAU": 2, "usd": 2}


@pytest.mark.parametrize(
    ("given", "currency", "stored"),
    [
        ("500", "JPY", "500"),
        ("500.00", "JPY", "500"),
        ("12", "USD", "12.00"),
        ("12.3", "USD", "12.30"),
        ("12.3000", "USD", "12.30"),
        ("500.555", "KWD", "500.555"),
        ("-1", "KWD", "-1.000"),
        ("5E+2", "JPY", "500"),
        ("9999999999999.999", "KWD", "9999999999999.999"),
        ("1.5", None, "1.50"),
    ],
)
def test_zeros_at_the_end_are_added_and_removed(given: str, currency: str | None, stored: str) -> None:
    assert str(in_minor_units(Decimal(given), currency)) == stored


@pytest.mark.parametrize(
    ("amount", "currency", "message"),
    [
        ("500.55", "JPY", "Expected amount in JPY must have no decimals."),
        ("0.005", "USD", "Expected amount in USD must have at most 2 decimals."),
        ("1.0005", "KWD", "Expected amount in KWD must have at most 3 decimals."),
        ("0.001", None, "Expected amount must have at most 2 decimals."),
    ],
)
def test_other_decimals_are_refused_and_not_rounded(amount: str, currency: str | None, message: str) -> None:
    with pytest.raises(TooManyDecimalsError, match=message) as refused:
        in_minor_units(Decimal(amount), currency, "expected_amount")
    assert (refused.value.code, refused.value.field) == ("max_decimal_places", "expected_amount")


@pytest.mark.parametrize(("amount", "currency", "text"), [("1.5", "JPY", "2"), ("2.5", "JPY", "2"), ("1.0005", "KWD", "1.000")])
def test_a_computed_amount_is_rounded_half_to_even(amount: str, currency: str, text: str) -> None:
    assert str(rounded(Decimal(amount), currency)) == text


@given(amount=AMOUNTS, currency=st.sampled_from(sorted(MINOR_UNITS)))
def test_a_rounded_amount_is_stored_unchanged(amount: Decimal, currency: str) -> None:
    stored = in_minor_units(rounded(amount, currency), currency)
    assert stored == rounded(amount, currency)
    assert stored.as_tuple().exponent == -minor_units(currency)
    assert abs(stored - amount) <= Decimal("0.5").scaleb(-minor_units(currency))
    assert str(in_minor_units(stored, currency)) == str(stored)
