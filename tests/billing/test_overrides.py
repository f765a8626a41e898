"""Overrides of a plan's features by staff, and the explanation of a customer's access."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from rest_framework.test import APIClient

from billing import catalog, services
from billing.entitlements import Entitlement
from billing.models import EntitlementOverride, FeatureAccess, Subscription, SubscriptionPlan
from core.errors import ConflictError, DomainError
from tests.billing.conftest import NOW
from users.models import User

URL = "/api/v1/billing/feature-access/"
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def grant(user: User, feature: str = "insights", **values: Any) -> EntitlementOverride:
    usual = {"reason": "A promise", "starts_at": NOW, "ends_at": NOW + DAY, "granted_by": None, "now": NOW}
    return services.grant_override(user=user, feature=feature, **{**usual, **values})


def row_of(user: User, feature: str) -> FeatureAccess:
    return FeatureAccess.objects.for_user(user).get(feature_name=feature)


def usable(user: User, feature: str, now: datetime) -> bool:
    try:
        services.record_usage(user=user, feature=feature, now=now)
    except DomainError:
        return False
    return True


@pytest.fixture
def free(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Make three calls a month free for all users."""
    monkeypatch.setattr(catalog, "FREE_FEATURES", {"calls": Entitlement(True, 3)})
    return


def test_it_opens_another_feature_until_its_end(subscription: Subscription, alice: User) -> None:
    grant(alice, usage_limit=5)
    row = row_of(alice, "insights")
    assert (row.is_enabled, row.usage_limit, row.expires_at) == (True, 5, NOW + DAY)
    assert usable(alice, "insights", NOW + DAY - HOUR)
    assert not usable(alice, "insights", NOW + DAY)


def test_it_closes_a_feature_of_the_plan_until_its_end(subscription: Subscription, alice: User) -> None:
    grant(alice, "reports", is_enabled=False)
    assert not usable(alice, "reports", NOW)
    assert usable(alice, "reports", NOW + DAY)


def test_its_end_leaves_features_of_the_plan_open(subscription: Subscription, alice: User) -> None:
    grant(alice, "reports", usage_limit=50)
    assert row_of(alice, "reports").usage_limit == 50
    assert usable(alice, "reports", NOW + DAY)


def test_it_takes_effect_at_its_start(subscription: Subscription, alice: User) -> None:
    grant(alice, starts_at=NOW + HOUR)
    assert not usable(alice, "insights", NOW + HOUR - timedelta(seconds=1))
    assert usable(alice, "insights", NOW + HOUR)


def test_the_job_applies_starts_and_ends(subscription: Subscription, alice: User) -> None:
    grant(alice, starts_at=NOW + HOUR)
    assert services.update_expired_access(now=NOW + HOUR) == 1
    assert row_of(alice, "insights").is_enabled
    services.update_expired_access(now=NOW + DAY)
    assert not row_of(alice, "insights").is_enabled
    assert services.update_expired_access(now=NOW + 3 * DAY) == 0


def test_the_later_of_two_overrides_wins(subscription: Subscription, alice: User) -> None:
    grant(alice, usage_limit=5)
    grant(alice, usage_limit=9)
    assert row_of(alice, "insights").usage_limit == 9


def test_it_outlasts_a_change_and_the_end_of_the_plan(subscription: Subscription, alice: User, plus: SubscriptionPlan) -> None:
    grant(alice, "calls", usage_limit=99)
    services.grant_plan(user=alice, plan=plus, now=NOW)
    assert row_of(alice, "calls").usage_limit == 99
    services.cancel_now(subscription, now=NOW)
    open_ones = FeatureAccess.objects.for_user(alice).filter(is_enabled=True).values_list("feature_name", flat=True)
    assert set(open_ones) == {"calls", "data_export"}


def test_a_changed_plan_leaves_overrides_in_force(subscription: Subscription, alice: User, bob: User) -> None:
    grant(alice, "goodwill")
    services.regrant_plan(plan=subscription.plan, now=NOW)
    assert row_of(alice, "goodwill").is_enabled


def test_revoking_it_restores_the_access_of_the_plan(subscription: Subscription, alice: User) -> None:
    override = grant(alice, "reports", is_enabled=False)
    services.revoke_override(override, now=NOW + HOUR)
    assert row_of(alice, "reports").is_enabled
    with pytest.raises(ConflictError, match="already ended"):
        services.revoke_override(override, now=NOW + HOUR)


@pytest.mark.parametrize("values", [{"ends_at": NOW}, {"ends_at": NOW - DAY, "starts_at": NOW - 2 * DAY}, {"reason": " "}])
def test_it_needs_a_reason_and_a_future_end(noon: Any, alice: User, values: Any) -> None:
    with pytest.raises(DomainError):
        grant(alice, **values)


def test_a_free_feature_needs_no_subscription(free: None, noon: Any, alice: User) -> None:
    services.sync_feature_access(user=alice, now=NOW)
    assert row_of(alice, "calls").usage_limit == 3


def test_a_subscription_replaces_free_features_until_its_end(free: None, subscription: Subscription, alice: User) -> None:
    assert row_of(alice, "calls").usage_limit == 1
    services.cancel_now(subscription, now=NOW)
    assert (row_of(alice, "calls").usage_limit, row_of(alice, "reports").is_enabled) == (3, False)


def test_an_expired_subscription_leaves_free_features_open(free: None, subscription: Subscription, alice: User) -> None:
    late = datetime(2026, 4, 10, 19, tzinfo=UTC)
    services.update_expired_access(now=late)
    assert usable(alice, "calls", late)
    assert not usable(alice, "reports", late)


def test_the_explanation_has_the_verdict_and_the_one_beneath(
    subscription: Subscription, alice: User, as_alice: APIClient, plus: SubscriptionPlan
) -> None:
    grant(alice, usage_limit=5)
    explanation = as_alice.get(f"{URL}{row_of(alice, 'insights').pk}/explanation/").json()
    assert explanation["verdict"] == {
        "decided_by": "override",
        "is_enabled": True,
        "limit": 5,
        "until": "2026-03-21T12:00:00Z",
        "why": "Staff enabled this feature until 2026-03-21 12:00 UTC: A promise",
    }
    assert explanation["beneath"]["decided_by"] == "subscription"
    assert explanation["beneath"]["why"] == "The plan does not include this feature."
    assert (explanation["usage_remaining"], explanation["resets_at"], explanation["plans"]) == (
        5,
        "2026-04-10T12:00:00Z",
        ["Plus"],
    )


def test_a_feature_without_an_entry_is_explained(noon: Any, as_alice: APIClient, plus: SubscriptionPlan) -> None:
    explanation = as_alice.get(f"{URL}explanation/", {"feature_name": "insights"}).json()
    assert explanation["verdict"]["decided_by"] == "nothing"
    assert explanation["verdict"]["why"] == "There is no subscription, and this feature is not free."
    assert (explanation["beneath"], explanation["usage_remaining"], explanation["plans"]) == (None, None, ["Plus"])


@pytest.mark.parametrize("query", [{}, {"feature_name": ""}, {"feature_name": "x" * 101}, {"feature_name": "a", "other": 1}])
def test_an_explanation_needs_the_name_of_a_feature(noon: Any, as_alice: APIClient, query: Any) -> None:
    assert as_alice.get(f"{URL}explanation/", query).status_code == 400


def test_the_explanation_names_an_ended_subscription(subscription: Subscription, alice: User, as_alice: APIClient) -> None:
    services.cancel_now(subscription, now=NOW)
    explanation = as_alice.get(f"{URL}{row_of(alice, 'reports').pk}/explanation/").json()
    assert "The subscription has ended." in explanation["verdict"]["why"]


def test_another_customers_entry_is_not_explained(subscription: Subscription, alice: User, bob: User, api: Any) -> None:
    assert api(bob).get(f"{URL}{row_of(alice, 'reports').pk}/explanation/").status_code == 404
