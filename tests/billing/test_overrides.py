"""What staff grant or close beside the plan, and the explanation of who decided."""

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


def grant(user: User, feature: str = "insights", **said: Any) -> EntitlementOverride:
    usual = {"reason": "A promise", "starts_at": NOW, "ends_at": NOW + DAY, "granted_by": None, "now": NOW}
    return services.grant_override(user=user, feature=feature, **{**usual, **said})


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
    """Three calls a month are free for everybody."""
    monkeypatch.setattr(catalog, "FREE_FEATURES", {"calls": Entitlement(True, 3)})
    return


def test_it_opens_what_the_plan_does_not_have_until_its_end(subscription: Subscription, alice: User) -> None:
    grant(alice, usage_limit=5)
    row = row_of(alice, "insights")
    assert (row.is_enabled, row.usage_limit, row.expires_at) == (True, 5, NOW + DAY)
    assert usable(alice, "insights", NOW + DAY - HOUR)
    assert not usable(alice, "insights", NOW + DAY)


def test_it_closes_what_the_plan_has_and_its_end_opens_it_again(subscription: Subscription, alice: User) -> None:
    grant(alice, "reports", is_enabled=False)
    assert not usable(alice, "reports", NOW)
    assert usable(alice, "reports", NOW + DAY)


def test_its_end_closes_nothing_that_the_plan_has(subscription: Subscription, alice: User) -> None:
    grant(alice, "reports", usage_limit=50)
    assert row_of(alice, "reports").usage_limit == 50
    assert usable(alice, "reports", NOW + DAY)


def test_one_that_begins_later_opens_at_its_beginning(subscription: Subscription, alice: User) -> None:
    grant(alice, starts_at=NOW + HOUR)
    assert not usable(alice, "insights", NOW + HOUR - timedelta(seconds=1))
    assert usable(alice, "insights", NOW + HOUR)


def test_the_job_brings_beginnings_and_ends_along(subscription: Subscription, alice: User) -> None:
    grant(alice, starts_at=NOW + HOUR)
    assert services.update_expired_access(now=NOW + HOUR) == 1
    assert row_of(alice, "insights").is_enabled
    services.update_expired_access(now=NOW + DAY)
    assert not row_of(alice, "insights").is_enabled
    assert services.update_expired_access(now=NOW + 3 * DAY) == 0


def test_of_two_the_later_one_wins(subscription: Subscription, alice: User) -> None:
    grant(alice, usage_limit=5)
    grant(alice, usage_limit=9)
    assert row_of(alice, "insights").usage_limit == 9


def test_it_outlasts_a_change_of_plan_and_the_end_of_the_subscription(
    subscription: Subscription, alice: User, plus: SubscriptionPlan
) -> None:
    grant(alice, "calls", usage_limit=99)
    services.grant_plan(user=alice, plan=plus, now=NOW)
    assert row_of(alice, "calls").usage_limit == 99
    services.cancel_now(subscription, now=NOW)
    assert [row.feature_name for row in FeatureAccess.objects.filter(is_enabled=True)] == ["calls"]


def test_a_changed_plan_leaves_overrides(subscription: Subscription, alice: User, bob: User) -> None:
    grant(alice, "goodwill")
    services.regrant_plan(plan=subscription.plan, now=NOW)
    assert row_of(alice, "goodwill").is_enabled


def test_revoking_it_brings_back_what_lay_beneath(subscription: Subscription, alice: User) -> None:
    override = grant(alice, "reports", is_enabled=False)
    services.revoke_override(override, now=NOW + HOUR)
    assert row_of(alice, "reports").is_enabled
    with pytest.raises(ConflictError, match="over already"):
        services.revoke_override(override, now=NOW + HOUR)


@pytest.mark.parametrize("said", [{"ends_at": NOW}, {"ends_at": NOW - DAY, "starts_at": NOW - 2 * DAY}, {"reason": " "}])
def test_it_has_a_reason_and_an_end_to_come(noon: Any, alice: User, said: Any) -> None:
    with pytest.raises(DomainError):
        grant(alice, **said)


def test_what_is_free_needs_no_subscription(free: None, noon: Any, alice: User) -> None:
    services.sync_feature_access(user=alice, now=NOW)
    assert row_of(alice, "calls").usage_limit == 3


def test_a_subscription_wins_over_what_is_free_and_leaves_it_when_it_ends(
    free: None, subscription: Subscription, alice: User
) -> None:
    assert row_of(alice, "calls").usage_limit == 1
    services.cancel_now(subscription, now=NOW)
    assert (row_of(alice, "calls").usage_limit, row_of(alice, "reports").is_enabled) == (3, False)


def test_a_subscription_that_closes_by_the_clock_leaves_what_is_free(
    free: None, subscription: Subscription, alice: User
) -> None:
    late = datetime(2026, 4, 10, 19, tzinfo=UTC)
    services.update_expired_access(now=late)
    assert usable(alice, "calls", late)
    assert not usable(alice, "reports", late)


def test_the_explanation_says_who_won_and_what_lies_beneath(
    subscription: Subscription, alice: User, as_alice: APIClient, plus: SubscriptionPlan
) -> None:
    grant(alice, usage_limit=5)
    said = as_alice.get(f"{URL}{row_of(alice, 'insights').pk}/explanation/").json()
    assert said["verdict"] == {
        "decided_by": "override",
        "is_enabled": True,
        "limit": 5,
        "until": "2026-03-21T12:00:00Z",
        "why": "Staff opened it until 2026-03-21 12:00 UTC: A promise",
    }
    assert (said["beneath"]["decided_by"], said["beneath"]["why"]) == ("subscription", "The plan does not have it.")
    assert (said["usage_remaining"], said["resets_at"], said["plans"]) == (5, "2026-04-10T12:00:00Z", ["Plus"])


def test_a_feature_without_an_entry_is_explained(noon: Any, as_alice: APIClient, plus: SubscriptionPlan) -> None:
    said = as_alice.get(f"{URL}explanation/", {"feature_name": "insights"}).json()
    assert said["verdict"]["decided_by"] == "nothing"
    assert said["verdict"]["why"] == "There is no subscription, and it is not free."
    assert (said["beneath"], said["usage_remaining"], said["plans"]) == (None, None, ["Plus"])


@pytest.mark.parametrize("query", [{}, {"feature_name": ""}, {"feature_name": "x" * 101}, {"feature_name": "a", "other": 1}])
def test_the_feature_to_explain_is_named(noon: Any, as_alice: APIClient, query: Any) -> None:
    assert as_alice.get(f"{URL}explanation/", query).status_code == 400


def test_a_subscription_that_ended_is_the_explanation(subscription: Subscription, alice: User, as_alice: APIClient) -> None:
    services.cancel_now(subscription, now=NOW)
    said = as_alice.get(f"{URL}{row_of(alice, 'reports').pk}/explanation/").json()
    assert "The subscription has ended." in said["verdict"]["why"]


def test_another_customers_entry_is_not_explained(subscription: Subscription, alice: User, bob: User, api: Any) -> None:
    assert api(bob).get(f"{URL}{row_of(alice, 'reports').pk}/explanation/").status_code == 404
