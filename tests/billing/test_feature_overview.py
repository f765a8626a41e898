"""The list of feature access: every feature of every plan, whether it can be used, and why."""

from datetime import timedelta
from typing import Any

import pytest
from rest_framework.test import APIClient

from billing import services, tasks
from billing.models import FeatureAccess, Subscription, SubscriptionPlan
from billing.models.plans import known_features
from dev.factories import OverrideFactory, SubscriptionFactory
from tests.billing.conftest import NOW
from tests.conftest import ClientFor
from users.models import User

URL = "/api/v1/billing/feature-access/"


@pytest.fixture
def shown(noon: Any, alice: User, api: ClientFor) -> Any:
    """Return a function that returns alice's entries by feature. Tokens end with the plan, so each call has a new one."""
    return lambda: {row["feature_name"]: row for row in api(alice).get(URL).json()["results"]}


def subscribe(user: User, tier: str, **values: Any) -> Subscription:
    plan = SubscriptionPlan.objects.get(name=tier, billing_cycle="monthly")
    row = SubscriptionFactory(user=user, plan=plan, running=True, **values)
    services.sync_feature_access(user=user, now=NOW)
    return row


def test_without_a_plan_every_feature_is_listed_with_the_reason(shown: Any) -> None:
    rows = shown()
    assert set(rows) == {*known_features(), "data_export"}
    assert {name for name, row in rows.items() if row["can_use"]} == {"data_export"}
    assert rows["data_export"]["why"] == "This feature is free for all users."
    assert rows["ai_insights"]["why"] == "There is no subscription, and this feature is not free."


def test_a_feature_that_is_off_is_not_unlimited(shown: Any, alice: User) -> None:
    subscribe(alice, "Mid-tier")
    rows = shown()
    assert [rows["api_access"][name] for name in ("is_enabled", "is_unlimited", "usage_limit", "usage_remaining")] == [
        False,
        False,
        0,
        0,
    ]
    assert rows["api_access"]["why"] == "The plan does not include this feature."
    assert rows["career_risk_management"]["is_unlimited"] is True


def test_a_feature_whose_access_has_ended_is_not_unlimited(shown: Any, alice: User) -> None:
    subscribe(alice, "Professional")
    FeatureAccess.objects.for_user(alice).update(expires_at=NOW - timedelta(seconds=1))
    assert {(row["is_unlimited"], row["usage_remaining"]) for row in shown().values()} == {(False, 0)}


def test_no_feature_is_unlimited_after_the_subscription(shown: Any, alice: User) -> None:
    services.cancel_now(subscribe(alice, "Professional"), now=NOW)
    rows = shown()
    assert {name for name, row in rows.items() if row["is_unlimited"]} == {"data_export"}
    assert rows["api_access"]["why"] == "The subscription has ended."


def test_a_free_feature_does_not_end_with_the_subscription(shown: Any, alice: User, noon: Any) -> None:
    subscribe(alice, "Professional")
    noon.move_to(NOW + timedelta(days=30))  # after the period, and before any job has run
    assert {name for name, row in shown().items() if row["can_use"]} == {"data_export"}


def test_the_reason_of_staff_is_shown(shown: Any, alice: User) -> None:
    OverrideFactory(user=alice, feature_name="ai_insights", reason="Ticket 4711", is_enabled=True, usage_limit=3)
    services.sync_feature_access(user=alice, now=NOW)
    assert "Ticket 4711" in shown()["ai_insights"]["why"]
    assert shown()["ai_insights"]["usage_remaining"] == 3


def test_an_off_feature_explains_a_limit_of_0(noon: Any, as_alice: APIClient) -> None:
    found = as_alice.get(f"{URL}explanation/", {"feature_name": "api_access"}).json()
    assert (found["verdict"]["is_enabled"], found["verdict"]["limit"], found["usage_remaining"]) == (False, 0, 0)


def test_a_feature_of_a_new_plan_is_added_for_all_users(noon: Any, alice: User, bob: User) -> None:
    subscribe(bob, "Budget")
    plan = SubscriptionPlan.objects.create(name="Coach", price="99.00", billing_cycle="monthly", features={"coaching": True})
    tasks.regrant_plan(plan_id=str(plan.pk))
    found = FeatureAccess.objects.filter(feature_name="coaching").values_list("user__email", "is_enabled")
    assert sorted(found) == [("alice@example.com", False), ("bob@example.com", False)]


def test_the_daily_job_completes_users_of_other_systems(noon: Any, alice: User) -> None:
    FeatureAccess.objects.for_user(alice).delete()
    tasks.complete_feature_access(timestamp=0)
    assert FeatureAccess.objects.for_user(alice).count() == len(known_features())
