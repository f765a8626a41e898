"""The hourly job for subscriptions without Stripe whose period or trial has ended."""

from datetime import UTC, datetime
from typing import Any

import pytest
from procrastinate.contrib.django import app

from billing import services, tasks
from billing.models import FeatureAccess, Subscription
from dev.factories import PlanFactory, SubscriptionFactory
from tests.billing.conftest import NOW
from users.models import User

LATER = datetime(2026, 4, 10, 12, tzinfo=UTC)


def run_job(subscription: Subscription, now: datetime) -> Subscription:
    services.process_period_ends(now=now)
    subscription.refresh_from_db()
    return subscription


def test_it_runs_every_hour() -> None:
    planned = {(item.task.name, item.cron) for item in app.periodic_registry.periodic_tasks.values()}
    assert ("billing.tasks.process_period_ends", "7 * * * *") in planned


def test_an_active_one_is_renewed(subscription: Subscription) -> None:
    assert run_job(subscription, LATER).current_period_start == LATER
    assert subscription.current_period_end == datetime(2026, 5, 10, 12, tzinfo=UTC)
    assert subscription.status == "active"


def test_missed_periods_are_skipped(subscription: Subscription) -> None:
    assert run_job(subscription, datetime(2026, 7, 1, tzinfo=UTC)).current_period_start == datetime(2026, 6, 10, 12, tzinfo=UTC)


def test_it_is_renewed_by_the_cycle_of_its_plan(subscription: Subscription) -> None:
    Subscription.objects.update(plan=PlanFactory(billing_cycle="yearly"))
    assert run_job(subscription, LATER).current_period_end == datetime(2027, 3, 10, 12, tzinfo=UTC)


def test_a_running_period_is_not_changed(subscription: Subscription) -> None:
    assert run_job(subscription, NOW).current_period_start == datetime(2026, 3, 10, 12, tzinfo=UTC)


def test_a_canceled_one_ends(subscription: Subscription, alice: User) -> None:
    services.cancel_at_period_end(subscription, now=NOW)
    assert run_job(subscription, LATER).status == "canceled"
    assert subscription.canceled_at == NOW
    [free] = FeatureAccess.objects.for_user(alice).filter(is_enabled=True)
    assert free.feature_name == "data_export"


def test_a_trial_ends(noon: Any, alice: User) -> None:
    trial = SubscriptionFactory(user=alice, running=True, status="trialing", trial_end=datetime(2026, 3, 24, tzinfo=UTC))
    assert run_job(trial, datetime(2026, 3, 24, tzinfo=UTC)).status == "canceled"


@pytest.mark.parametrize("status", ["past_due", "unpaid", "paused"])
def test_a_canceled_one_ends_although_it_is_unpaid(subscription: Subscription, status: str) -> None:
    Subscription.objects.update(status=status, cancel_at_period_end=True)
    assert run_job(subscription, LATER).status == "canceled"


@pytest.mark.parametrize("values", [{"stripe_subscription_id": "sub_1"}, {"status": "past_due"}, {"status": "unpaid"}])
def test_unpaid_ones_and_those_of_stripe_are_not_renewed(subscription: Subscription, values: dict[str, str]) -> None:
    Subscription.objects.update(**values)
    assert run_job(subscription, LATER).current_period_start == datetime(2026, 3, 10, 12, tzinfo=UTC)


def test_the_job_takes_the_time_from_the_clock(subscription: Subscription, noon: Any) -> None:
    noon.move_to(LATER)
    tasks.process_period_ends(timestamp=0)
    subscription.refresh_from_db()
    assert subscription.current_period_start == LATER
