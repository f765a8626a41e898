"""Cancellation, reactivation and change of plan of subscriptions without Stripe."""

from datetime import UTC, datetime
from typing import Any

import pytest
from rest_framework.test import APIClient

from billing import services
from billing.models import FeatureAccess, Subscription, SubscriptionPlan
from billing.plan_access import RENEWAL_LAG
from core.errors import ConflictError
from dev.factories import PlanFactory, SubscriptionFactory
from tests.billing.conftest import NOW
from tests.conftest import ClientFor
from users.models import User

URL = "/api/v1/billing/subscriptions/"


def usable(client: APIClient) -> list[str]:
    """Return the features that can be used, as the API lists them."""
    found = client.get("/api/v1/billing/feature-access/", {"can_use": "true"}).json()["results"]
    return [row["feature_name"] for row in found]


def ends_of(user: User) -> set[datetime | None]:
    """Return when the access to the features of a plan ends."""
    rows = FeatureAccess.objects.for_user(user).exclude(feature_name="data_export")
    return set(rows.values_list("expires_at", flat=True))


@pytest.fixture
def act(subscription: Subscription, as_alice: APIClient) -> Any:
    """Return a function that calls an action of Alice's subscription."""

    def call(action: str, body: Any = None) -> Any:
        return as_alice.post(f"{URL}{subscription.pk}/{action}/", body or {})

    return call


def problem(response: Any) -> tuple[int, str]:
    return response.status_code, response.json()["errors"][0]["code"]


def enabled(user: User) -> set[str]:
    """Return the user's features, without the one that is free."""
    rows = FeatureAccess.objects.for_user(user).filter(is_enabled=True).exclude(feature_name="data_export")
    return set(rows.values_list("feature_name", flat=True))


def test_users_read_their_subscription(as_alice: APIClient, subscription: Subscription) -> None:
    [shown] = as_alice.get(URL, {"is_active": "true"}).json()["results"]
    assert (shown["plan"], shown["status"]) == (str(subscription.plan_id), "active")
    assert (shown["is_active"], shown["is_trial"], shown["days_until_renewal"]) == (True, False, 21)


@pytest.mark.parametrize("method", ["put", "patch", "delete"])
def test_users_can_not_write_it(method: str, as_alice: APIClient, subscription: Subscription) -> None:
    assert getattr(as_alice, method)(f"{URL}{subscription.pk}/", {"status": "active"}).status_code == 405


def test_users_can_not_create_one(as_alice: APIClient, basic: SubscriptionPlan) -> None:
    assert as_alice.post(URL, {"plan": str(basic.pk), "status": "active"}).status_code == 405


def test_it_is_canceled_at_the_end_of_its_period(act: Any, alice: User) -> None:
    shown = act("cancel").json()
    assert (shown["status"], shown["cancel_at_period_end"], shown["days_until_renewal"]) == ("active", True, None)
    assert shown["canceled_at"] == "2026-03-20T12:00:00Z"
    assert enabled(alice) == {"reports", "calls"}
    assert ends_of(alice) == {datetime(2026, 4, 10, 12, tzinfo=UTC)}


def test_access_ends_exactly_with_the_period(act: Any, as_alice: APIClient, noon: Any) -> None:
    act("cancel")
    noon.move_to(datetime(2026, 4, 10, 11, 59, 59, tzinfo=UTC))
    assert usable(as_alice) == ["calls", "data_export", "reports"]
    noon.move_to(datetime(2026, 4, 10, 12, tzinfo=UTC))
    assert usable(as_alice) == ["data_export"]


def test_it_is_canceled_at_once(act: Any, alice: User) -> None:
    shown = act("cancel", {"at_period_end": False}).json()
    assert (shown["status"], shown["is_active"], shown["days_until_renewal"]) == ("canceled", False, None)
    assert enabled(alice) == set()


def test_a_canceled_one_can_still_be_ended_at_once(act: Any) -> None:
    act("cancel")
    assert act("cancel", {"at_period_end": False}).json()["status"] == "canceled"


def test_canceling_twice_is_a_conflict(act: Any) -> None:
    act("cancel")
    assert problem(act("cancel")) == (409, "already_cancelled")


@pytest.mark.parametrize("status", ["canceled", "incomplete", "incomplete_expired"])
@pytest.mark.parametrize("at_period_end", [True, False])
def test_one_that_does_not_run_can_not_be_canceled(act: Any, alice: User, status: str, at_period_end: bool) -> None:
    Subscription.objects.for_user(alice).update(status=status)
    assert problem(act("cancel", {"at_period_end": at_period_end})) == (409, "not_running")


def test_one_without_a_period_can_only_be_canceled_at_once(act: Any, alice: User) -> None:
    Subscription.objects.for_user(alice).update(current_period_start=None, current_period_end=None)
    assert problem(act("cancel")) == (409, "no_period")
    assert act("cancel", {"at_period_end": False}).status_code == 200


def test_a_cancellation_is_reverted(act: Any, alice: User) -> None:
    act("cancel")
    shown = act("reactivate").json()
    assert (shown["cancel_at_period_end"], shown["canceled_at"], shown["days_until_renewal"]) == (False, None, 21)
    # access outlasts the period until the renewal is due to have arrived
    assert ends_of(alice) == {datetime(2026, 4, 10, 12, tzinfo=UTC) + RENEWAL_LAG}


def test_an_ended_one_is_reactivated_within_its_period(act: Any, alice: User) -> None:
    act("cancel", {"at_period_end": False})
    assert act("reactivate").json()["status"] == "active"
    assert enabled(alice) == {"reports", "calls"}


def test_a_canceled_trial_is_reactivated_as_a_trial(act: Any, alice: User) -> None:
    Subscription.objects.for_user(alice).update(status="trialing", trial_end=datetime(2026, 4, 10, 12, tzinfo=UTC))
    act("cancel", {"at_period_end": False})
    shown = act("reactivate").json()
    assert (shown["status"], shown["is_trial"]) == ("trialing", True)


def test_a_trial_without_a_period_ends_with_the_trial(act: Any, alice: User) -> None:
    ends = datetime(2026, 4, 1, tzinfo=UTC)
    period: dict[str, Any] = {"current_period_start": None, "current_period_end": None}
    Subscription.objects.for_user(alice).update(status="trialing", trial_end=ends, **period)
    assert act("cancel").json()["cancel_at_period_end"] is True
    assert ends_of(alice) == {ends}


def test_an_ended_one_is_not_reactivated_after_its_period(act: Any, noon: Any) -> None:
    act("cancel", {"at_period_end": False})
    noon.move_to(datetime(2026, 4, 10, 12, tzinfo=UTC))
    assert problem(act("reactivate")) == (409, "ended")


def test_one_that_was_not_canceled_can_not_be_reactivated(act: Any) -> None:
    assert problem(act("reactivate")) == (409, "not_cancelled")


def test_an_ended_one_is_not_reactivated_beside_another(act: Any, alice: User) -> None:
    act("cancel", {"at_period_end": False})
    SubscriptionFactory(user=alice, running=True)
    assert problem(act("reactivate")) == (409, "another_runs")


def test_a_cheaper_plan_takes_effect_at_once(act: Any, alice: User, basic: SubscriptionPlan, plus: SubscriptionPlan) -> None:
    Subscription.objects.for_user(alice).update(plan=plus)
    services.sync_feature_access(user=alice, now=NOW)
    assert enabled(alice) == {"reports", "insights", "export", "calls"}
    assert act("change-plan", {"plan": str(basic.pk)}).json()["plan"] == str(basic.pk)
    assert enabled(alice) == {"reports", "calls"}


def test_a_more_expensive_plan_needs_a_payment(act: Any, alice: User, plus: SubscriptionPlan) -> None:
    assert problem(act("change-plan", {"plan": str(plus.pk)})) == (402, "payment_required")
    assert enabled(alice) == {"reports", "calls"}


def test_a_yearly_price_is_compared_by_the_month(act: Any) -> None:
    year = PlanFactory(billing_cycle="yearly", price="120.00")
    expensive = PlanFactory(billing_cycle="yearly", price="120.01")
    assert problem(act("change-plan", {"plan": str(expensive.pk)})) == (402, "payment_required")
    assert act("change-plan", {"plan": str(year.pk)}).status_code == 200


def test_prices_in_two_currencies_are_not_compared(act: Any) -> None:
    yen = PlanFactory(price="1.00", currency="JPY")
    assert problem(act("change-plan", {"plan": str(yen.pk)})) == (402, "payment_required")


def test_during_a_trial_every_plan_can_be_chosen(act: Any, alice: User, plus: SubscriptionPlan) -> None:
    Subscription.objects.for_user(alice).update(status="trialing", trial_end=datetime(2026, 4, 1, tzinfo=UTC))
    assert act("change-plan", {"plan": str(plus.pk)}).json()["plan"] == str(plus.pk)


def test_a_retired_plan_can_not_be_chosen(act: Any) -> None:
    response = act("change-plan", {"plan": str(PlanFactory(is_active=False).pk)})
    assert problem(response) == (400, "does_not_exist")
    assert response.json()["errors"][0]["attr"] == "plan"


def test_the_same_plan_is_a_conflict(act: Any, basic: SubscriptionPlan) -> None:
    assert problem(act("change-plan", {"plan": str(basic.pk)})) == (409, "same_plan")


@pytest.mark.parametrize("status", ["past_due", "unpaid", "paused", "canceled"])
def test_only_an_active_one_changes_its_plan(act: Any, alice: User, status: str) -> None:
    Subscription.objects.for_user(alice).update(status=status)
    cheaper = PlanFactory(price="1.00")
    assert problem(act("change-plan", {"plan": str(cheaper.pk)})) == (409, "not_active")


@pytest.mark.parametrize("action", ["cancel", "reactivate", "change-plan"])
def test_one_of_stripe_is_not_changed_without_stripe(act: Any, alice: User, plus: SubscriptionPlan, action: str) -> None:
    Subscription.objects.for_user(alice).update(stripe_subscription_id="sub_1", cancel_at_period_end=action == "reactivate")
    before = Subscription.objects.for_user(alice).values().get()
    bodies = {"change-plan": {"plan": str(plus.pk)}}
    assert problem(act(action, bodies.get(action))) == (503, "payments_unavailable")
    assert Subscription.objects.for_user(alice).values().get() == before


def test_an_action_honors_if_match(subscription: Subscription, as_alice: APIClient) -> None:
    response = as_alice.post(f"{URL}{subscription.pk}/cancel/", {}, headers={"If-Match": '"old"'})
    assert response.status_code == 412


def test_a_subscription_is_not_canceled_by_another_user(subscription: Subscription, bob: User, api: ClientFor) -> None:
    assert api(bob).post(f"{URL}{subscription.pk}/cancel/", {}).status_code == 404


def test_an_action_refuses_unknown_fields(act: Any) -> None:
    assert problem(act("cancel", {"at_period_end": False, "now": True})) == (400, "unknown_field")


def test_deleting_one_closes_its_features(subscription: Subscription, alice: User) -> None:
    services.delete_subscription(subscription, now=NOW)
    assert enabled(alice) == set()


def test_one_of_stripe_can_not_be_deleted(subscription: Subscription) -> None:
    subscription.stripe_subscription_id = "sub_1"
    with pytest.raises(ConflictError, match="Stripe"):
        services.delete_subscription(subscription, now=NOW)


def test_a_change_of_a_granted_one_is_previewed_for_free(act: Any, basic: SubscriptionPlan, alice: User) -> None:
    cheaper = PlanFactory(name="Small", price="5.00")
    shown = act("preview-change", {"plan": str(cheaper.pk)}).json()
    assert (shown["due_now"], shown["total"], shown["currency"], shown["lines"]) == ("0.00", "0.00", "USD", [])
    assert Subscription.objects.for_user(alice).get().plan == basic


def test_a_preview_of_a_granted_one_is_refused_like_the_change(
    act: Any, plus: SubscriptionPlan, basic: SubscriptionPlan
) -> None:
    for plan, refusal in ((plus, (402, "payment_required")), (basic, (409, "same_plan"))):
        assert problem(act("preview-change", {"plan": str(plan.pk)})) == refusal
        assert problem(act("change-plan", {"plan": str(plan.pk)})) == refusal
