"""What a customer may use comes from the plan that he has."""

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
    rows = FeatureAccess.objects.for_user(user)
    return {row.feature_name: (row.is_enabled, row.usage_limit) for row in rows}


def test_a_plan_opens_its_features_with_their_limits(subscription: Subscription, alice: User) -> None:
    assert access_of(alice) == {"reports": (True, 4), "insights": (False, None), "calls": (True, 1)}


def test_counting_begins_with_the_billing_period(subscription: Subscription) -> None:
    assert {row.period_start for row in FeatureAccess.objects.all()} == {datetime(2026, 3, 10, 12, tzinfo=UTC)}


def test_a_limit_of_0_is_off_whatever_the_switch_says(noon: Any, no_catalog: None, alice: User) -> None:
    plan = PlanFactory(features={"reports": True}, limits={"reports_per_month": 0, "calls_per_month": 0})
    services.grant_plan(user=alice, plan=plan, now=NOW)
    assert access_of(alice) == {"reports": (False, 0), "calls": (False, 0)}


def test_what_has_a_limit_and_no_switch_anywhere_is_unlimited_where_nothing_is_said(
    noon: Any, alice: User, basic: SubscriptionPlan, plus: SubscriptionPlan
) -> None:
    services.grant_plan(user=alice, plan=plus, now=NOW)
    assert access_of(alice)["calls"] == (True, None)


def test_another_plan_keeps_what_was_used_this_month(subscription: Subscription, alice: User, plus: SubscriptionPlan) -> None:
    services.record_usage(user=alice, feature="reports", amount=3, now=NOW)
    services.grant_plan(user=alice, plan=plus, now=NOW)
    row = FeatureAccess.objects.for_user(alice).get(feature_name="reports")
    assert (row.usage_count, row.usage_limit, row.last_used_at) == (3, 10, NOW)


def test_what_the_new_plan_does_not_know_is_closed(subscription: Subscription, alice: User) -> None:
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
    assert access_of(alice) == {}


def test_a_trial_opens_its_plan_until_it_ends(noon: Any, alice: User, basic: SubscriptionPlan) -> None:
    ends = datetime(2026, 3, 24, tzinfo=UTC)
    SubscriptionFactory(user=alice, plan=basic, running=True, status="trialing", trial_end=ends)
    services.sync_feature_access(user=alice, now=NOW)
    assert {row.expires_at for row in FeatureAccess.objects.for_user(alice)} == {ends}


def test_another_customers_access_stays(subscription: Subscription, bob: User, plus: SubscriptionPlan) -> None:
    FeatureAccessFactory(user=bob, feature_name="goodwill")
    services.grant_plan(user=subscription.user, plan=plus, now=NOW)
    assert access_of(bob) == {"goodwill": (True, 100)}


def test_settling_twice_changes_nothing(subscription: Subscription, alice: User) -> None:
    before = list(FeatureAccess.objects.order_by("pk").values())
    services.sync_feature_access(user=alice, now=NOW)
    assert list(FeatureAccess.objects.order_by("pk").values()) == before


def test_a_changed_plan_is_brought_to_all_who_have_it_actively(
    subscription: Subscription, alice: User, bob: User, basic: SubscriptionPlan
) -> None:
    SubscriptionFactory(user=bob, plan=basic, running=True, status="past_due")
    SubscriptionPlan.objects.filter(pk=basic.pk).update(features={"reports": False, "export": True}, limits={})
    tasks.regrant_plan(plan_id=str(basic.pk))
    expected = {"reports": (False, None), "export": (True, None), "insights": (False, None), "calls": (False, 1)}
    assert access_of(alice) == expected
    assert access_of(bob) == {}


def test_a_plan_that_is_gone_is_brought_to_nobody(subscription: Subscription, alice: User) -> None:
    tasks.regrant_plan(plan_id="01978c5e-0000-7000-8000-000000000000")
    assert access_of(alice)["reports"] == (True, 4)


def test_many_customers_are_brought_along_in_few_statements(noon: Any, basic: SubscriptionPlan) -> None:
    SubscriptionFactory.create_batch(30, plan=basic, running=True)
    with CaptureQueriesContext(connection) as queries:
        assert services.regrant_plan(plan=basic, now=NOW) == 30
    assert len(queries) <= 10
    assert FeatureAccess.objects.filter(is_enabled=True).count() == 60


def test_batches_follow_one_another(noon: Any, basic: SubscriptionPlan, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("billing.services.feature_access.BATCH", 2)
    SubscriptionFactory.create_batch(5, plan=basic, running=True)
    assert services.regrant_plan(plan=basic, now=NOW) == 5
