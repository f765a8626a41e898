"""Feature access of a customer according to the plan."""

from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from billing import services, tasks
from billing.models import FeatureAccess, Subscription, SubscriptionPlan
from dev.factories import FeatureAccessFactory, PlanFactory, SubscriptionFactory
from tests.billing.conftest import NOW
from users.models import User


def access_of(user: User) -> dict[str, tuple[bool, int | None]]:
    """Return the user's access to all features except the one that is free."""
    rows = FeatureAccess.objects.for_user(user).exclude(feature_name="data_export")
    return {row.feature_name: (row.is_enabled, row.usage_limit) for row in rows}


def test_a_plan_opens_its_features_with_their_limits(subscription: Subscription, alice: User) -> None:
    assert access_of(alice) == {"reports": (True, 4), "insights": (False, 0), "calls": (True, 1)}


def test_counting_begins_with_the_billing_period(subscription: Subscription) -> None:
    assert {row.period_start for row in FeatureAccess.objects.all()} == {datetime(2026, 3, 10, 12, tzinfo=UTC)}


def test_a_limit_of_0_closes_a_feature(noon: Any, no_catalog: None, alice: User) -> None:
    plan = PlanFactory(features={"reports": True}, limits={"reports_per_month": 0, "calls_per_month": 0})
    services.grant_plan(user=alice, plan=plan, now=NOW)
    assert access_of(alice) == {"reports": (False, 0), "calls": (False, 0)}


def test_a_feature_known_by_limits_is_unlimited_without_one(
    noon: Any, alice: User, basic: SubscriptionPlan, plus: SubscriptionPlan
) -> None:
    services.grant_plan(user=alice, plan=plus, now=NOW)
    assert access_of(alice)["calls"] == (True, None)


def test_another_plan_keeps_the_usage_of_this_month(subscription: Subscription, alice: User, plus: SubscriptionPlan) -> None:
    services.record_usage(user=alice, feature="reports", amount=3, now=NOW)
    services.grant_plan(user=alice, plan=plus, now=NOW)
    row = FeatureAccess.objects.for_user(alice).get(feature_name="reports")
    assert (row.usage_count, row.usage_limit, row.last_used_at) == (3, 10, NOW)


def test_a_feature_unknown_to_the_plan_is_closed(subscription: Subscription, alice: User) -> None:
    FeatureAccessFactory(user=alice, feature_name="goodwill")
    services.sync_feature_access(user=alice, now=NOW)
    assert access_of(alice)["goodwill"][0] is False


@pytest.mark.parametrize("status", ["past_due", "unpaid", "paused", "canceled", "incomplete"])
def test_without_an_active_subscription_nothing_is_open(subscription: Subscription, alice: User, status: str) -> None:
    Subscription.objects.for_user(alice).update(status=status)
    services.sync_feature_access(user=alice, now=NOW)
    assert {is_enabled for is_enabled, _ in access_of(alice).values()} == {False}


def test_without_any_subscription_nothing_is_open(noon: Any, alice: User) -> None:
    services.sync_feature_access(user=alice, now=NOW)
    assert {is_enabled for is_enabled, _ in access_of(alice).values()} == {False}


def test_a_trial_opens_its_plan_until_it_ends(noon: Any, alice: User, basic: SubscriptionPlan) -> None:
    ends = datetime(2026, 3, 24, tzinfo=UTC)
    SubscriptionFactory(user=alice, plan=basic, running=True, status="trialing", trial_end=ends)
    services.sync_feature_access(user=alice, now=NOW)
    assert {row.expires_at for row in FeatureAccess.objects.for_user(alice) if row.feature_name in access_of(alice)} == {ends}


def test_another_customers_access_is_not_changed(subscription: Subscription, bob: User, plus: SubscriptionPlan) -> None:
    FeatureAccessFactory(user=bob, feature_name="goodwill")
    before = access_of(bob)
    services.grant_plan(user=subscription.user, plan=plus, now=NOW)
    assert access_of(bob) == before


def test_syncing_the_access_is_idempotent(subscription: Subscription, alice: User) -> None:
    before = list(FeatureAccess.objects.order_by("pk").values())
    services.sync_feature_access(user=alice, now=NOW)
    assert list(FeatureAccess.objects.order_by("pk").values()) == before


def writes_of_access(queries: CaptureQueriesContext) -> list[str]:
    """Return the captured statements that write feature access."""
    statements = [query["sql"] for query in queries]
    return [
        sql for sql in statements if sql.startswith(('INSERT INTO "billing_featureaccess"', 'UPDATE "billing_featureaccess"'))
    ]


def test_unchanged_access_is_not_written(subscription: Subscription, alice: User) -> None:
    with CaptureQueriesContext(connection) as queries:
        services.sync_feature_access(user=alice, now=NOW)
    assert writes_of_access(queries) == []


def test_only_the_changed_feature_is_written(subscription: Subscription, alice: User) -> None:
    FeatureAccess.objects.for_user(alice).filter(feature_name="reports").update(usage_limit=3)
    before = dict(FeatureAccess.objects.values_list("feature_name", "updated_at"))
    with CaptureQueriesContext(connection) as queries:
        services.sync_feature_access(user=alice, now=NOW)
    [written] = writes_of_access(queries)
    assert ("'reports'" in written, "'insights'" in written) == (True, False)
    after = dict(FeatureAccess.objects.values_list("feature_name", "updated_at"))
    assert {name for name, at in after.items() if at != before[name]} <= {"reports"}
    assert access_of(alice)["reports"] == (True, 4)


def test_a_changed_plan_updates_its_active_subscribers(
    subscription: Subscription, alice: User, bob: User, basic: SubscriptionPlan
) -> None:
    SubscriptionFactory(user=bob, plan=basic, running=True, status="past_due")
    SubscriptionPlan.objects.filter(pk=basic.pk).update(features={"reports": False, "export": True}, limits={})
    tasks.regrant_plan(plan_id=str(basic.pk))
    assert access_of(alice) == {"reports": (False, 0), "export": (True, None), "insights": (False, 0), "calls": (False, 1)}
    assert {is_enabled for is_enabled, _ in access_of(bob).values()} == {False}


def test_a_deleted_plan_changes_no_access(subscription: Subscription, alice: User) -> None:
    tasks.regrant_plan(plan_id="01978c5e-0000-7000-8000-000000000000")
    assert access_of(alice)["reports"] == (True, 4)


def test_many_subscribers_are_updated_in_few_queries(noon: Any, basic: SubscriptionPlan) -> None:
    SubscriptionFactory.create_batch(30, plan=basic, running=True)
    with CaptureQueriesContext(connection) as queries:
        assert services.regrant_plan(plan=basic, now=NOW) == 30
    assert len(queries) <= 12
    assert FeatureAccess.objects.filter(is_enabled=True).exclude(feature_name="data_export").count() == 60


def test_subscribers_are_updated_in_batches(noon: Any, basic: SubscriptionPlan, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("billing.services.feature_access.BATCH", 2)
    SubscriptionFactory.create_batch(5, plan=basic, running=True)
    assert services.regrant_plan(plan=basic, now=NOW) == 5
