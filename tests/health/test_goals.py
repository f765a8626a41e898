"""Goals: progress in both directions, states, and due dates in the user's time zone."""

from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
import time_machine
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase
from rest_framework.test import APIClient

from core import rls
from dev.factories import GoalFactory, ProfileFactory, UserFactory
from health.models import HealthGoal
from health.progress import percent
from tests.conftest import ClientFor
from users.models import User

URL = "/api/v1/health/goals/"
D = Decimal
amounts = st.none() | st.decimals(-1000, 1000, places=2)


@pytest.mark.parametrize(
    ("start", "current", "target", "done"),
    [
        (D(8), D("5.5"), D(3), 50),  # stress goes down
        (None, D(5), D(20), 25),
        (D(0), D(0), D(20), 0),
        (D(0), D("19.99"), D(20), 99),
        (D(0), D(20), D(20), 100),
        (D(0), D(25), D(20), 100),
        (D(8), D(9), D(3), 0),
        (D(-5), D(0), D(5), 50),
        (D(1), D("1.03"), D("4"), 1),
        (D(8), D(8), D(8), 100),
        (D(8), D(7), D(8), 0),
        (None, D(0), D(0), 100),
        (D(8), None, D(3), 0),
        (D(8), D(5), None, 0),
    ],
)
def test_progress_is_measured_from_start_to_target(start: D | None, current: D | None, target: D | None, done: int) -> None:
    assert percent(start=start, current=current, target=target) == done


@given(start=amounts, current=amounts, target=amounts)
@settings(max_examples=60, deadline=None)
def test_progress_stays_within_its_bounds(start: D | None, current: D | None, target: D | None) -> None:
    assert 0 <= percent(start=start, current=current, target=target) <= 100


def new(client: APIClient, **fields: Any) -> dict[str, Any]:
    response = client.post(URL, {"goal_name": "Calm", "goal_type": "stress", **fields})
    assert response.status_code == 201, response.json()
    return dict(response.json())


def test_a_goals_progress_is_computed_on_creation(as_alice: APIClient) -> None:
    created = new(as_alice, start_value="8", current_value="5.5", target_value="3")
    assert (created["progress_percentage"], created["status"]) == (50, "in_progress")


@pytest.mark.parametrize(
    ("change", "done"),
    [
        ({"current_value": "4"}, 80),
        ({"start_value": "6"}, 16),
        ({"target_value": "5.5"}, 100),
        ({"current_value": None}, 0),
        ({"goal_name": "Calmer"}, 50),
    ],
)
def test_changing_a_value_updates_the_progress(change: dict[str, Any], done: int, as_alice: APIClient) -> None:
    created = new(as_alice, start_value="8", current_value="5.5", target_value="3")
    assert as_alice.patch(f"{URL}{created['id']}/", change).json()["progress_percentage"] == done
    assert as_alice.get(f"{URL}{created['id']}/").json()["progress_percentage"] == done


def test_a_partial_save_stores_the_progress(alice: User) -> None:
    goal = GoalFactory(user=alice)
    goal.current_value = D(3)
    goal.save(update_fields=["current_value"])
    goal.refresh_from_db()
    assert goal.progress_percentage == 100


def test_a_goal_created_with_texts_has_its_progress(alice: User) -> None:
    goal = GoalFactory(user=alice, start_value="8", current_value="5.5", target_value="3")
    assert goal.progress_percentage == 50


def test_progress_is_recorded_by_an_action(as_alice: APIClient) -> None:
    created = new(as_alice, start_value="8", target_value="3", notes="before")
    first = as_alice.post(f"{URL}{created['id']}/progress/", {"current_value": "4"}).json()
    second = as_alice.post(f"{URL}{created['id']}/progress/", {"current_value": "3.5", "notes": "better"}).json()
    assert (first["progress_percentage"], first["status"], first["notes"]) == (80, "on_track", "before")
    assert (second["current_value"], second["progress_percentage"], second["notes"]) == ("3.50", 90, "better")


@pytest.mark.parametrize(
    "body", [{}, {"current_value": None}, {"current_value": "NaN"}, {"current_value": "100000000"}, {"x": 1}]
)
def test_progress_needs_a_number(body: dict[str, Any], as_alice: APIClient) -> None:
    created = new(as_alice)
    assert as_alice.post(f"{URL}{created['id']}/progress/", body).status_code == 400


def test_completion_takes_the_users_current_date(alice: User, api: ClientFor) -> None:
    ProfileFactory(user=alice, timezone="Pacific/Kiritimati")
    goal = GoalFactory(user=alice)
    with time_machine.travel("2026-03-01 12:00Z", tick=False):
        done = api(alice).post(f"{URL}{goal.pk}/complete/").json()
    shown = (done["is_completed"], done["completion_date"], done["progress_percentage"], done["status"])
    assert shown == (True, "2026-03-02", 100, "completed")


def test_completing_twice_keeps_the_first_date(alice: User) -> None:
    goal = GoalFactory(user=alice, is_completed=True, completion_date=date(2026, 1, 5))
    goal.complete()
    assert goal.completion_date == date(2026, 1, 5)


def test_a_completed_goal_stays_at_100_percent(as_alice: APIClient) -> None:
    created = new(as_alice, start_value="8", target_value="3")
    as_alice.post(f"{URL}{created['id']}/complete/")
    assert as_alice.patch(f"{URL}{created['id']}/", {"current_value": "8"}).json()["progress_percentage"] == 100


def test_a_reopened_goal_has_its_progress_again(alice: User) -> None:
    goal = GoalFactory(user=alice, is_completed=True, completion_date=date(2026, 1, 5))
    goal.reopen()
    assert (goal.is_completed, goal.completion_date, goal.progress_percentage) == (False, None, 50)


@pytest.mark.parametrize("field", ["is_completed", "completion_date", "progress_percentage", "status"])
def test_computed_fields_are_read_only(field: str, as_alice: APIClient) -> None:
    created = new(as_alice, **{field: {"completion_date": "2026-03-01", "progress_percentage": 70}.get(field, True)})
    assert (created["is_completed"], created["completion_date"], created["progress_percentage"]) == (False, None, 0)


def found(client: APIClient, **query: str) -> set[str]:
    response = client.get(URL, query)
    assert response.status_code == 200, response.json()
    return {row["goal_name"] for row in response.json()["results"]}


def test_lists_are_filtered_by_state(as_alice: APIClient, alice: User) -> None:
    today = alice_today(alice)
    GoalFactory(user=alice, goal_name="late", target_date=today - timedelta(days=1))
    GoalFactory(user=alice, goal_name="due", target_date=today)
    GoalFactory(user=alice, goal_name="new", current_value=D(8), target_date=today + timedelta(days=9))
    GoalFactory(user=alice, goal_name="there", current_value=D(3))
    GoalFactory(user=alice, goal_name="done", is_completed=True, completion_date=today, target_date=today - timedelta(days=3))
    assert found(as_alice, is_overdue="true") == {"late"}
    assert found(as_alice, status="overdue") == {"late"}
    assert found(as_alice, status__in="achieved,completed") == {"there", "done"}
    assert found(as_alice, status="just_started") == {"new"}
    assert found(as_alice, days_remaining__gte="1") == {"new"}
    assert found(as_alice, days_remaining__lte="0") == {"late", "due", "done"}
    assert found(as_alice, days_remaining__isnull="true") == {"there"}


def alice_today(user: User) -> date:
    return HealthGoal(user=user).today()


def test_lists_are_sorted_by_days_remaining_with_nulls_last(as_alice: APIClient, alice: User) -> None:
    GoalFactory(user=alice, goal_name="open")
    GoalFactory(user=alice, goal_name="far", target_date=alice_today(alice) + timedelta(days=90))
    GoalFactory(user=alice, goal_name="near", target_date=alice_today(alice) + timedelta(days=2))
    rows = as_alice.get(URL, {"ordering": "days_remaining"}).json()["results"]
    assert [row["goal_name"] for row in rows] == ["near", "far", "open"]


goals = st.fixed_dictionaries(
    {
        "progress_percentage": st.integers(0, 100) | st.sampled_from([49, 50, 74, 75, 99, 100]),
        "target_date": st.none() | st.dates(date(2026, 2, 25), date(2026, 3, 5)),
        "completion_date": st.none() | st.just(date(2026, 2, 20)),
    }
)
zones = st.sampled_from(["Pacific/Kiritimati", "America/New_York", "Europe/Rome", "Pacific/Pago_Pago", "UTC"])
instants = st.datetimes(datetime(2026, 2, 28), datetime(2026, 3, 2)).map(lambda found: found.isoformat() + "Z")  # noqa: DTZ001


class SqlEqualsPython(TestCase):
    def setUp(self) -> None:
        self.enterContext(rls.as_staff())

    @given(drawn=st.lists(goals, min_size=1, max_size=20), zone=st.none() | zones, instant=instants)
    @settings(max_examples=40, deadline=None)
    def test_state_and_days(self, drawn: list[dict[str, Any]], zone: str | None, instant: str) -> None:
        user = UserFactory.create()
        profiles = [ProfileFactory(user=user, timezone=zone)] if zone else []
        rows = [
            HealthGoal(user=user, goal_name="x", goal_type="mood", is_completed=goal["completion_date"] is not None, **goal)
            for goal in drawn
        ]
        HealthGoal.objects.bulk_create(rows)
        with time_machine.travel(instant, tick=False):
            in_sql = list(HealthGoal.objects.for_user(user).order_by("pk").values_list(*HealthGoal.sql_derived().values()))
            in_python = [(row.is_overdue, row.days_remaining, row.status) for row in rows]
        assert in_sql == in_python
        assert len(profiles) == bool(zone)
