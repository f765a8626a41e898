"""Occurrences of recurring dates, which keep the day of the first one, in Python and SQL."""

from datetime import date, timedelta

import pytest
from django.db import connection
from hypothesis import given, settings
from hypothesis import strategies as st

from system.occurrences import months_later, next_occurrence

PATTERNS = ["", "daily", "weekly", "monthly", "yearly"]
DAYS = st.dates(date(1900, 1, 1), date(2200, 12, 31))


@pytest.mark.parametrize(
    ("first", "pattern", "day", "coming"),
    [
        ("2026-01-31", "monthly", "2026-02-01", "2026-02-28"),
        ("2026-01-31", "monthly", "2026-03-01", "2026-03-31"),
        ("2026-01-31", "monthly", "2026-04-30", "2026-04-30"),
        ("2027-12-31", "monthly", "2028-02-28", "2028-02-29"),
        ("2024-02-29", "yearly", "2025-01-01", "2025-02-28"),
        ("2024-02-29", "yearly", "2025-03-01", "2026-02-28"),
        ("2024-02-29", "yearly", "2028-01-01", "2028-02-29"),
        ("2020-06-15", "yearly", "2026-06-15", "2026-06-15"),
        ("2020-06-15", "yearly", "2026-06-16", "2027-06-15"),
        ("2026-03-02", "weekly", "2026-03-09", "2026-03-09"),
        ("2026-03-02", "weekly", "2026-03-10", "2026-03-16"),
        ("2026-03-02", "daily", "2026-08-30", "2026-08-30"),
        ("2026-03-02", "daily", "2026-03-01", "2026-03-02"),
        ("2026-03-02", "", "2026-03-02", "2026-03-02"),
        ("2026-03-02", "", "2026-03-03", None),
    ],
)
def test_the_next_occurrence(first: str, pattern: str, day: str, coming: str | None) -> None:
    found = next_occurrence(date.fromisoformat(first), pattern, date.fromisoformat(day))
    assert found == (coming and date.fromisoformat(coming))


@given(first=DAYS, day=DAYS, step=st.sampled_from([1, 12]))
def test_it_is_the_first_occurrence_from_the_given_day(first: date, day: date, step: int) -> None:
    following = (months_later(first, step * number) for number in range(12 * 301))
    pattern = {1: "monthly", 12: "yearly"}[step]
    assert next_occurrence(first, pattern, day) == next(found for found in following if found >= day)


@given(first=DAYS, ahead=st.integers(0, 4000))
def test_weeks_keep_the_weekday(first: date, ahead: int) -> None:
    day = first + timedelta(days=ahead)
    found = next_occurrence(first, "weekly", day)
    assert found is not None
    assert found.weekday() == first.weekday()
    assert 0 <= (found - day).days < 7


@pytest.mark.django_db
@settings(max_examples=10, deadline=None)
@given(rows=st.lists(st.tuples(DAYS, st.sampled_from(PATTERNS), DAYS), min_size=200, max_size=200))
def test_sql_equals_python(rows: list[tuple[date, str, date]]) -> None:
    firsts, patterns, days = (list(column) for column in zip(*rows, strict=True))
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT system_next_occurrence(first, pattern, day)"
            " FROM unnest(%s::date[], %s::text[], %s::date[]) WITH ORDINALITY AS row (first, pattern, day, number)"
            " ORDER BY number",
            [firsts, patterns, days],
        )
        assert [found for (found,) in cursor.fetchall()] == [next_occurrence(*row) for row in rows]
