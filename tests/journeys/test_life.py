"""Journeys through wellness and work, plans, and programs with a token."""

import pytest
from pytest_django import Settings

from billing.models import SubscriptionPlan
from dev.stripe.emulator import StripeEmulator
from tests.billing.conftest import emulator, emulator_process, stripe
from tests.journeys.stranger import PASSWORD, Stranger

__all__ = ["emulator", "emulator_process", "stripe"]

pytestmark = pytest.mark.django_db


@pytest.fixture
def carol() -> Stranger:
    return Stranger().sign_up()


def test_check_in_daily_and_reach_a_goal(carol: Stranger) -> None:
    carol.have("health_checkins")
    carol.have("health_goals")
    checkin = carol.post("health/checkins/", checkin_date="2026-03-05", mood_score=7, stress_level=3, sleep_hours="7.5")
    assert carol.call("patch", f"health/checkins/{checkin['id']}/", mood_score=8)["mood_score"] == 8
    goal = carol.post("health/goals/", goal_name="Walk", goal_type="exercise", target_value="30.00", unit="minutes")
    carol.post(f"health/goals/{goal['id']}/progress/", 200, current_value="15.00")
    carol.post(f"health/goals/{goal['id']}/complete/", 200)
    assert carol.all("health/correlations/") == []


def test_buy_a_plan(carol: Stranger, stripe: StripeEmulator, settings: Settings) -> None:
    settings.RETURN_URLS = ["https://app.example.com/"]
    plan = next(row for row in carol.all("billing/plans/") if row["name"] == "Mid-tier" and row["billing_cycle"] == "monthly")
    carol.post("billing/subscriptions/portal/", 409)
    page = carol.post("billing/subscriptions/checkout/", plan=plan["id"], success_url="https://app.example.com/thanks")
    assert stripe.get(f"/v1/checkout/sessions/{page['id']}")["success_url"] == "https://app.example.com/thanks"
    carol.post("billing/subscriptions/portal/", return_url="https://app.example.com/")
    assert carol.get("billing/feature-access/explanation/", feature_name="api_access")["verdict"]["is_enabled"] is False
    assert SubscriptionPlan.objects.filter(pk=plan["id"]).exists()


def test_let_a_program_read_with_a_token(carol: Stranger) -> None:
    carol.post("users/tokens/", 403, name="script", scope="read")
    carol.have("api_access")
    carol.account("auth/reauthenticate", password=PASSWORD)
    text = carol.post("users/tokens/", name="script", scope="read")["token"]
    program = Stranger()
    program.headers = {"Authorization": f"Bearer {text}"}
    assert program.get("users/me/")["email"] == carol.email
    program.post("finance/categories/", 403, name="Bicycles")
    [token] = carol.all("users/tokens/")
    carol.call("delete", f"users/tokens/{token['id']}/", 204)
    program.get("users/me/", 401)


def test_tell_what_is_missing(carol: Stranger) -> None:
    carol.post("analytics/feedback/", feedback_type="general", feedback_text="Good", rating=5)
    assert carol.all("system/alerts/") == []
    carol.post("system/alerts/read-all/", 200)
