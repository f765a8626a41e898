"""Amounts at Stripe, whose units differ from ISO 4217 for some currencies, and amounts in notices and metrics."""

from decimal import Decimal

import pytest
import time_machine
from hypothesis import given
from hypothesis import strategies as st

from billing.metrics import all_metrics
from billing.services.customer_notices import format_amount
from billing.stripe.objects import parse_credit
from billing.stripe.values import from_minor_units, to_minor_units
from core import clock
from core.admin.money import money
from core.currencies import MINOR_UNITS
from core.errors import DomainError
from dev.factories import BillingMovementFactory, InvoiceFactory
from dev.stripe.lifecycle.invoice_lines import money as emulated

NOW = "2026-03-10T12:00:00Z"
UNITS = [
    ("12.34", "USD", 1234),
    ("500", "JPY", 500),
    ("1.230", "KWD", 1230),
    ("5", "UGX", 500),
    ("500", "ISK", 50000),
    ("5.00", "MGA", 5),
    ("12.30", "HUF", 1230),
]


@pytest.mark.parametrize(("amount", "currency", "units"), UNITS)
def test_an_amount_is_sent_in_stripes_units_and_read_back(amount: str, currency: str, units: int) -> None:
    assert to_minor_units(Decimal(amount), currency) == units
    assert str(from_minor_units(units, currency)) == amount


@pytest.mark.parametrize(
    ("amount", "currency", "smallest"),
    [("5.125", "KWD", "0.010"), ("1.50", "JPY", "1"), ("1.50", "MGA", "1"), ("1.50", "ISK", "1.00"), ("1.234", "USD", "0.01")],
)
def test_an_amount_that_stripe_would_round_is_refused(amount: str, currency: str, smallest: str) -> None:
    with pytest.raises(DomainError, match=f"Stripe needs a multiple of {smallest}.$"):
        to_minor_units(Decimal(amount), currency)


@given(units=st.integers(-(10**9), 10**9), currency=st.sampled_from(sorted(MINOR_UNITS.keys() - {"MGA"})))
def test_every_amount_of_whole_hundreds_comes_back(units: int, currency: str) -> None:
    assert to_minor_units(from_minor_units(units * 100, currency), currency) == units * 100


def test_a_credit_has_the_decimals_of_its_currency() -> None:
    assert parse_credit({"currency": "jpy", "balance": -500}) == (Decimal(500), "JPY")
    assert str(parse_credit({"currency": "isk", "balance": -50000})[0]) == "500"


@pytest.mark.parametrize(
    ("amount", "currency", "text"),
    [("1234", "JPY", "1,234 JPY"), ("1234.5", "USD", "1,234.50 USD"), ("1234.5", "KWD", "1,234.500 KWD")],
)
def test_a_notice_shows_the_decimals_of_the_currency(amount: str, currency: str, text: str) -> None:
    assert format_amount(Decimal(amount), currency) == text
    assert money(Decimal(amount), currency) == f'<span class="mingus-money">{text.replace(" ", "&nbsp;")}</span>'


@pytest.mark.parametrize(
    ("units", "currency", "text"),
    [(1230, "usd", "$12.30"), (-1234, "jpy", "-JPY 1,234"), (500555, "kwd", "KWD 500.555"), (50000, "isk", "ISK 500.00")],
)
def test_the_emulators_pages_show_the_decimals_of_the_currency(units: int, currency: str, text: str) -> None:
    assert emulated(units, currency) == text


@pytest.mark.django_db
@time_machine.travel(NOW, tick=False)
@pytest.mark.parametrize(
    ("currency", "monthly", "nothing", "owed"),
    [("JPY", "83", "0", "500"), ("USD", "83.33", "0.00", "500.00"), ("KWD", "83.333", "0.000", "500.000")],
)
def test_metrics_have_the_decimals_of_their_currency(currency: str, monthly: str, nothing: str, owed: str) -> None:
    BillingMovementFactory(first=True, currency=currency, annual_after=1000, happened_at=clock.now())
    InvoiceFactory(currency=currency, amount="500", status="unpaid", due_date="2026-03-01T00:00:00Z")
    found = {metric.key: metric.rows for metric in all_metrics(now=clock.now())}
    assert [str(cell) for cell in found["mrr"][0]] == [currency, "1", monthly, "0", nothing]
    assert str(found["overdue"][-1][-1]) == owed
