"""Recurring revenue, churn and retention, checked with movements whose sums can be calculated by hand."""

import random
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from billing import revenue_metrics
from billing.admin.metric_pictures import drawn
from billing.metric_tables import Metric
from billing.models import BillingMovement
from dev.factories import BillingMovementFactory, SubscriptionFactory, UserFactory
from users.models import User

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 3, 20, 12, tzinfo=UTC)


def at(month: int, day: int = 15, year: int = 2026) -> datetime:
    return datetime(year, month, day, tzinfo=UTC)


def pay(*steps: tuple[datetime, str], currency: str = "USD", user: User | None = None) -> User:
    """Record what a customer pays for a month from each instant on, by default a new customer."""
    owner, before = user or UserFactory.create(), Decimal(0)
    for instant, amount in steps:
        after = Decimal(amount) * 12
        if before and after:
            kind = "expansion" if after > before else "contraction"
        else:
            kind = "churn" if before else "new" if not BillingMovement.objects.for_user(owner).exists() else "reactivation"
        facts = {"kind": kind, "happened_at": instant, "annual_before": before, "annual_after": after}
        BillingMovementFactory(user=owner, currency=currency, **facts)
        before = after
    return owner


def row_of(table: Metric, *beginning: str) -> list[str]:
    [row] = [row for row in table.rows if row[: len(beginning)] == beginning]
    return [str(figure) for figure in row[len(beginning) :]]


def test_mrr_is_what_is_paid_now_in_each_currency() -> None:
    pay((at(1), "10.00"), (at(2), "25.00"))
    pay((at(1), "10.00"), (at(2), "0.00"))
    pay((at(2), "7.00"), currency="EUR")
    pay((at(4), "99.00"))  # in the future
    assert revenue_metrics.monthly_recurring_revenue(NOW).rows == [
        ("EUR", 1, Decimal("7.00"), 0, Decimal("0.00")),
        ("USD", 1, Decimal("25.00"), 0, Decimal("0.00")),
    ]


def test_mrr_is_added_before_it_is_rounded() -> None:
    for _ in range(3):
        BillingMovementFactory(first=True, annual_after=Decimal("100.00"), happened_at=at(1))
    assert row_of(revenue_metrics.monthly_recurring_revenue(NOW), "USD")[:2] == ["3", "25.00"]


def test_mrr_tells_what_is_past_due() -> None:
    pay((at(1), "10.00"))
    SubscriptionFactory(user=pay((at(1), "20.00")), status="past_due", canceled_at=None, stripe_subscription_id="sub_1")
    SubscriptionFactory(user=pay((at(1), "40.00")), status="past_due", canceled_at=None, stripe_subscription_id="")
    assert row_of(revenue_metrics.monthly_recurring_revenue(NOW), "USD") == ["3", "70.00", "1", "20.00"]


def test_a_bridge_leads_from_each_month_to_the_next() -> None:
    pay((at(12, year=2024), "5.00"))
    pay((at(1), "10.00"), (at(2), "25.00"), (at(3, 1), "0.00"))
    pay((at(1), "30.00"), (at(1, 20), "0.00"), (at(2), "20.00"), (at(2, 20), "12.00"))
    table = revenue_metrics.revenue_by_month(NOW)
    assert table.columns[2:] == (
        *("start", "new", "reactivation", "expansion", "contraction", "churn"),
        *("end", "customers at the end"),
    )
    assert len(table.rows) == 12
    assert row_of(table, "2025-04", "USD") == ["5.00", "0.00", "0.00", "0.00", "0.00", "0.00", "5.00", "1"]
    assert row_of(table, "2026-01", "USD") == ["5.00", "40.00", "0.00", "0.00", "0.00", "-30.00", "15.00", "2"]
    assert row_of(table, "2026-02", "USD") == ["15.00", "0.00", "20.00", "15.00", "-8.00", "0.00", "42.00", "3"]
    assert row_of(table, "2026-03 (running)", "USD") == ["42.00", "0.00", "0.00", "0.00", "0.00", "-25.00", "17.00", "2"]


@pytest.mark.parametrize("seed", range(3))
def test_every_bridge_adds_up_as_shown(seed: int) -> None:
    chance = random.Random(seed)
    for number in range(60):
        user, before = UserFactory.create(), Decimal(0)
        for place in range(chance.randint(1, 5)):
            after = Decimal(0) if place % 3 == 2 else before + Decimal(chance.randint(1, 99_999)).scaleb(-2)
            kind = "new" if place == 0 else "reactivation" if not before else "churn" if not after else "expansion"
            facts = {"kind": kind, "annual_before": before, "annual_after": after, "currency": ("USD", "EUR")[number % 2]}
            BillingMovementFactory(user=user, happened_at=NOW - timedelta(days=400 - 80 * place - number % 30), **facts)
            before = after
    rows = revenue_metrics.revenue_by_month(NOW).rows
    assert len(rows) == 24
    assert all(sum(row[2:8]) == row[8] for row in rows)
    assert [row[8] for row in rows[:11]] == [row[2] for row in rows[1:12]]
    now = {row[0]: row[1:3] for row in revenue_metrics.monthly_recurring_revenue(NOW).rows}
    assert {row[1]: (row[9], row[8]) for row in rows if "running" in row[0]} == now


def test_parts_of_a_cent_are_rounded_so_that_they_add_up() -> None:
    parts = [Decimal("100.00"), Decimal("100.00"), Decimal("0.00"), Decimal("-50.00"), Decimal("-50.00")]
    shown = revenue_metrics.rounded_parts(Decimal("100.00"), parts, "USD")
    assert [str(part) for part in shown] == ["8.34", "8.33", "0.00", "-4.17", "-4.16"]
    assert sum(shown) == Decimal("8.34") == Decimal("16.67") - Decimal("8.33")


def test_churn_counts_losses_among_customers_of_the_start() -> None:
    for _ in range(11):
        pay((at(1), "10.00"))
    pay((at(1), "50.00"), (at(2), "20.00"))
    pay((at(1), "30.00"), (at(2), "0.00"))
    pay((at(2, 3), "99.00"), (at(2, 20), "0.00"))  # within one month
    table = revenue_metrics.churn(NOW)
    assert row_of(table, "2026-02", "USD") == ["13", "1", "7.69", "190.00", "60.00", "31.58"]
    assert row_of(table, "2026-01", "USD") == ["0", "0", "None", "0.00", "0.00", "None"]


def test_churn_of_few_customers_has_no_percentage() -> None:
    pay((at(1), "10.00"), (at(2), "0.00"))
    assert row_of(revenue_metrics.churn(NOW), "2026-02", "USD") == ["1", "1", "few", "10.00", "10.00", "few"]


def test_a_customer_who_is_back_within_the_month_is_not_lost() -> None:
    pay((at(1), "10.00"), (at(2, 3), "0.00"), (at(2, 20), "10.00"))
    assert row_of(revenue_metrics.churn(NOW), "2026-02", "USD")[:2] == ["1", "0"]


def test_retention_follows_the_customers_of_a_month() -> None:
    for _ in range(7):
        pay((at(11, year=2025), "10.00"))
    pay((at(11, year=2025), "10.00"), (at(12, year=2025), "0.00"), (at(2), "40.00"))
    for _ in range(2):
        pay((at(11, year=2025), "10.00"), (at(1), "0.00"))
    customers, revenue = (row_of(table, "2025-11", "USD") for table in revenue_metrics.retention(NOW))
    assert customers == ["10", "100.00", "90.00", "70.00", "80.00", *["None"] * 9]
    assert revenue == ["10", "100.00", "90.00", "70.00", "110.00", *["None"] * 9]


def test_retention_of_few_customers_is_shown_as_weak() -> None:
    pay((at(1), "10.00"))
    pay((at(1), "10.00"), (at(2), "0.00"))
    customers, revenue = (row_of(table, "2026-01", "USD") for table in revenue_metrics.retention(NOW))
    assert (customers[:3], revenue[:3]) == (["2", "20.00", "1 of 2"], ["2", "20.00", "few"])


def test_retention_reaches_back_for_twelve_months() -> None:
    for begin in (at(1, year=2025), at(2, year=2025), at(3)):
        pay((begin, "10.00"))
    table = revenue_metrics.retention(NOW)[0]
    assert [(row[0], row[4], row[-1]) for row in table.rows] == [("2025-02", "1 of 1", "1 of 1")]


def test_each_table_has_its_picture() -> None:
    for _ in range(10):
        pay((at(1), "10.00"), (at(2, 2), "20.00"))
    pay((at(1), "60.00"), (at(2), "0.00"))
    [*_, january, february, march] = drawn(revenue_metrics.revenue_by_month(NOW))
    assert [(bar.x, bar.width) for bar in january.bars] == [(100, 100)]
    assert [(bar.x, bar.width) for bar in february.bars] == [(100, 62), (63, 37)]
    assert march.bars == []
    [cohort, *_] = drawn(revenue_metrics.retention(NOW)[0])
    assert [cell.opacity for cell in cohort.cells[3:6]] == [None, Decimal("0.45455"), None]


def test_each_table_explains_itself() -> None:
    tables: list[Any] = [
        revenue_metrics.monthly_recurring_revenue(NOW),
        revenue_metrics.revenue_by_month(NOW),
        revenue_metrics.churn(NOW),
        *revenue_metrics.retention(NOW),
    ]
    assert all(len(table.formula) > 40 and len(table.inputs) > 40 for table in tables)
