"""Exchange rates of the user, their look-up by day, and conversions."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from rest_framework.test import APIClient

from dev.factories import ExchangeRateFactory, ImportFactory
from finance.models import ExchangeRate
from finance.services import rate_on
from finance.services.exchange_rates import RateTable
from tests.finance.transfers.conftest import RATES
from users.models import User

MARCH = date(2026, 3, 2)


def rate(
    user: User, value: str, day: date = MARCH, base: str = "EUR", quote: str = "USD", source: str = "user"
) -> ExchangeRate:
    origin = ImportFactory(user=user) if source == "import" else None
    row: ExchangeRate = ExchangeRateFactory.create(
        user=user, base=base, quote=quote, day=day, rate=Decimal(value), source=source, statement_import=origin
    )
    return row


def convert(client: APIClient, **query: str) -> Any:
    return client.get(f"{RATES}convert/", {"amount": "100.00", "from": "EUR", "to": "USD", "day": "2026-03-05"} | query)


def error_of(response: Any) -> tuple[int, str | None, str]:
    [error] = response.json()["errors"]
    return response.status_code, error["attr"], error["detail"]


def test_a_rate_is_written_and_changed(as_alice: APIClient) -> None:
    body = {"base": "EUR", "quote": "USD", "day": "2026-03-02", "rate": "1.0812"}
    created = as_alice.post(RATES, body).json()
    assert (created["rate"], created["source"], created["statement_import"]) == ("1.0812000000", "user", None)
    path = f"{RATES}{created['id']}/"
    assert as_alice.patch(path, {"rate": "1.09"}).json()["rate"] == "1.0900000000"
    assert as_alice.delete(path).status_code == 204


@pytest.mark.parametrize(
    ("change", "attr"),
    [
        ({"rate": "0"}, "rate"),
        ({"rate": "-1"}, "rate"),
        ({"rate": "1.00000000001"}, "rate"),
        ({"rate": "100000000"}, "rate"),
        ({"rate": "NaN"}, "rate"),
        ({"base": "USD"}, "quote"),
        ({"base": "XXX"}, "base"),
        ({"quote": "usd"}, "quote"),
        ({"day": "1899-12-31"}, "day"),
        ({"base": None}, "base"),
    ],
)
def test_an_invalid_rate_is_refused(as_alice: APIClient, change: dict[str, Any], attr: str) -> None:
    body = {"base": "EUR", "quote": "USD", "day": "2026-03-02", "rate": "1.0812"} | change
    status, where, _ = error_of(as_alice.post(RATES, body))
    assert (status, where) == (400, attr)


def test_a_day_has_one_rate_of_a_pair(as_alice: APIClient, alice: User) -> None:
    rate(alice, "1.08")
    body = {"base": "EUR", "quote": "USD", "day": "2026-03-02", "rate": "1.0812"}
    assert error_of(as_alice.post(RATES, body))[:2] == (400, "day")


def test_an_imported_rate_is_read_only(as_alice: APIClient, alice: User) -> None:
    path = f"{RATES}{rate(alice, '1.08', source='import').pk}/"
    assert as_alice.patch(path, {"rate": "2"}).status_code == 409
    assert as_alice.delete(path).status_code == 409
    assert as_alice.get(path).json()["source"] == "import"


def test_an_import_is_named_exactly_by_imported_rates(alice: User) -> None:
    for source, origin in (("import", None), ("user", ImportFactory(user=alice))):
        with pytest.raises(IntegrityError, match="source_known"), transaction.atomic():
            ExchangeRateFactory(user=alice, source=source, statement_import=origin)


def test_the_latest_rate_at_or_before_the_day_is_used(alice: User) -> None:
    rate(alice, "1.08")
    rate(alice, "1.09", date(2026, 3, 5))
    days = [date(2026, 3, 1), MARCH, date(2026, 3, 4), date(2026, 3, 5), date(2026, 12, 31)]
    found = [rate_on(alice.pk, "EUR", "USD", day) for day in days]
    assert [each and each.rate for each in found] == [None, *map(Decimal, ("1.08", "1.08", "1.09", "1.09"))]


def test_own_rates_go_before_imported_and_direct_before_inverse(alice: User) -> None:
    rate(alice, "0.9", base="USD", quote="EUR", source="import")
    rate(alice, "1.10", source="import")
    found = rate_on(alice.pk, "EUR", "USD", MARCH)
    assert found
    assert (found.rate, found.is_inverse) == (Decimal("1.10"), False)
    rate(alice, "0.95", base="USD", quote="EUR")
    found = rate_on(alice.pk, "EUR", "USD", MARCH)
    assert found
    assert (found.rate, found.is_inverse, found.source) == (Decimal("0.95"), True, "user")
    rate(alice, "1.2", date(2026, 3, 3), source="import")
    found = rate_on(alice.pk, "EUR", "USD", date(2026, 3, 3))
    assert found
    assert (found.rate, found.source) == (Decimal("1.2"), "import")


def test_a_table_finds_the_same_rates(alice: User) -> None:
    rate(alice, "1.1", date(2026, 3, 1), source="import")
    rate(alice, "0.9", date(2026, 3, 1), "USD", "EUR")
    rate(alice, "1.2", date(2026, 3, 3))
    rate(alice, "0.8", date(2026, 3, 3), "USD", "EUR", "import")
    rate(alice, "0.7", date(2026, 3, 5), "USD", "EUR")
    table = RateTable(alice.pk)
    days = [date(2026, 3, day) for day in range(1, 6)] + [date(2026, 2, 28)]
    for pair in (("EUR", "USD"), ("USD", "EUR"), ("EUR", "CHF")):
        assert [table.on(*pair, day) for day in days] == [rate_on(alice.pk, *pair, day) for day in days]


def test_rates_of_others_are_not_used(alice: User, bob: User) -> None:
    rate(bob, "1.08")
    assert rate_on(alice.pk, "EUR", "USD", MARCH) is None


def test_an_amount_is_converted(as_alice: APIClient, alice: User) -> None:
    rate(alice, "1.0812")
    assert convert(as_alice).json() == {
        "amount": "100.00",
        "from": "EUR",
        "to": "USD",
        "result": "108.12",
        "rate": "1.0812000000",
        "is_inverse": False,
        "rate_day": "2026-03-02",
        "age_days": 3,
        "source": "user",
    }


@pytest.mark.parametrize(
    ("base", "quote", "value", "amount", "result"),
    [
        ("EUR", "USD", "1.00005", "100.00", "100.00"),  # 100.005, half to even
        ("EUR", "JPY", "161.555", "1.00", "162"),
        ("EUR", "KWD", "0.3331", "10.00", "3.331"),
        ("JPY", "EUR", "0.0062", "1234", "7.65"),
        ("EUR", "USD", "1.0812", "-100.00", "-108.12"),
    ],
)
def test_a_result_has_the_decimals_of_its_currency(
    as_alice: APIClient, alice: User, base: str, quote: str, value: str, amount: str, result: str
) -> None:
    rate(alice, value, base=base, quote=quote)
    body = convert(as_alice, **{"from": base, "to": quote, "amount": amount}).json()
    assert (body["result"], body["is_inverse"]) == (result, False)


def test_an_inverse_rate_divides(as_alice: APIClient, alice: User) -> None:
    rate(alice, "1.0812")
    body = convert(as_alice, **{"from": "USD", "to": "EUR", "amount": "108.12"}).json()
    assert (body["result"], body["is_inverse"], body["rate"]) == ("100.00", True, "1.0812000000")


def test_a_missing_rate_is_named(as_alice: APIClient, alice: User) -> None:
    rate(alice, "1.08", date(2026, 3, 6))
    status, attr, detail = error_of(convert(as_alice))
    assert (status, attr) == (400, "day")
    assert "no rate of EUR and USD on or before 2026-03-05" in detail


@pytest.mark.parametrize(
    ("query", "attr"),
    [
        ({"to": "EUR"}, "to"),
        ({"from": "ABC"}, "from"),
        ({"amount": "x"}, "amount"),
        ({"amount": "1.005"}, "amount"),
        ({"amount": "9999999999999.99"}, "amount"),
        ({"day": "tomorrow"}, "day"),
        ({"round": "up"}, "round"),
    ],
)
def test_an_invalid_conversion_is_refused(as_alice: APIClient, alice: User, query: dict[str, str], attr: str) -> None:
    rate(alice, "1.0812")
    status, where, _ = error_of(convert(as_alice, **query))
    assert (status, where) == (400, attr)
