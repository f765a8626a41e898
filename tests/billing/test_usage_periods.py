"""The usage period: the billing month, or else the calendar month."""

from datetime import UTC, datetime, timedelta

import pytest

from billing.usage_periods import UsagePeriod, usage_period


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def test_without_a_billing_period_it_is_the_month_in_utc() -> None:
    assert usage_period(at("2026-03-31T23:59:59")) == UsagePeriod(at("2026-03-01"), at("2026-04-01"))
    assert usage_period(at("2026-04-01")) == UsagePeriod(at("2026-04-01"), at("2026-05-01"))


def test_a_monthly_billing_period_is_the_month() -> None:
    period = at("2026-02-28T09:00"), at("2026-03-31T09:00")
    assert usage_period(at("2026-03-30"), *period) == UsagePeriod(*period)


YEAR = at("2025-01-31T09:00"), at("2026-01-31T09:00")


@pytest.mark.parametrize(
    ("now", "begins", "ends"),
    [
        ("2025-01-31T09:00", "2025-01-31T09:00", "2025-02-28T09:00"),
        ("2025-02-28T08:59", "2025-01-31T09:00", "2025-02-28T09:00"),
        ("2025-02-28T09:00", "2025-02-28T09:00", "2025-03-31T09:00"),
        ("2025-04-01T00:00", "2025-03-31T09:00", "2025-04-30T09:00"),
        ("2026-01-31T08:59", "2025-12-31T09:00", "2026-01-31T09:00"),
    ],
)
def test_a_yearly_period_is_divided_into_months(now: str, begins: str, ends: str) -> None:
    assert usage_period(at(now), *YEAR) == UsagePeriod(at(begins), at(ends))


def test_an_expired_period_continues_by_months() -> None:
    period = at("2026-01-10"), at("2026-02-10")
    assert usage_period(at("2026-03-15"), *period) == UsagePeriod(at("2026-03-10"), at("2026-04-10"))


def test_a_future_period_is_counted_backwards() -> None:
    assert usage_period(at("2026-01-05"), at("2026-03-10"), at("2026-04-10")).begins == at("2025-12-10")


def test_a_period_without_an_end_is_counted_from_its_start() -> None:
    assert usage_period(at("2026-03-15"), at("2026-01-20")).begins == at("2026-02-20")


def test_one_month_ends_where_the_next_begins() -> None:
    first = usage_period(at("2025-02-10"), *YEAR)
    assert usage_period(first.ends, *YEAR).begins == first.ends
    assert usage_period(first.ends - timedelta(microseconds=1), *YEAR) == first
