"""Subscriptions that the dashboard or the portal moved to a price that no plan has."""

from typing import Any

import pytest

from billing import services
from billing.models import FeatureAccess, StripeCustomer, Subscription, SubscriptionPlan
from core import clock
from dev.factories import UserFactory
from system.models import SystemAlert
from tests.billing.stripe_payments import Payments
from tests.dev.stripe.fixtures import client_of
from users.models import User

pytestmark = pytest.mark.django_db
DAY = 86_400


@pytest.fixture
def foreign_price(payments: Payments) -> str:
    """Return a price of another app, whose metadata has a `plan_id` of its own."""
    v1 = client_of(payments.stripe).v1
    product = v1.products.create({"name": "Acme"})
    recurring: Any = {"interval": "month"}
    given: Any = {"product": product.id, "currency": "usd", "unit_amount": 700, "recurring": recurring}
    given["metadata"] = {"plan_id": "gold"}
    return str(v1.prices.create(given).id)


def move(payments: Payments, subscription: Subscription, price: str) -> None:
    """Move a subscription to another price at Stripe, as the dashboard does, and handle the events."""
    v1 = client_of(payments.stripe).v1
    [item] = v1.subscriptions.retrieve(subscription.stripe_subscription_id)["items"].data
    v1.subscriptions.update(subscription.stripe_subscription_id, {"items": [{"id": item.id, "price": price}]})
    payments.process_events(now=clock.now())
    subscription.refresh_from_db()


@pytest.fixture
def bought(payments: Payments, mid_tier: SubscriptionPlan, alice: User) -> Subscription:
    payments.buy(alice, mid_tier, now=clock.now())
    payments.process_events(now=clock.now())
    return Subscription.objects.get(user=alice)


def enabled(user: User) -> set[str]:
    return set(FeatureAccess.objects.filter(user=user, is_enabled=True).values_list("feature_name", flat=True))


def test_an_unknown_price_closes_the_plans_features(
    payments: Payments, bought: Subscription, foreign_price: str, alice: User
) -> None:
    before = enabled(alice)
    move(payments, bought, foreign_price)
    assert (bought.status, bought.unknown_price_id) == ("trialing", foreign_price)
    assert enabled(alice) < before
    explanation = services.explain_feature(user=alice, feature="custom_reports", now=clock.now())
    assert "a price that belongs to no plan" in str(explanation)


def test_the_period_and_the_end_follow_stripe(payments: Payments, bought: Subscription, foreign_price: str) -> None:
    move(payments, bought, foreign_price)
    trial_end = bought.trial_end
    payments.stripe.advance(16 * DAY)
    payments.process_events(now=clock.now())
    bought.refresh_from_db()
    assert bought.status == "active"
    assert bought.current_period_start == trial_end
    client_of(payments.stripe).v1.subscriptions.update(bought.stripe_subscription_id, {"cancel_at_period_end": True})
    payments.process_events(now=clock.now())
    bought.refresh_from_db()
    assert bought.cancel_at_period_end


def test_after_the_cancellation_another_plan_can_be_bought(
    payments: Payments, bought: Subscription, foreign_price: str, alice: User, mid_tier: SubscriptionPlan
) -> None:
    move(payments, bought, foreign_price)
    client_of(payments.stripe).v1.subscriptions.cancel(bought.stripe_subscription_id)
    payments.process_events(now=clock.now())
    bought.refresh_from_db()
    assert bought.status == "canceled"
    assert services.start_checkout(user=alice, plan=mid_tier, now=clock.now()).url


def test_a_subscription_that_returns_to_a_plan_opens_it_again(
    payments: Payments, bought: Subscription, foreign_price: str, alice: User
) -> None:
    before = enabled(alice)
    move(payments, bought, foreign_price)
    professional = SubscriptionPlan.objects.get(name="Professional", billing_cycle="monthly")
    move(payments, bought, professional.stripe_price_id)
    assert (bought.plan, bought.unknown_price_id) == (professional, "")
    assert enabled(alice) >= before
    assert StripeCustomer.objects.get(user=alice).problems == ""


def test_staff_are_told_of_a_price_once_for_all_customers(
    payments: Payments, mid_tier: SubscriptionPlan, foreign_price: str, administrator: User
) -> None:
    users = UserFactory.create_batch(3)
    for user in users:
        payments.buy(user, mid_tier, now=clock.now())
    payments.process_events(now=clock.now())
    for subscription in Subscription.objects.filter(user__in=users):
        move(payments, subscription, foreign_price)
    payments.stripe.advance(40 * DAY)
    payments.process_events(now=clock.now())
    alerts = SystemAlert.objects.filter(user=administrator, message__contains=foreign_price)
    assert [alert.message for alert in alerts] == [
        f"The price {foreign_price} belongs to no plan, so its subscriptions grant no access. "
        "Give it to a plan, or move them to another price."
    ]
    assert StripeCustomer.objects.filter(problems__contains=foreign_price).count() == 3


def test_the_plan_is_found_beside_an_item_of_another_app(
    payments: Payments, bought: Subscription, foreign_price: str, alice: User
) -> None:
    before = enabled(alice)
    v1 = client_of(payments.stripe).v1
    [item] = v1.subscriptions.retrieve(bought.stripe_subscription_id)["items"].data
    items: Any = [{"id": item.id, "deleted": True}, {"price": foreign_price}, {"price": item.price.id}]
    v1.subscriptions.update(bought.stripe_subscription_id, {"items": items})
    payments.process_events(now=clock.now())
    bought.refresh_from_db()
    assert bought.unknown_price_id == ""
    assert enabled(alice) == before
