"""Usage counts of features, and denials."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from billing import services
from billing.models import FeatureAccess, Subscription, SubscriptionPlan
from core import clock
from core.errors import DomainError
from dev.factories import FeatureAccessFactory, SubscriptionFactory
from tests.billing.conftest import NOW
from tests.conftest import ClientFor
from users.models import User

URL = "/api/v1/billing/feature-access/"


def row_of(user: User, feature: str) -> FeatureAccess:
    return FeatureAccess.objects.for_user(user).get(feature_name=feature)


@pytest.fixture
def use(as_alice: APIClient, alice: User) -> Any:
    """Return a function that uses a feature of Alice."""

    def call(feature: str, body: Any = None, **options: Any) -> Any:
        return as_alice.post(f"{URL}{row_of(alice, feature).pk}/use/", body or {}, **options)

    return call


def problem(response: Any) -> tuple[int, str]:
    return response.status_code, response.json()["errors"][0]["code"]


def sentence(response: Any) -> str:
    return str(response.json()["errors"][0]["detail"])


def test_a_use_is_counted(subscription: Subscription, use: Any) -> None:
    shown = use("reports").json()
    assert (shown["usage_count"], shown["usage_remaining"], shown["can_use"]) == (1, 3, True)
    assert shown["last_used_at"] == "2026-03-20T12:00:00Z"


def test_several_uses_are_counted_at_once(subscription: Subscription, use: Any) -> None:
    shown = use("reports", {"amount": 4}).json()
    assert (shown["usage_count"], shown["usage_remaining"], shown["can_use"]) == (4, 0, False)


def test_without_a_limit_everything_is_counted(noon: Any, alice: User, use: Any) -> None:
    FeatureAccessFactory(user=alice, feature_name="export", usage_limit=None)
    shown = use("export", {"amount": 1000}).json()
    assert (shown["usage_count"], shown["usage_remaining"], shown["is_unlimited"]) == (1000, None, True)


@pytest.mark.parametrize("amount", [0, -1, 1001, "many", 1.5, None])
def test_an_amount_is_a_whole_number_from_1(subscription: Subscription, use: Any, amount: Any) -> None:
    response = use("reports", {"amount": amount})
    assert response.status_code == 400
    assert response.json()["errors"][0]["attr"] == "amount"


def test_a_denial_states_the_limit_and_its_reset(subscription: Subscription, use: Any) -> None:
    use("reports", {"amount": 4})
    response = use("reports")
    assert problem(response) == (429, "limit_reached")
    assert "4 of 4 reports" in sentence(response)
    assert "2026-04-10 12:00 UTC" in sentence(response)
    assert response.headers["Retry-After"] == str(21 * 24 * 3600)


def test_an_amount_above_the_limit_is_not_counted_in_part(subscription: Subscription, use: Any, alice: User) -> None:
    use("reports", {"amount": 3})
    assert problem(use("reports", {"amount": 2})) == (429, "limit_reached")
    assert row_of(alice, "reports").usage_count == 3


def test_a_denial_names_the_plans_with_the_feature(subscription: Subscription, use: Any, plus: SubscriptionPlan) -> None:
    response = use("insights")
    assert problem(response) == (402, "feature_disabled")
    assert "insights is not available to you. Plans that include it: Plus." in sentence(response)


def test_a_denial_after_an_override_refers_to_support(subscription: Subscription, use: Any, alice: User) -> None:
    later = clock.now() + timedelta(days=1)
    row = row_of(alice, "reports")
    services.override_access(row, is_enabled=False, reason="Abuse, ticket 1", ends_at=later, granted_by=None, now=clock.now())
    assert "Contact support." in sentence(use("reports"))


def test_a_denial_states_that_no_plan_has_the_feature(noon: Any, alice: User, use: Any) -> None:
    FeatureAccessFactory(user=alice, feature_name="teleport", is_enabled=False)
    assert "No plan includes it at present." in sentence(use("teleport"))


def test_a_denial_states_that_access_has_ended(subscription: Subscription, use: Any, alice: User) -> None:
    FeatureAccess.objects.update(expires_at=NOW)
    response = use("reports")
    assert problem(response) == (402, "feature_expired")
    assert "ended at 2026-03-20 12:00 UTC" in sentence(response)
    assert row_of(alice, "reports").usage_count == 0


def test_a_new_billing_month_resets_the_count(subscription: Subscription, use: Any, alice: User, noon: Any) -> None:
    use("reports", {"amount": 4})
    noon.move_to(datetime(2026, 4, 10, 11, 59, 59, tzinfo=UTC))
    assert problem(use("reports")) == (429, "limit_reached")
    noon.move_to(datetime(2026, 4, 10, 12, tzinfo=UTC))
    assert use("reports", {"amount": 2}).json()["usage_count"] == 2
    assert row_of(alice, "reports").period_start == datetime(2026, 4, 10, 12, tzinfo=UTC)


def test_a_list_shows_the_reset_before_the_first_use(
    subscription: Subscription, use: Any, as_alice: APIClient, noon: Any
) -> None:
    use("reports", {"amount": 4})
    noon.move_to(datetime(2026, 4, 10, 12, tzinfo=UTC))
    [shown] = as_alice.get(URL, {"feature_name": "reports", "usage_remaining": 4}).json()["results"]
    assert (shown["usage_remaining"], shown["can_use"]) == (4, True)


def test_without_a_subscription_calendar_months_count(noon: Any, alice: User, use: Any) -> None:
    FeatureAccessFactory(user=alice, feature_name="export", usage_limit=1)
    assert use("export").json()["period_start"] == "2026-03-01T00:00:00Z"
    assert "2026-04-01 00:00 UTC" in sentence(use("export"))
    noon.move_to(datetime(2026, 4, 1, tzinfo=UTC))
    assert use("export").status_code == 200


def test_a_count_without_a_period_counts_for_this_month(noon: Any, alice: User, use: Any) -> None:
    FeatureAccessFactory(user=alice, feature_name="export", usage_count=5, usage_limit=5)
    assert problem(use("export")) == (429, "limit_reached")


def test_reactivating_within_the_month_keeps_the_count(subscription: Subscription, use: Any, alice: User) -> None:
    use("reports", {"amount": 4})
    services.cancel_now(subscription, now=NOW)
    services.reactivate(subscription, now=NOW + timedelta(hours=1))
    assert problem(use("reports")) == (429, "limit_reached")


def test_the_same_key_counts_once(subscription: Subscription, use: Any, alice: User) -> None:
    responses = [use("reports", headers={"Idempotency-Key": "one"}).json() for _ in range(3)]
    assert [response["usage_count"] for response in responses] == [1, 1, 1]
    assert row_of(alice, "reports").usage_count == 1


def test_a_feature_of_another_customer_does_not_exist(
    subscription: Subscription, alice: User, bob: User, api: ClientFor
) -> None:
    assert api(bob).post(f"{URL}{row_of(alice, 'reports').pk}/use/", {}).status_code == 404


def test_a_use_needs_one_update(subscription: Subscription, alice: User) -> None:
    with CaptureQueriesContext(connection) as queries:
        services.record_usage(user=alice, feature="reports", now=NOW)
    assert [query["sql"].split()[0] for query in queries] == ["SAVEPOINT", "UPDATE", "SELECT", "RELEASE"]


def test_other_apps_use_a_feature_by_its_name(subscription: Subscription, alice: User) -> None:
    assert services.record_usage(user=alice, feature="calls", now=NOW).usage_remaining == 0


def test_a_feature_without_an_entry_is_denied(noon: Any, alice: User, plus: SubscriptionPlan) -> None:
    with pytest.raises(DomainError, match="Plans that include it: Plus.") as denied:
        services.record_usage(user=alice, feature="insights", now=NOW)
    assert (denied.value.code, denied.value.status) == ("feature_disabled", 402)


def test_staff_can_reset_a_count(subscription: Subscription, use: Any, alice: User) -> None:
    use("reports", {"amount": 4})
    services.reset_usage(row_of(alice, "reports"), now=NOW)
    assert use("reports").json()["usage_count"] == 1


def test_a_renewed_period_is_a_new_month(subscription: Subscription, use: Any, alice: User, noon: Any) -> None:
    use("reports", {"amount": 4})
    noon.move_to(datetime(2026, 4, 10, 13, tzinfo=UTC))
    services.process_period_ends(now=datetime(2026, 4, 10, 13, tzinfo=UTC))
    assert use("reports").json()["usage_count"] == 1


def test_the_usage_period_is_the_same_with_a_joined_query(subscription: Subscription, alice: User) -> None:
    joined = FeatureAccess.objects.for_user(alice).with_billing_period().get(feature_name="reports")
    assert joined.usage_period_at(NOW) == row_of(alice, "reports").usage_period_at(NOW)
    assert joined.usage_period_at(NOW).begins == datetime(2026, 3, 10, 12, tzinfo=UTC)


def test_only_the_running_subscription_defines_the_month(subscription: Subscription, alice: User) -> None:
    SubscriptionFactory(user=alice, current_period_start=NOW - timedelta(days=1), current_period_end=NOW + timedelta(days=1))
    assert row_of(alice, "reports").usage_period_at(NOW).begins == datetime(2026, 3, 10, 12, tzinfo=UTC)
