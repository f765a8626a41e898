"""Progress of a milestone, set by its salaries and by its owner."""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
import time_machine
from rest_framework.test import APIClient

from career.models import CareerMilestone
from dev.factories import MilestoneFactory, ProfileFactory
from tests.conftest import ClientFor
from users.models import User

URL = "/api/v1/career/milestones/"
TODAY, TOMORROW = "2026-11-22", "2026-11-23"
NEW = {"milestone_name": "Raise", "milestone_type": "raise"}


@pytest.fixture(autouse=True)
def noon() -> Iterator[Any]:
    with time_machine.travel("2026-11-22 17:00Z", tick=False) as traveler:
        yield traveler


def patched(client: APIClient, row: Any, **changes: Any) -> dict[str, Any]:
    response = client.patch(f"{URL}{row.pk}/", changes)
    assert response.status_code == 200, response.json()
    return response.json()


def acted(client: APIClient, row: Any, action: str, **body: Any) -> dict[str, Any]:
    response = client.post(f"{URL}{row.pk}/{action}/", body)
    assert response.status_code == 200, response.json()
    return response.json()


def state(found: dict[str, Any]) -> tuple[int, bool, str | None]:
    return found["progress_percentage"], found["is_completed"], found["completion_date"]


@pytest.mark.parametrize(
    ("salary", "progress"),
    [("0.00", 0), ("40000.00", 50), ("63999.99", 79), ("79999.99", 99)],
)
def test_a_new_salary_updates_the_progress_below_100(salary: str, progress: int, as_alice: APIClient, alice: User) -> None:
    row = MilestoneFactory(user=alice)
    assert state(patched(as_alice, row, current_salary=salary)) == (progress, False, None)


@pytest.mark.parametrize("salary", ["80000.00", "95000.00"])
def test_a_salary_that_reaches_the_target_completes_it(salary: str, alice: User, api: ClientFor) -> None:
    ProfileFactory(user=alice, timezone="Pacific/Auckland")
    row = MilestoneFactory(user=alice)
    assert state(patched(api(alice), row, current_salary=salary)) == (100, True, TOMORROW)


def test_a_salary_below_the_target_reopens_it(as_alice: APIClient, alice: User) -> None:
    row = MilestoneFactory(user=alice)
    patched(as_alice, row, current_salary="800000.00")
    assert state(patched(as_alice, row, current_salary="72000.00")) == (90, False, None)


def test_a_higher_target_updates_the_progress_too(as_alice: APIClient, alice: User) -> None:
    row = MilestoneFactory(user=alice)
    assert state(patched(as_alice, row, target_salary="120000.00")) == (50, False, None)


def test_a_milestone_completed_by_its_owner_stays_completed(as_alice: APIClient, alice: User) -> None:
    row = MilestoneFactory(user=alice)
    acted(as_alice, row, "complete")
    assert state(patched(as_alice, row, current_salary="70000.00")) == (100, True, TODAY)


def test_unchanged_salaries_leave_the_progress(as_alice: APIClient, alice: User) -> None:
    row = MilestoneFactory(user=alice, progress_percentage=10)
    assert state(patched(as_alice, row, notes="Talked to Kim", current_salary="60000.00")) == (10, False, None)


def test_an_unknown_salary_leaves_the_progress(as_alice: APIClient, alice: User) -> None:
    row = MilestoneFactory(user=alice, progress_percentage=10)
    assert state(patched(as_alice, row, current_salary=None)) == (10, False, None)


@pytest.mark.parametrize(
    ("salaries", "expected"),
    [
        ({"target_salary": "80000", "current_salary": "60000"}, (75, False, None)),
        ({"target_salary": "80000", "current_salary": "80000"}, (100, True, TODAY)),
        ({"target_salary": "0", "current_salary": "0"}, (100, True, TODAY)),
        ({"target_salary": "80000"}, (0, False, None)),
        ({}, (0, False, None)),
    ],
)
def test_a_new_milestone_has_the_progress_of_its_salary(
    salaries: dict[str, str], expected: tuple[int, bool, str | None], as_alice: APIClient
) -> None:
    response = as_alice.post(URL, NEW | salaries)
    assert response.status_code == 201
    assert state(response.json()) == expected


def test_progress_by_a_percentage(as_alice: APIClient, alice: User) -> None:
    row = MilestoneFactory(user=alice)
    found = acted(as_alice, row, "progress", progress_percentage=30, notes="Two modules done")
    assert (state(found), found["notes"]) == ((30, False, None), "Two modules done")


def test_progress_by_a_salary(as_alice: APIClient, alice: User) -> None:
    row = MilestoneFactory(user=alice, notes="old note")
    found = acted(as_alice, row, "progress", current_salary="80000.00")
    assert (state(found), found["current_salary"], found["notes"]) == ((100, True, TODAY), "80000.00", "old note")


def test_100_percent_is_achieved_and_not_yet_completed(as_alice: APIClient, alice: User) -> None:
    row = MilestoneFactory(user=alice)
    found = acted(as_alice, row, "progress", progress_percentage=100)
    assert (state(found), found["status"]) == ((100, False, None), "achieved")
    found = acted(as_alice, row, "complete")
    assert (state(found), found["status"]) == ((100, True, TODAY), "completed")


def test_less_than_100_percent_reopens_it(as_alice: APIClient, alice: User) -> None:
    row = MilestoneFactory(user=alice)
    acted(as_alice, row, "complete")
    assert state(acted(as_alice, row, "progress", progress_percentage=0)) == (0, False, None)


def test_completing_twice_keeps_the_first_day(as_alice: APIClient, alice: User, noon: Any) -> None:
    row = MilestoneFactory(user=alice)
    acted(as_alice, row, "complete")
    noon.shift(3 * 86_400)
    assert state(acted(as_alice, row, "complete")) == (100, True, TODAY)


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "progress_percentage"),
        ({"notes": "only"}, "progress_percentage"),
        ({"progress_percentage": 10, "current_salary": "1"}, "progress_percentage"),
        ({"progress_percentage": 101}, "progress_percentage"),
        ({"progress_percentage": -1}, "progress_percentage"),
        ({"current_salary": "-0.01"}, "current_salary"),
        ({"current_salary": "NaN"}, "current_salary"),
        ({"is_completed": True, "progress_percentage": 1}, "is_completed"),
    ],
)
def test_bad_progress_is_refused_at_its_field(body: dict[str, Any], field: str, as_alice: APIClient, alice: User) -> None:
    row: Any = MilestoneFactory(user=alice)
    response = as_alice.post(f"{URL}{row.pk}/progress/", body)
    assert response.status_code == 400
    assert {error["attr"] for error in response.json()["errors"]} == {field}


def test_completion_and_progress_can_not_be_set_directly(as_alice: APIClient, alice: User) -> None:
    row = MilestoneFactory(user=alice)
    by_hand = {"is_completed": True, "completion_date": "2026-01-01", "progress_percentage": 99}
    assert state(patched(as_alice, row, **by_hand)) == (75, False, None)


def test_a_stale_progress_is_refused(as_alice: APIClient, alice: User) -> None:
    row: Any = MilestoneFactory(user=alice)
    url = f"{URL}{row.pk}/"
    tag = as_alice.get(url).headers["ETag"]
    patched(as_alice, row, notes="changed meanwhile")
    response = as_alice.post(f"{url}progress/", {"progress_percentage": 5}, headers={"If-Match": tag})
    assert response.status_code == 412


def test_a_name_is_stored_without_its_padding(as_alice: APIClient) -> None:
    assert as_alice.post(URL, NEW | {"milestone_name": "  Raise \n"}).json()["milestone_name"] == "Raise"
    assert as_alice.post(URL, NEW | {"milestone_name": "   "}).status_code == 400


@pytest.mark.parametrize("day", [date.min.isoformat(), "1899-12-31", "2201-01-01", "9999-12-31"])
def test_a_day_outside_of_the_calendar_is_refused(day: str, as_alice: APIClient) -> None:
    response = as_alice.post(URL, NEW | {"target_date": day})
    assert (response.status_code, response.json()["errors"][0]["attr"]) == (400, "target_date")


def test_salaries_of_every_size_keep_their_cents(as_alice: APIClient) -> None:
    found = as_alice.post(URL, NEW | {"target_salary": "9999999999.99", "current_salary": "0.01"}).json()
    assert (found["salary_gap"], found["salary_gap_percentage"]) == ("9999999999.98", "99999999999800.00")
    assert CareerMilestone.objects.get().target_salary == Decimal("9999999999.99")
