"""Days of a recurring series, against published examples and ten years of dateutil's rrule for every frequency."""

from datetime import date, timedelta
from functools import cache

import pytest
from dateutil import rrule
from hypothesis import given, settings
from hypothesis import strategies as st

from finance import recurrence
from finance.models.due_series import DueFrequency

D = date.fromisoformat
START = date(2024, 1, 1)
TWO_YEARS = [START + timedelta(days=number) for number in range(731)]
TEN_YEARS = timedelta(days=3653)
END = TWO_YEARS[-1] + TEN_YEARS
WEEKS = {"weekly": 1, "biweekly": 2}
MONTHS = {"monthly": 1, "quarterly": 3, "yearly": 12}
DAYS = st.dates(date(1900, 1, 1), date(2200, 12, 31))

GOLDEN = [
    ("weekly", "2025-01-28", ["2025-02-04"]),
    ("biweekly", "2025-01-20", ["2025-02-03"]),
    ("monthly", "2025-12-15", ["2026-01-15"]),
    ("monthly", "2025-01-31", ["2025-02-28", "2025-03-31"]),
    ("quarterly", "2025-11-30", ["2026-02-28", "2026-05-30"]),
    ("yearly", "2024-02-29", ["2025-02-28", "2026-02-28", "2027-02-28", "2028-02-29"]),
    ("semimonthly", "2025-01-01", ["2025-01-15", "2025-02-01", "2025-02-15"]),
    ("semimonthly", "2025-01-15", ["2025-01-31", "2025-02-15", "2025-02-28", "2025-03-15", "2025-03-31"]),
    ("semimonthly", "2025-01-31", ["2025-02-15", "2025-02-28", "2025-03-15", "2025-03-31"]),
    ("semimonthly", "2025-01-05", ["2025-01-20", "2025-02-05", "2025-02-20"]),
    ("semimonthly", "2025-01-20", ["2025-02-05", "2025-02-20", "2025-03-05"]),
    ("semimonthly", "2025-01-30", ["2025-02-15", "2025-02-28", "2025-03-15", "2025-03-30"]),
]


def by_rrule(anchor: date, frequency: str, end: date) -> list[date]:
    """Return the series by rrule, as the last existing of several days of the month."""
    if frequency in WEEKS:
        period = 7 * WEEKS[frequency]
        whole = weekly(START + (anchor - START) % timedelta(days=period), WEEKS[frequency])
    else:
        interval = MONTHS.get(frequency, 1)
        first = date(START.year, (anchor.month - 1) % interval + 1, 1)
        days = semimonthly(anchor.day) if frequency == "semimonthly" else [anchor.day]
        whole = sorted(day for number in days for day in on_day_of_month(first, number, interval))
    return [day for day in whole if anchor <= day <= end]


@cache
def weekly(first: date, interval: int) -> list[date]:
    """Return the series of every anchor with this weekday, or of every second one."""
    return [day.date() for day in rrule.rrule(rrule.WEEKLY, interval=interval, dtstart=first, until=END)]


@cache
def on_day_of_month(first: date, number: int, interval: int) -> list[date]:
    """Return the series of every anchor with this day, in any month that the series includes."""
    shorter = range(min(number, 28), number + 1)
    rule = rrule.rrule(rrule.MONTHLY, interval=interval, dtstart=first, until=END, bymonthday=shorter, bysetpos=-1)
    return [day.date() for day in rule]


def semimonthly(day: int) -> list[int]:
    special = {1: [1, 15], 15: [15, 31], 31: [15, 31]}
    return special.get(day, [day, day + 15 if day < 15 else day - 15])


def occurrences(anchor: date, frequency: str, start: date, end: date) -> list[date]:
    return list(recurrence.occurrences(anchor, frequency, start, end))


@pytest.mark.parametrize(("frequency", "anchor", "following"), GOLDEN)
def test_the_published_examples(frequency: str, anchor: str, following: list[str]) -> None:
    expected = [D(anchor), *map(D, following)]
    assert occurrences(D(anchor), frequency, D(anchor), expected[-1]) == expected
    assert recurrence.next_after(D(anchor), frequency, expected[-2]) == expected[-1]


@pytest.mark.parametrize("frequency", recurrence.FREQUENCIES)
def test_ten_years_from_every_day_of_two_years_match_rrule(frequency: str) -> None:
    ours = [occurrences(day, frequency, day, day + TEN_YEARS) for day in TWO_YEARS]
    theirs = [by_rrule(day, frequency, day + TEN_YEARS) for day in TWO_YEARS]
    assert ours == theirs


@given(anchor=DAYS, frequency=st.sampled_from(recurrence.FREQUENCIES), start=DAYS, length=st.integers(0, 800))
@settings(max_examples=200, deadline=None)
def test_a_range_of_a_series_is_a_part_of_the_whole(anchor: date, frequency: str, start: date, length: int) -> None:
    end = start + timedelta(days=length)
    whole = occurrences(anchor, frequency, anchor, end)
    assert occurrences(anchor, frequency, start, end) == [day for day in whole if day >= start]


@given(anchor=DAYS, frequency=st.sampled_from(recurrence.FREQUENCIES), day=DAYS)
@settings(max_examples=200, deadline=None)
def test_the_next_day_is_the_first_one_after_the_given_day(anchor: date, frequency: str, day: date) -> None:
    upcoming = recurrence.next_after(anchor, frequency, day)
    assert upcoming > day
    assert upcoming in recurrence.occurrences(anchor, frequency, upcoming, upcoming)
    assert occurrences(anchor, frequency, day + timedelta(days=1), upcoming) == [upcoming]


def test_nothing_precedes_the_anchor_or_fits_an_empty_range() -> None:
    assert occurrences(D("2026-03-31"), "monthly", D("2020-01-01"), D("2026-03-30")) == []
    assert occurrences(D("2026-03-31"), "monthly", D("2026-05-01"), D("2026-04-01")) == []


def test_the_last_representable_date_is_no_error() -> None:
    assert occurrences(D("9999-12-25"), "weekly", D("9999-01-01"), date.max) == [D("9999-12-25")]
    assert occurrences(D("2000-01-31"), "yearly", D("9998-06-01"), date.max) == [D("9999-01-31")]


def test_the_work_does_not_grow_with_the_years_since_the_anchor() -> None:
    candidates = list(recurrence._near(D("1900-01-31"), "weekly", D("2200-01-01"), D("2200-01-31")))
    assert len(candidates) <= 6


def test_an_unknown_frequency_is_named() -> None:
    with pytest.raises(ValueError, match="'daily' is not one of weekly"):
        occurrences(D("2026-01-01"), "daily", D("2026-01-01"), D("2026-02-01"))


def test_the_choices_of_the_models_are_the_frequencies() -> None:
    assert tuple(DueFrequency.values) == recurrence.FREQUENCIES
