"""Check-ins, goals and correlations in the back office."""

from datetime import date, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from core import clock
from core.api.serializers import BaseSerializer
from dev.factories import CheckinFactory, CorrelationFactory, GoalFactory
from health.models import HealthGoal, UserHealthCheckin
from health.serializers import CheckinSerializer, CorrelationSerializer, GoalSerializer
from tests.sign_in import sign_in
from users.models import User

pytestmark = pytest.mark.django_db
CHECKINS = "/admin/health/userhealthcheckin/"
GOALS = "/admin/health/healthgoal/"
YES = {"_form_submitted": "True"}


@pytest.fixture
def office(administrator: User) -> Client:
    client = Client()
    sign_in(client, administrator)
    return client


def checkin(**fields: Any) -> dict[str, Any]:
    return {"checkin_date": "2026-03-01", "mood_score": "7", "symptoms": "[]", "wellness_activities": "[]", **fields}


def page_of(user: User) -> str:
    return f"/admin/users/user/{user.pk}/change/"


def test_a_check_in_is_added_for_a_customer(office: Client, alice: User) -> None:
    assert office.post(f"{CHECKINS}add/", checkin(customer=str(alice.pk))).status_code == 302
    assert UserHealthCheckin.objects.for_user(alice).get().mood_score == 7


def test_a_check_in_needs_a_customer(office: Client) -> None:
    assert "This field is required." in office.post(f"{CHECKINS}add/", checkin()).content.decode()


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"checkin_date": "2199-01-01"}, "Must not be in the future"),
        ({"mood_score": "11"}, "Must be between 1 and 10."),
        ({"symptoms": "[1]"}, "Every item must be a non-empty string"),
        ({"symptoms": "{}"}, "Must be a JSON list"),
    ],
)
def test_the_form_shows_validation_errors(fields: dict[str, str], sentence: str, office: Client, alice: User) -> None:
    response = office.post(f"{CHECKINS}add/", checkin(customer=str(alice.pk), **fields))
    assert sentence in response.content.decode()
    assert not UserHealthCheckin.objects.exists()


def test_a_second_check_in_on_a_day_is_refused(office: Client, alice: User) -> None:
    CheckinFactory(user=alice, checkin_date=date(2026, 3, 1))
    response = office.post(f"{CHECKINS}add/", checkin(customer=str(alice.pk)), follow=True)
    assert "You have already checked in on this day." in response.content.decode()


def test_a_goal_is_completed_and_reopened(office: Client, alice: User) -> None:
    goal = GoalFactory(user=alice)
    office.post(f"{GOALS}{goal.pk}/complete/", YES)
    completed = HealthGoal.objects.get(pk=goal.pk)
    office.post(f"{GOALS}{goal.pk}/reopen/", YES)
    reopened = HealthGoal.objects.get(pk=goal.pk)
    assert (completed.status, completed.progress_percentage) == ("completed", 100)
    assert (reopened.is_completed, reopened.completion_date, reopened.progress_percentage) == (False, None, 50)


def test_only_the_applicable_button_is_shown(office: Client, alice: User) -> None:
    goal = GoalFactory(user=alice)
    opened = office.get(f"{GOALS}{goal.pk}/change/").content.decode()
    office.post(f"{GOALS}{goal.pk}/complete/", YES)
    completed = office.get(f"{GOALS}{goal.pk}/change/").content.decode()
    assert ("/complete/" in opened, "/reopen/" in opened) == (True, False)
    assert ("/complete/" in completed, "/reopen/" in completed) == (False, True)


def test_selected_goals_are_completed(office: Client, alice: User) -> None:
    goals = GoalFactory.create_batch(2, user=alice)
    office.post(GOALS, {"action": "complete_selected", "_selected_action": [str(goal.pk) for goal in goals]})
    assert HealthGoal.objects.filter(is_completed=True).count() == 2


def test_a_customers_page_shows_recent_check_ins_and_goals(office: Client, alice: User, bob: User) -> None:
    CheckinFactory(user=alice, checkin_date=date(2026, 3, 1), mood_score=9)
    GoalFactory(user=alice, goal_name="Calmer days", target_date=clock.now().date() - timedelta(days=5))
    GoalFactory(user=bob, goal_name="Another user's")
    text = office.get(page_of(alice)).content.decode()
    assert "March 1, 2026" in text
    assert "Calmer days" in text
    assert "overdue" in text
    assert "Another user" not in text


def test_a_customers_page_takes_as_many_queries_for_many_rows(office: Client, alice: User, bob: User) -> None:
    CheckinFactory.create_batch(3, user=alice)
    GoalFactory.create_batch(3, user=alice)
    CheckinFactory.create_batch(30, user=bob)
    GoalFactory.create_batch(30, user=bob)
    office.get(page_of(alice))
    with CaptureQueriesContext(connection) as few:
        office.get(page_of(alice))
    with CaptureQueriesContext(connection) as many:
        office.get(page_of(bob))
    assert len(many) == len(few)


def test_correlations_are_read_only(office: Client, alice: User) -> None:
    row = CorrelationFactory(user=alice)
    assert office.get("/admin/health/healthspendingcorrelation/add/").status_code == 403
    assert office.post(f"/admin/health/healthspendingcorrelation/{row.pk}/delete/", {"post": "yes"}).status_code == 403


def test_the_list_marks_correlations_without_enough_data(office: Client, alice: User) -> None:
    none = {"correlation_strength": None, "confidence_interval_lower": None, "confidence_interval_upper": None}
    row = CorrelationFactory(user=alice, **none)
    text = office.get("/admin/health/healthspendingcorrelation/").content.decode()
    assert "insufficient" in text
    assert str(row) == "stress and all spending 0 days later (pearson)"


@pytest.mark.parametrize("serializer", [CheckinSerializer, CorrelationSerializer, GoalSerializer])
def test_serializers_have_an_sql_serializer(serializer: type[BaseSerializer]) -> None:
    assert serializer.get_sql_serializer() is not None
