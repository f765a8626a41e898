"""Cancelling, coming back and moving to another plan, for subscriptions that are kept here."""

from datetime import UTC, datetime
from typing import Any

import pytest
from rest_framework.test import APIClient

from billing import services
from billing.models import FeatureAccess, Subscription, SubscriptionPlan
from billing.plan_access import LAG
from core.errors import ConflictError
from dev.factories import PlanFactory, SubscriptionFactory
from tests.billing.conftest import NOW
from tests.conftest import ClientFor
from users.models import User

URL = "/api/v1/billing/subscriptions/"


@pytest.fixture
def act(subscription: Subscription, as_alice: APIClient) -> Any:
    """Calls an action of Alice's subscription."""

    def call(action: str, body: Any = None) -> Any:
        return as_alice.post(f"{URL}{subscription.pk}/{action}/", body or {})

    return call


def problem(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json()["errors"][0]["code"]


def enabled(user: User) -> set[str]:
    return set(FeatureAccess.objects.for_user(user).filter(is_enabled=True).values_list("feature_name", flat=True))


def test_a_user_reads_his_subscription(as_alice: APIClient, subscription: Subscription) -> None:
    [shown] = as_alice.get(URL, {"is_active": "true"}).json()["results"]
    assert (shown["plan"], shown["status"]) == (str(subscription.plan_id), "active")
    assert (shown["is_active"], shown["is_trial"], shown["days_until_renewal"]) == (True, False, 21)


@pytest.mark.parametrize("method", ["put", "patch", "delete"])
def test_a_user_does_not_write_it(method: str, as_alice: APIClient, subscription: Subscription) -> None:
    assert getattr(as_alice, method)(f"{URL}{subscription.pk}/", {"status": "active"}).status_code == 405


def test_a_user_does_not_make_one(as_alice: APIClient, basic: SubscriptionPlan) -> None:
    assert as_alice.post(URL, {"plan": str(basic.pk), "status": "active"}).status_code == 405


def test_it_is_cancelled_at_the_end_of_its_period(act: Any, alice: User) -> None:
    shown = act("cancel").json()
    assert (shown["status"], shown["cancel_at_period_end"], shown["days_until_renewal"]) == ("active", True, None)
    assert shown["canceled_at"] == "2026-03-20T12:00:00Z"
    assert enabled(alice) == {"reports", "calls"}
    assert set(FeatureAccess.objects.values_list("expires_at", flat=True)) == {datetime(2026, 4, 10, 12, tzinfo=UTC)}


def test_access_ends_with_the_period_on_the_second(act: Any, as_alice: APIClient, noon: Any) -> None:
    act("cancel")
    noon.move_to(datetime(2026, 4, 10, 11, 59, 59, tzinfo=UTC))
    assert len(as_alice.get("/api/v1/billing/feature-access/", {"can_use": "true"}).json()["results"]) == 2
    noon.move_to(datetime(2026, 4, 10, 12, tzinfo=UTC))
    assert as_alice.get("/api/v1/billing/feature-access/", {"can_use": "true"}).json()["results"] == []


def test_it_is_cancelled_at_once(act: Any, alice: User) -> None:
    shown = act("cancel", {"at_period_end": False}).json()
    assert (shown["status"], shown["is_active"], shown["days_until_renewal"]) == ("canceled", False, None)
    assert enabled(alice) == set()


def test_what_was_going_to_end_can_be_ended_at_once(act: Any) -> None:
    act("cancel")
    assert act("cancel", {"at_period_end": False}).json()["status"] == "canceled"


def test_cancelling_twice_is_a_conflict(act: Any) -> None:
    act("cancel")
    assert problem(act("cancel")) == (409, "already_cancelled")


@pytest.mark.parametrize("status", ["canceled", "incomplete", "incomplete_expired"])
@pytest.mark.parametrize("at_period_end", [True, False])
def test_what_does_not_run_is_not_cancelled(act: Any, alice: User, status: str, at_period_end: bool) -> None:
    Subscription.objects.for_user(alice).update(status=status)
    assert problem(act("cancel", {"at_period_end": at_period_end})) == (409, "not_running")


def test_what_has_no_period_can_only_be_cancelled_at_once(act: Any, alice: User) -> None:
    Subscription.objects.for_user(alice).update(current_period_start=None, current_period_end=None)
    assert problem(act("cancel")) == (409, "no_period")
    assert act("cancel", {"at_period_end": False}).status_code == 200


def test_a_cancellation_is_taken_back(act: Any, alice: User) -> None:
    act("cancel")
    shown = act("reactivate").json()
    assert (shown["cancel_at_period_end"], shown["canceled_at"], shown["days_until_renewal"]) == (False, None, 21)
    # its renewal is waited for a while
    assert set(FeatureAccess.objects.values_list("expires_at", flat=True)) == {datetime(2026, 4, 10, 12, tzinfo=UTC) + LAG}


def test_one_that_was_ended_at_once_is_taken_back_within_its_period(act: Any, alice: User) -> None:
    act("cancel", {"at_period_end": False})
    assert act("reactivate").json()["status"] == "active"
    assert enabled(alice) == {"reports", "calls"}


def test_a_trial_comes_back_as_a_trial(act: Any, alice: User) -> None:
    Subscription.objects.for_user(alice).update(status="trialing", trial_end=datetime(2026, 4, 10, 12, tzinfo=UTC))
    act("cancel", {"at_period_end": False})
    shown = act("reactivate").json()
    assert (shown["status"], shown["is_trial"]) == ("trialing", True)


def test_a_trial_without_a_period_runs_out_with_the_trial(act: Any, alice: User) -> None:
    ends = datetime(2026, 4, 1, tzinfo=UTC)
    period: dict[str, Any] = {"current_period_start": None, "current_period_end": None}
    Subscription.objects.for_user(alice).update(status="trialing", trial_end=ends, **period)
    assert act("cancel").json()["cancel_at_period_end"] is True
    assert set(FeatureAccess.objects.values_list("expires_at", flat=True)) == {ends}


def test_nothing_is_taken_back_after_the_period(act: Any, noon: Any) -> None:
    act("cancel", {"at_period_end": False})
    noon.move_to(datetime(2026, 4, 10, 12, tzinfo=UTC))
    assert problem(act("reactivate")) == (409, "ended")


def test_nothing_is_taken_back_that_was_not_cancelled(act: Any) -> None:
    assert problem(act("reactivate")) == (409, "not_cancelled")


def test_an_ended_one_does_not_come_back_beside_another(act: Any, alice: User) -> None:
    act("cancel", {"at_period_end": False})
    SubscriptionFactory(user=alice, running=True)
    assert problem(act("reactivate")) == (409, "another_runs")


def test_a_cheaper_plan_is_taken_at_once(act: Any, alice: User, basic: SubscriptionPlan, plus: SubscriptionPlan) -> None:
    Subscription.objects.for_user(alice).update(plan=plus)
    services.sync_feature_access(user=alice, now=NOW)
    assert enabled(alice) == {"reports", "insights", "export", "calls"}
    assert act("change-plan", {"plan": str(basic.pk)}).json()["plan"] == str(basic.pk)
    assert enabled(alice) == {"reports", "calls"}


def test_a_dearer_plan_wants_to_be_paid(act: Any, alice: User, plus: SubscriptionPlan) -> None:
    assert problem(act("change-plan", {"plan": str(plus.pk)})) == (402, "payment_required")
    assert enabled(alice) == {"reports", "calls"}


def test_a_yearly_price_counts_by_the_month(act: Any) -> None:
    year = PlanFactory(billing_cycle="yearly", price="120.00")
    dearer = PlanFactory(billing_cycle="yearly", price="120.01")
    assert problem(act("change-plan", {"plan": str(dearer.pk)})) == (402, "payment_required")
    assert act("change-plan", {"plan": str(year.pk)}).status_code == 200


def test_prices_in_two_currencies_are_not_compared(act: Any) -> None:
    yen = PlanFactory(price="1.00", currency="JPY")
    assert problem(act("change-plan", {"plan": str(yen.pk)})) == (402, "payment_required")


def test_during_a_trial_every_plan_can_be_tried(act: Any, alice: User, plus: SubscriptionPlan) -> None:
    Subscription.objects.for_user(alice).update(status="trialing", trial_end=datetime(2026, 4, 1, tzinfo=UTC))
    assert act("change-plan", {"plan": str(plus.pk)}).json()["plan"] == str(plus.pk)


def test_a_retired_plan_is_not_taken(act: Any) -> None:
    answer = act("change-plan", {"plan": str(PlanFactory(is_active=False).pk)})
    assert problem(answer) == (400, "does_not_exist")
    assert answer.json()["errors"][0]["attr"] == "plan"


def test_the_same_plan_is_a_conflict(act: Any, basic: SubscriptionPlan) -> None:
    assert problem(act("change-plan", {"plan": str(basic.pk)})) == (409, "same_plan")


@pytest.mark.parametrize("status", ["past_due", "unpaid", "paused", "canceled"])
def test_only_an_active_one_changes_its_plan(act: Any, alice: User, status: str) -> None:
    Subscription.objects.for_user(alice).update(status=status)
    cheaper = PlanFactory(price="1.00")
    assert problem(act("change-plan", {"plan": str(cheaper.pk)})) == (409, "not_active")


@pytest.mark.parametrize("action", ["cancel", "reactivate", "change-plan"])
def test_what_stripe_keeps_is_not_changed_without_stripe(act: Any, alice: User, plus: SubscriptionPlan, action: str) -> None:
    Subscription.objects.for_user(alice).update(stripe_subscription_id="sub_1", cancel_at_period_end=action == "reactivate")
    before = Subscription.objects.for_user(alice).values().get()
    bodies = {"change-plan": {"plan": str(plus.pk)}}
    assert problem(act(action, bodies.get(action))) == (503, "payments_unavailable")
    assert Subscription.objects.for_user(alice).values().get() == before


def test_an_action_honours_if_match(subscription: Subscription, as_alice: APIClient) -> None:
    answer = as_alice.post(f"{URL}{subscription.pk}/cancel/", {}, headers={"If-Match": '"old"'})
    assert answer.status_code == 412


def test_a_subscription_is_not_cancelled_by_another_user(subscription: Subscription, bob: User, api: ClientFor) -> None:
    assert api(bob).post(f"{URL}{subscription.pk}/cancel/", {}).status_code == 404


def test_an_action_knows_its_fields(act: Any) -> None:
    assert problem(act("cancel", {"at_period_end": False, "now": True})) == (400, "unknown_field")


def test_deleting_one_closes_what_it_opened(subscription: Subscription, alice: User) -> None:
    services.delete_subscription(subscription, now=NOW)
    assert enabled(alice) == set()


def test_what_stripe_keeps_is_not_deleted(subscription: Subscription) -> None:
    subscription.stripe_subscription_id = "sub_1"
    with pytest.raises(ConflictError, match="Stripe"):
        services.delete_subscription(subscription, now=NOW)
