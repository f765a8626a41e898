"""Derived values of milestones in Python, SQL, filters and orderings."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
import time_machine
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rest_framework.test import APIClient

from career.models import CareerMilestone
from dev.factories import MilestoneFactory, ProfileFactory
from users.models import User

URL = "/api/v1/career/milestones/"
TODAY = date(2026, 11, 22)
ZONES = ["America/New_York", "Pacific/Kiritimati", "Pacific/Pago_Pago", "Asia/Kathmandu", "Europe/London"]
money = st.none() | st.decimals(0, Decimal("9999999999.99"), places=2) | st.sampled_from([Decimal("0.00"), Decimal("0.01")])


@pytest.fixture(autouse=True)
def noon() -> Iterator[Any]:
    with time_machine.travel("2026-11-22 17:00Z", tick=False) as traveler:
        yield traveler


def milestone(user: User, *, due: int | None = None, **values: Any) -> CareerMilestone:
    """Return a milestone whose target date is `due` days from today."""
    return MilestoneFactory.create(user=user, target_date=None if due is None else TODAY + timedelta(days=due), **values)


DAYS = [
    (None, False, None, None),
    (-1, True, 0, 1),
    (0, False, 0, 0),
    (1, False, 1, 0),
]


@pytest.mark.parametrize(("due", "overdue", "remaining", "over"), DAYS)
def test_days_are_counted_from_the_owners_day(
    due: int | None, overdue: bool, remaining: int | None, over: int | None, alice: User
) -> None:
    row = milestone(alice, due=due)
    assert (row.is_overdue, row.days_remaining, row.days_overdue) == (overdue, remaining, over)


def test_a_day_begins_earlier_in_the_east(alice: User) -> None:
    ProfileFactory(user=alice, timezone="Pacific/Kiritimati")
    assert milestone(alice, due=0).is_overdue


def test_a_completed_milestone_is_never_overdue(alice: User) -> None:
    row = milestone(alice, due=-10, is_completed=True, completion_date=TODAY)
    assert (row.is_overdue, row.days_remaining, row.days_overdue) == (False, 0, 0)
    assert (row.status, row.priority_level) == ("completed", "normal")


GAPS = [
    ("80000.00", "60000.00", "20000.00", "33.33"),
    ("60000.00", "80000.00", "-20000.00", "-25.00"),
    ("80000.00", "80000.00", "0.00", "0.00"),
    ("0.00", "5.00", "-5.00", "-100.00"),
    ("5.00", "0.00", "5.00", None),
    ("1.00", "0.08", "0.92", "1150.00"),
    (None, "5.00", None, None),
    ("5.00", None, None, None),
]


@pytest.mark.parametrize(("target", "current", "gap", "percent"), GAPS)
def test_the_gap_is_exact_and_zero_is_a_salary(
    target: str | None, current: str | None, gap: str | None, percent: str | None
) -> None:
    known = {"target_salary": target and Decimal(target), "current_salary": current and Decimal(current)}
    row = CareerMilestone(**known)
    assert (row.salary_gap and str(row.salary_gap)) == gap or str(row.salary_gap) == gap
    assert (None if row.salary_gap_percentage is None else str(row.salary_gap_percentage)) == percent


STATES = [
    (0, None, "just_started", "normal"),
    (49, None, "just_started", "normal"),
    (50, None, "in_progress", "normal"),
    (74, 31, "in_progress", "normal"),
    (75, 31, "on_track", "medium"),
    (99, 30, "on_track", "high"),
    (100, None, "achieved", "medium"),
    (0, 0, "just_started", "high"),
    (100, -1, "overdue", "critical"),
]


@pytest.mark.parametrize(("progress", "due", "status", "priority"), STATES)
def test_status_and_priority(progress: int, due: int | None, status: str, priority: str, alice: User) -> None:
    row = milestone(alice, due=due, progress_percentage=progress)
    assert (row.status, row.priority_level) == (status, priority)


rows = st.fixed_dictionaries(
    {
        "target_salary": money,
        "current_salary": money,
        "target_date": st.none() | st.dates(TODAY - timedelta(days=40), TODAY + timedelta(days=40)),
        "completion_date": st.none() | st.dates(date(2026, 1, 1), TODAY),
        "progress_percentage": st.integers(0, 100),
    }
)


@pytest.mark.django_db
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    found=st.lists(rows, min_size=1, max_size=20),
    zone=st.sampled_from(ZONES),
    instant=st.datetimes(datetime(2026, 10, 20), datetime(2026, 12, 20), timezones=st.just(UTC)),  # noqa: DTZ001
)
def test_sql_derives_the_same_values(found: list[dict[str, Any]], zone: str, instant: datetime, alice: User, noon: Any) -> None:
    CareerMilestone.objects.all().delete()
    profile = getattr(alice, "profile", None) or ProfileFactory(user=alice)
    type(profile).objects.filter(pk=profile.pk).update(timezone=zone)
    CareerMilestone.objects.bulk_create(
        [MilestoneFactory.build(user=alice, is_completed=bool(values["completion_date"]), **values) for values in found]
    )
    noon.move_to(instant)
    stored = CareerMilestone.objects.select_related("user__profile").order_by("pk")
    in_sql = stored.values_list(*CareerMilestone.sql_derived().values())
    in_python = [tuple(getattr(row, name) for name in CareerMilestone.derived) for row in stored]
    assert [as_texts(row) for row in in_sql] == [as_texts(row) for row in in_python]


def as_texts(row: tuple[Any, ...]) -> list[str]:
    """Return the values with their scale: 5 and 5.00 differ here."""
    return [repr(value) for value in row]


def test_lists_are_filtered_and_sorted_by_derived_values(as_alice: APIClient, alice: User) -> None:
    late = milestone(alice, due=-3, target_salary=Decimal(90000))
    soon = milestone(alice, due=12, target_salary=None)
    done = milestone(alice, due=-3, is_completed=True, completion_date=TODAY, progress_percentage=100)
    shown = lambda **query: [row["id"] for row in as_alice.get(URL, query).json()["results"]]  # noqa: E731
    assert shown(is_overdue="true") == shown(status="overdue") == shown(priority_level="critical") == [str(late.pk)]
    assert shown(status__in="completed,overdue", ordering="created_at") == [str(late.pk), str(done.pk)]
    assert shown(days_remaining__gte=1) == [str(soon.pk)]
    assert shown(days_overdue__gte=1) == [str(late.pk)]
    assert shown(salary_gap__gte="20000.01") == [str(late.pk)]
    assert shown(salary_gap_percentage__lte="33.33") == [str(done.pk)]
    assert shown(ordering="-salary_gap") == [str(late.pk), str(done.pk), str(soon.pk)]


@pytest.mark.parametrize("query", [{"status": "late"}, {"priority_level__in": "high,urgent"}, {"days_remaining__gte": "soon"}])
def test_an_invalid_filter_value_is_refused(query: dict[str, str], as_alice: APIClient) -> None:
    response = as_alice.get(URL, query)
    assert response.status_code == 400
    assert {error["attr"] for error in response.json()["errors"]} == set(query)


def test_pages_include_rows_with_unknown_derived_values(as_alice: APIClient, alice: User) -> None:
    rows = [milestone(alice, due=due) for due in (5, None, 9, None, 1)]
    first = as_alice.get(URL, {"ordering": "days_remaining", "limit": 2}).json()
    second = as_alice.get(first["next"]).json()
    third = as_alice.get(second["next"]).json()
    seen = [row["id"] for page in (first, second, third) for row in page["results"]]
    assert seen == [str(rows[place].pk) for place in (4, 0, 2, 1, 3)]
    assert third["next"] is None
