"""What the hourly job does to subscriptions that are kept here, when their period or trial is over."""

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


def passed(subscription: Subscription, now: datetime) -> Subscription:
    services.process_period_ends(now=now)
    subscription.refresh_from_db()
    return subscription


def test_it_runs_every_hour() -> None:
    planned = {(item.task.name, item.cron) for item in app.periodic_registry.periodic_tasks.values()}
    assert ("billing.tasks.process_period_ends", "7 * * * *") in planned


def test_an_active_one_is_renewed(subscription: Subscription) -> None:
    assert passed(subscription, LATER).current_period_start == LATER
    assert subscription.current_period_end == datetime(2026, 5, 10, 12, tzinfo=UTC)
    assert subscription.status == "active"


def test_periods_that_nobody_looked_at_are_passed_over(subscription: Subscription) -> None:
    assert passed(subscription, datetime(2026, 7, 1, tzinfo=UTC)).current_period_start == datetime(2026, 6, 10, 12, tzinfo=UTC)


def test_it_is_renewed_by_the_cycle_of_its_plan(subscription: Subscription) -> None:
    Subscription.objects.update(plan=PlanFactory(billing_cycle="yearly"))
    assert passed(subscription, LATER).current_period_end == datetime(2027, 3, 10, 12, tzinfo=UTC)


def test_one_that_is_not_over_stays(subscription: Subscription) -> None:
    assert passed(subscription, NOW).current_period_start == datetime(2026, 3, 10, 12, tzinfo=UTC)


def test_a_cancelled_one_ends(subscription: Subscription, alice: User) -> None:
    services.cancel_at_period_end(subscription, now=NOW)
    assert passed(subscription, LATER).status == "canceled"
    assert subscription.canceled_at == NOW
    assert not FeatureAccess.objects.for_user(alice).filter(is_enabled=True).exists()


def test_a_trial_ends(noon: Any, alice: User) -> None:
    trial = SubscriptionFactory(user=alice, running=True, status="trialing", trial_end=datetime(2026, 3, 24, tzinfo=UTC))
    assert passed(trial, datetime(2026, 3, 24, tzinfo=UTC)).status == "canceled"


@pytest.mark.parametrize("status", ["past_due", "unpaid", "paused"])
def test_a_cancelled_one_ends_also_when_it_was_not_paid(subscription: Subscription, status: str) -> None:
    Subscription.objects.update(status=status, cancel_at_period_end=True)
    assert passed(subscription, LATER).status == "canceled"


@pytest.mark.parametrize("values", [{"stripe_subscription_id": "sub_1"}, {"status": "past_due"}, {"status": "unpaid"}])
def test_what_is_not_ours_to_renew_stays(subscription: Subscription, values: dict[str, str]) -> None:
    Subscription.objects.update(**values)
    assert passed(subscription, LATER).current_period_start == datetime(2026, 3, 10, 12, tzinfo=UTC)


def test_the_job_takes_the_time_from_the_clock(subscription: Subscription, noon: Any) -> None:
    noon.move_to(LATER)
    tasks.process_period_ends(timestamp=0)
    subscription.refresh_from_db()
    assert subscription.current_period_start == LATER
