"""Check-ins in the API: one a day, none in the future, and lists of texts."""

from datetime import date, timedelta
from typing import Any

import pytest
import time_machine
from django.db import IntegrityError, transaction
from rest_framework.test import APIClient

from core import clock
from dev.factories import CheckinFactory, ProfileFactory
from health.models import UserHealthCheckin
from tests.conftest import ClientFor
from users.models import User

URL = "/api/v1/health/checkins/"

BAD: list[tuple[str, Any]] = [
    ("checkin_date", "2199-01-01"),
    ("checkin_date", "1899-12-31"),
    ("checkin_date", None),
    ("mood_score", 0),
    ("mood_score", 11),
    ("stress_level", 0),
    ("stress_level", 7.5),
    ("sleep_hours", "-0.1"),
    ("sleep_hours", "24.1"),
    ("sleep_hours", "7.25"),
    ("sleep_hours", "NaN"),
    ("sleep_hours", "Infinity"),
    ("exercise_minutes", 1441),
    ("water_intake_oz", -1),
    ("water_intake_oz", 2**31),
    ("medication_taken", "perhaps"),
    ("symptoms", {}),
    ("symptoms", "cough"),
    ("symptoms", [1]),
    ("symptoms", [""]),
    ("symptoms", ["cough", " "]),
    ("symptoms", [["cough"]]),
    ("symptoms", [None]),
    ("wellness_activities", ["\u00a0"]),
]


@pytest.mark.parametrize(("field", "value"), BAD)
def test_an_invalid_value_is_refused_at_its_field(field: str, value: Any, as_alice: APIClient) -> None:
    response = as_alice.post(URL, {"checkin_date": "2026-03-01", field: value})
    assert response.status_code == 400
    assert {error["attr"].split(".")[0] for error in response.json()["errors"]} == {field}
    assert not UserHealthCheckin.objects.exists()


@pytest.mark.parametrize("items", [[1], [""], [" \t\n"], ["\u00a0"], ["\u3000\u2028"], [["cough"]], [[]], [{}], [None], [True]])
def test_the_database_refuses_items_that_are_no_texts(items: Any, alice: User) -> None:
    row = CheckinFactory(user=alice)
    with pytest.raises(IntegrityError) as refused, transaction.atomic():
        UserHealthCheckin.objects.filter(pk=row.pk).update(symptoms=["cough", *items])
    assert "symptoms_texts" in str(refused.value)


@pytest.mark.parametrize("items", [[], ["cough"], [" cough "], ["头痛"], ["a\nb"], ["-"]])
def test_texts_are_accepted(items: list[str], as_alice: APIClient) -> None:
    response = as_alice.post(URL, {"checkin_date": "2026-03-01", "symptoms": items})
    assert (response.status_code, response.json().get("symptoms")) == (201, items)


def test_zero_is_a_value_and_unsent_fields_are_null(as_alice: APIClient) -> None:
    body = {"checkin_date": "2026-03-01", "sleep_hours": "0", "exercise_minutes": 0, "medication_taken": False}
    created = as_alice.post(URL, body).json()
    assert (created["sleep_hours"], created["exercise_minutes"], created["medication_taken"]) == ("0.0", 0, False)
    assert (created["mood_score"], created["water_intake_oz"]) == (None, None)


def test_a_second_check_in_on_a_day_is_refused_at_the_day(as_alice: APIClient) -> None:
    as_alice.post(URL, {"checkin_date": "2026-03-01", "mood_score": 5})
    response = as_alice.post(URL, {"checkin_date": "2026-03-01", "mood_score": 6})
    [error] = response.json()["errors"]
    assert (response.status_code, error["attr"], error["code"]) == (400, "checkin_date", "unique")


def test_two_users_may_check_in_on_one_day(as_alice: APIClient, bob: User, api: ClientFor) -> None:
    assert as_alice.post(URL, {"checkin_date": "2026-03-01"}).status_code == 201
    assert api(bob).post(URL, {"checkin_date": "2026-03-01"}).status_code == 201


@pytest.mark.parametrize(
    ("zone", "day", "status"),
    [
        ("Pacific/Kiritimati", "2026-03-02", 201),
        ("Pacific/Kiritimati", "2026-03-03", 400),
        ("America/New_York", "2026-03-01", 201),
        ("America/New_York", "2026-03-02", 400),
        ("Pacific/Pago_Pago", "2026-03-01", 201),
    ],
)
def test_the_future_begins_in_the_users_time_zone(zone: str, day: str, status: int, alice: User, api: ClientFor) -> None:
    ProfileFactory(user=alice, timezone=zone)
    with time_machine.travel("2026-03-01 12:00Z", tick=False):
        assert api(alice).post(URL, {"checkin_date": day}).status_code == status


def test_the_database_refuses_dates_after_tomorrow(alice: User) -> None:
    row = CheckinFactory(user=alice)
    with pytest.raises(IntegrityError), transaction.atomic():
        UserHealthCheckin.objects.filter(pk=row.pk).update(checkin_date=clock.now().date() + timedelta(days=2))


def test_symptoms_are_searched_for(as_alice: APIClient, alice: User) -> None:
    wanted = CheckinFactory(user=alice, symptoms=["headache", "cough"])
    CheckinFactory(user=alice, symptoms=["cough"])
    found = as_alice.get(URL, {"symptoms__contains": '["headache"]'}).json()["results"]
    assert [row["id"] for row in found] == [str(wanted.pk)]


def test_the_newest_day_comes_first(as_alice: APIClient, alice: User) -> None:
    days = [date(2026, 3, 2), date(2026, 3, 5), date(2026, 3, 1)]
    rows = {day: CheckinFactory(user=alice, checkin_date=day) for day in days}
    shown = [row["checkin_date"] for row in as_alice.get(URL).json()["results"]]
    assert shown == [str(day) for day in sorted(rows, reverse=True)]


def test_a_bulk_request_stores_all_rows_or_none(as_alice: APIClient) -> None:
    good = [{"checkin_date": f"2026-03-{day:02}", "mood_score": 7} for day in range(1, 4)]
    assert as_alice.post(f"{URL}bulk/", {"create": good}).status_code == 200
    response = as_alice.post(f"{URL}bulk/", {"create": [{"checkin_date": "2026-03-04"}, good[0]]})
    assert response.status_code == 400
    assert response.json()["errors"][0]["attr"] == "create.1.checkin_date"
    assert UserHealthCheckin.objects.count() == 3


def test_the_wellness_score_is_read_only(as_alice: APIClient) -> None:
    created = as_alice.post(URL, {"checkin_date": "2026-03-01", "mood_score": 2, "wellness_score": "10.0"}).json()
    assert created["wellness_score"] == "2.0"
