"""The recurring revenue that follows from charges: spans, ends, gaps, several subscriptions and currencies."""

import random
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from billing.revenue import Charge, ChargedSubscription, movements_of

NOW = datetime(2026, 12, 1, tzinfo=UTC)


def day(month: int, number: int = 1) -> datetime:
    return datetime(2026, month, number, tzinfo=UTC)


def charge(start: datetime, end: datetime, annual: int | None = 120, price: str = "basic", **more: Any) -> Charge:
    return Charge(price, start, end, None if annual is None else Decimal(annual), **more)


def subscription(*charges: Charge, key: str = "sub_1", status: str = "canceled", **more: Any) -> ChargedSubscription:
    facts = {"currency": "USD", "ended_at": day(11), "period_end": None} | more
    return ChargedSubscription(key=key, status=status, charges=charges, **facts)


def shown(*subscriptions: ChargedSubscription, now: datetime = NOW) -> list[str]:
    found = movements_of(subscriptions, now=now)
    return [f"{one.happened_at:%m-%d} {one.kind} {one.annual_before} {one.annual_after} {one.currency}" for one in found]


@pytest.mark.parametrize(
    ("status", "more", "end"),
    [
        ("canceled", {"ended_at": day(3)}, ["03-01 churn 120 0 USD"]),
        ("canceled", {"ended_at": day(1, 20)}, ["01-20 churn 120 0 USD"]),
        ("active", {"ended_at": None, "period_end": day(3)}, []),
        ("past_due", {"ended_at": None, "period_end": day(3)}, []),
        ("active", {"ended_at": None, "period_end": day(4)}, ["03-01 churn 120 0 USD"]),  # the present period is not charged
        ("active", {"ended_at": None, "period_end": day(3), "is_collection_paused": True}, ["03-01 churn 120 0 USD"]),
        ("unpaid", {"ended_at": None, "period_end": day(4)}, ["03-01 churn 120 0 USD"]),
        ("paused", {"ended_at": None, "period_end": day(2, 10)}, ["02-10 churn 120 0 USD"]),
    ],
)
def test_the_status_decides_when_revenue_ends(status: str, more: dict[str, Any], end: list[str]) -> None:
    months = charge(day(1), day(2)), charge(day(2), day(3))
    assert shown(subscription(*months, status=status, **more)) == ["01-01 new 0 120 USD", *end]


def test_what_happens_later_is_no_movement_yet() -> None:
    row = subscription(charge(day(1), day(3)), ended_at=day(3))
    assert shown(row, now=day(2)) == ["01-01 new 0 120 USD"]


def test_an_unpaid_renewal_counts_only_after_revenue() -> None:
    late = {"is_paid": False}
    renewed = subscription(
        charge(day(1), day(2)), charge(day(2), day(3), **late), status="past_due", ended_at=None, period_end=day(3)
    )
    first = subscription(
        charge(day(1), day(2), 0), charge(day(2), day(3), **late), status="past_due", ended_at=None, period_end=day(3)
    )
    after_a_gap = subscription(
        charge(day(1), day(2)), charge(day(3), day(4), **late), status="past_due", ended_at=None, period_end=day(4)
    )
    assert shown(renewed) == ["01-01 new 0 120 USD"]
    assert shown(first) == []
    assert shown(after_a_gap) == ["01-01 new 0 120 USD", "02-01 churn 120 0 USD"]


def test_an_unpaid_renewal_of_an_ended_subscription_does_not_count() -> None:
    row = subscription(charge(day(1), day(2)), charge(day(2), day(3), is_paid=False), ended_at=day(2, 14))
    assert shown(row) == ["01-01 new 0 120 USD", "02-01 churn 120 0 USD"]


def test_several_changes_within_a_period_are_followed() -> None:
    row = subscription(
        charge(day(1), day(2)),
        charge(day(1, 10), day(2), None),
        charge(day(1, 10), day(2), 360, "plus"),
        charge(day(1, 20), day(2), None, "plus"),
        charge(day(1, 20), day(2), 60, "mini"),
        charge(day(2), day(3), 60, "mini"),
    )
    steps = ["01-10 expansion 120 360 USD", "01-20 contraction 360 60 USD", "03-01 churn 60 0 USD"]
    assert shown(row) == ["01-01 new 0 120 USD", *steps]


def test_items_of_a_subscription_are_added() -> None:
    row = subscription(charge(day(1), day(6)), charge(day(1), day(3), 60, "seats"), ended_at=day(6))
    assert shown(row) == ["01-01 new 0 180 USD", "03-01 contraction 180 120 USD", "06-01 churn 120 0 USD"]


def test_a_second_subscription_counts_only_when_the_first_does_not() -> None:
    first = subscription(charge(day(1), day(3)), ended_at=day(2, 10))
    second = subscription(charge(day(1, 2), day(2, 2), 360), charge(day(2, 2), day(3, 2), 360), key="sub_2", ended_at=day(3, 2))
    expected = ["01-01 new 0 120 USD", "02-10 expansion 120 360 USD", "03-02 churn 360 0 USD"]
    assert shown(first, second) == shown(second, first) == expected


def test_a_second_purchase_in_a_trial_does_not_count() -> None:
    trial = subscription(charge(day(1), day(2), 0), charge(day(2), day(3)), ended_at=day(3))
    second = subscription(charge(day(1, 2), day(2, 2), 360), key="sub_2", ended_at=day(1, 3))
    assert shown(trial, second) == ["02-01 new 0 120 USD", "03-01 churn 120 0 USD"]


@pytest.mark.parametrize(
    ("returns", "movements"),
    [
        (day(2) + timedelta(hours=23), ["02-01 expansion 120 360 USD"]),
        (day(2, 2), ["02-01 churn 120 0 USD", "02-02 reactivation 0 360 USD"]),
    ],
)
def test_a_gap_of_less_than_a_day_is_no_churn(returns: datetime, movements: list[str]) -> None:
    first = subscription(charge(day(1), day(2)), ended_at=day(2))
    second = subscription(charge(returns, day(3), 360), key="sub_2", status="active", ended_at=None, period_end=day(3))
    found = [entry.replace("02-01 expansion", f"{returns:%m-%d} expansion") for entry in movements]
    assert shown(first, second) == ["01-01 new 0 120 USD", *found]


def test_another_currency_is_churn_and_a_reactivation() -> None:
    dollars = subscription(charge(day(1), day(2)), ended_at=day(2))
    euros = subscription(charge(day(2), day(3), 99), key="sub_2", currency="EUR", ended_at=day(3))
    change = ["02-01 churn 120 0 USD", "02-01 reactivation 0 99 EUR"]
    assert shown(dollars, euros) == ["01-01 new 0 120 USD", *change, "03-01 churn 99 0 EUR"]


@pytest.mark.parametrize("seed", range(20))
def test_the_order_of_charges_does_not_matter_and_changes_add_up(seed: int) -> None:
    chance = random.Random(seed)
    charges = [charge(day(month), day(month + 1), chance.choice((0, 120, 360)), price=f"{month % 2}") for month in range(1, 8)]
    charges += [charge(day(month, 9), day(month + 1), None, price=f"{month % 2}") for month in chance.sample(range(1, 8), 3)]
    rows = [subscription(*charges), subscription(charge(day(5, 3), day(9), 999), key="sub_2", ended_at=day(9))]
    expected = movements_of(rows, now=NOW)
    chance.shuffle(charges)
    assert movements_of([rows[1], subscription(*charges)], now=NOW) == expected
    amounts = [Decimal(0), *(one.annual_after for one in expected)]
    assert [one.annual_before for one in expected] == amounts[:-1]
    assert len({(one.currency, one.happened_at) for one in expected}) == len(expected)
