"""The wellness score, the mean of the given values, equal in Python and SQL."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase
from rest_framework.test import APIClient

from core import rls
from dev.factories import CheckinFactory, UserFactory
from health.models import UserHealthCheckin
from users.models import User

URL = "/api/v1/health/checkins/"
NOTHING = {"mood_score": None, "stress_level": None, "sleep_hours": None, "exercise_minutes": None, "water_intake_oz": None}

CASES = [
    ({"mood_score": 8, "stress_level": 3, "sleep_hours": "7.5", "exercise_minutes": 30}, "9.0", "excellent"),
    ({"mood_score": 7}, "7.0", "good"),
    ({"stress_level": 10}, "1.0", "poor"),
    ({"stress_level": 1}, "10.0", "excellent"),
    ({"sleep_hours": "0"}, "3.0", "poor"),
    ({"sleep_hours": "5.9"}, "3.0", "poor"),
    ({"sleep_hours": "6.0"}, "7.0", "good"),
    ({"sleep_hours": "7.0"}, "10.0", "excellent"),
    ({"sleep_hours": "9.0"}, "10.0", "excellent"),
    ({"sleep_hours": "9.1"}, "7.0", "good"),
    ({"sleep_hours": "10.0"}, "7.0", "good"),
    ({"sleep_hours": "10.1"}, "3.0", "poor"),
    ({"exercise_minutes": 0}, "3.0", "poor"),
    ({"exercise_minutes": 14}, "3.0", "poor"),
    ({"exercise_minutes": 15}, "7.0", "good"),
    ({"exercise_minutes": 30}, "10.0", "excellent"),
    ({"water_intake_oz": 31}, "3.0", "poor"),
    ({"water_intake_oz": 32}, "7.0", "good"),
    ({"water_intake_oz": 64}, "10.0", "excellent"),
    ({"mood_score": 5, "exercise_minutes": 0}, "4.0", "fair"),
    ({"mood_score": 8, "stress_level": 3, "sleep_hours": "7", "exercise_minutes": 0}, "7.3", "good"),  # 7.25: halves go up
    ({"mood_score": 8, "stress_level": 3, "sleep_hours": "5"}, "6.3", "good"),  # 6.333
    (
        {"mood_score": 10, "stress_level": 4, "sleep_hours": "8", "exercise_minutes": 5, "water_intake_oz": 64},
        "8.0",
        "excellent",
    ),
    ({}, None, None),
]


@pytest.mark.parametrize(("values", "score", "level"), CASES)
def test_the_api_shows_score_and_level(
    values: dict[str, Any], score: str | None, level: str | None, as_alice: APIClient
) -> None:
    response = as_alice.post(URL, {"checkin_date": "2026-03-01", **values})
    assert response.status_code == 201, response.json()
    [listed] = as_alice.get(URL).json()["results"]
    assert (response.json()["wellness_score"], response.json()["wellness_level"]) == (score, level)
    assert (listed["wellness_score"], listed["wellness_level"]) == (score, level)


def test_an_unsaved_row_with_texts_has_its_score(alice: User) -> None:
    assert UserHealthCheckin(user=alice, sleep_hours="7.5").wellness_score == Decimal("10.0")


def create_moods(user: User, *scores: int | None) -> list[str]:
    """Create check-ins with these moods, and no other values, on consecutive days, and return their ids."""
    first = date(2026, 3, 1)
    rows = [
        CheckinFactory(user=user, checkin_date=first + timedelta(days=place), **NOTHING | {"mood_score": score})
        for place, score in enumerate(scores)
    ]
    return [str(row.pk) for row in rows]


def found(client: APIClient, **query: str) -> list[str]:
    response = client.get(URL, query)
    assert response.status_code == 200, response.json()
    return [row["id"] for row in response.json()["results"]]


def test_lists_are_filtered_by_score_and_level(as_alice: APIClient, alice: User) -> None:
    nine, five, none, three = create_moods(alice, 9, 5, None, 3)
    assert found(as_alice, wellness_score__gte="5") == [five, nine]
    assert found(as_alice, wellness_score__lte="4.9") == [three]
    assert found(as_alice, wellness_score__isnull="true") == [none]
    assert found(as_alice, wellness_level="excellent") == [nine]
    assert found(as_alice, wellness_level__in="fair,poor") == [three, five]


def test_lists_are_sorted_by_score_with_the_unknown_last(as_alice: APIClient, alice: User) -> None:
    nine, five, none, three = create_moods(alice, 9, 5, None, 3)
    assert found(as_alice, ordering="-wellness_score") == [nine, five, three, none]
    assert found(as_alice, ordering="wellness_score") == [three, five, nine, none]


def test_pages_are_sorted_by_the_score(as_alice: APIClient, alice: User) -> None:
    nine, five, none, three = create_moods(alice, 9, 5, None, 3)
    first = as_alice.get(URL, {"ordering": "-wellness_score", "limit": "2"}).json()
    second = as_alice.get(first["next"]).json()
    assert [row["id"] for row in first["results"] + second["results"]] == [nine, five, three, none]
    assert second["next"] is None


def test_an_unknown_level_is_refused(as_alice: APIClient) -> None:
    assert as_alice.get(URL, {"wellness_level": "splendid"}).status_code == 400
    assert as_alice.get(URL, {"wellness_level__in": "good,splendid"}).status_code == 400


days = st.fixed_dictionaries(
    {
        "mood_score": st.none() | st.integers(1, 10),
        "stress_level": st.none() | st.integers(1, 10),
        "sleep_hours": st.none() | st.decimals(0, 24, places=1),
        "exercise_minutes": st.none() | st.integers(0, 60) | st.integers(0, 1440),
        "water_intake_oz": st.none() | st.integers(0, 100) | st.integers(0, 2**31 - 1),
    }
)


class SqlEqualsPython(TestCase):
    def setUp(self) -> None:
        self.enterContext(rls.as_staff())

    @given(days=st.lists(days, min_size=1, max_size=20))
    @settings(max_examples=40, deadline=None)
    def test_score_and_level(self, days: list[dict[str, Any]]) -> None:
        user, first = UserFactory.create(), date(2026, 1, 1)
        rows = [UserHealthCheckin(user=user, checkin_date=first + timedelta(days=n), **day) for n, day in enumerate(days)]
        UserHealthCheckin.objects.bulk_create(rows)
        derived = UserHealthCheckin.sql_derived()
        columns = [derived["wellness_score"], derived["wellness_level"]]
        in_sql = list(UserHealthCheckin.objects.for_user(user).order_by("checkin_date").values_list(*columns))
        in_python = [(row.wellness_score, row.wellness_level) for row in rows]
        assert [(str(score), level) for score, level in in_sql] == [(str(score), level) for score, level in in_python]
