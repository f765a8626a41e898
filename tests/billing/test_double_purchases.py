"""Two clicks: a plan is bought twice before the first purchase's events arrive. One is canceled and refunded."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
import time_machine

from billing import services, tasks
from billing.models import Adjustment, BillingHistory, StripeCustomer, Subscription, SubscriptionPlan
from billing.stripe import client as stripe_client
from billing.stripe import reconciliation
from core import clock
from core.errors import ConflictError
from dev.billing_simulation.jobs import run_enqueued
from system.models import SystemAlert
from tests.billing.stripe_payments import Payments
from users.models import User

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _paid_at_once(settings: Any) -> Any:
    settings.BILLING_TRIAL_DAYS = 0
    with time_machine.travel(NOW, tick=False) as traveler:
        yield traveler


def buy_twice(payments: Payments, user: User, first: SubscriptionPlan, second: SubscriptionPlan, **more: Any) -> None:
    """Buy two plans on pages that were both open, as an attacker or a slow network can."""
    page = services.start_checkout(user=user, plan=first, now=clock.now())
    customer = StripeCustomer.objects.get(user=user).stripe_id
    labels = {"user_id": str(user.pk), "plan_id": str(second.pk)}
    other = {
        "mode": "subscription",
        "customer": customer,
        "line_items": [{"price": second.stripe_price_id, "quantity": 1}],
        "subscription_data": {"metadata": labels, **more},
        "success_url": "https://example.com",
    }
    double = stripe_client.write("checkout.sessions.create", other, key=f"double-{customer}")
    payments.stripe.complete_checkout(page.id)
    payments.stripe.advance(5)
    payments.stripe.complete_checkout(double["id"])


def statuses() -> list[tuple[str, str]]:
    """Return plan and status of the subscriptions at Stripe, the oldest first."""
    found = list(stripe_client.list_all("subscriptions", status="all"))[::-1]
    names = {plan.stripe_price_id: plan.name for plan in SubscriptionPlan.objects.exclude(stripe_price_id="")}
    return [(names[item["items"]["data"][0]["price"]["id"]], item["status"]) for item in found]


def refunds() -> list[int]:
    return [refund["amount"] for refund in stripe_client.list_all("refunds")]


@pytest.fixture
def professional(payments: Payments) -> SubscriptionPlan:
    return SubscriptionPlan.objects.get(name="Professional", billing_cycle="monthly")


def test_a_second_page_is_refused_before_the_events_arrive(payments: Payments, mid_tier: SubscriptionPlan, alice: User) -> None:
    payments.buy(alice, mid_tier, now=clock.now())
    with pytest.raises(ConflictError, match="You have bought a plan already") as refused:
        services.start_checkout(user=alice, plan=mid_tier, now=clock.now())
    assert refused.value.code == "already_subscribed"
    assert not Subscription.objects.for_user(alice).exists()


def test_a_canceled_subscription_does_not_stop_a_purchase(payments: Payments, mid_tier: SubscriptionPlan, alice: User) -> None:
    payments.buy(alice, mid_tier, now=clock.now())
    [subscription] = stripe_client.list_all("subscriptions")
    stripe_client.write("subscriptions.cancel", subscription["id"], {}, key="cancel")
    assert services.start_checkout(user=alice, plan=mid_tier, now=clock.now()).url


@pytest.mark.parametrize("is_reconciled", [False, True])
def test_a_second_purchase_is_canceled_and_refunded(
    payments: Payments, mid_tier: SubscriptionPlan, professional: SubscriptionPlan, alice: User, is_reconciled: bool
) -> None:
    buy_twice(payments, alice, mid_tier, professional)
    if is_reconciled:  # all events were lost
        customer = StripeCustomer.objects.get(user=alice)
        assert any("was bought in addition" in str(found) for found in reconciliation.compare_customer(customer, now=NOW))
        assert (Adjustment.objects.count(), refunds()) == (0, [])
        reconciliation.compare_customer(customer, now=NOW, fix=True)
    else:
        payments.process_events(now=NOW)
    run_enqueued()
    assert (statuses(), refunds()) == ([("Mid-tier", "active"), ("Professional", "canceled")], [7500])
    payments.process_events(now=NOW)
    run_enqueued()
    assert Subscription.objects.for_user(alice).running().get().plan == mid_tier
    row = Adjustment.objects.get(kind="refund")
    assert (row.rule, row.status, row.amount) == ("double_purchase", "succeeded", Decimal("75.00"))
    assert (row.requested_by, row.approved_by) == (None, None)
    assert refunds() == [7500]
    assert {invoice.status for invoice in BillingHistory.objects.all()} == {"paid", "refunded"}


def test_the_customer_is_told_once(
    payments: Payments, mid_tier: SubscriptionPlan, professional: SubscriptionPlan, alice: User
) -> None:
    buy_twice(payments, alice, mid_tier, professional)
    for _ in range(2):
        payments.process_events(now=NOW)
        run_enqueued()
    [alert] = SystemAlert.objects.for_user(alice).filter(title="We refund your second purchase")
    assert "refund 75.00 USD to the card or account that you paid with" in alert.message
    assert "Your first subscription continues, and no further action is needed." in alert.message


def test_a_crash_of_the_job_refunds_once(
    payments: Payments, mid_tier: SubscriptionPlan, professional: SubscriptionPlan, alice: User
) -> None:
    buy_twice(payments, alice, mid_tier, professional)
    payments.process_events(now=NOW)
    payments.stripe.fault("drop_after", path="/v1/refunds", method="POST", count=5)
    customer = StripeCustomer.objects.get(user=alice).stripe_id
    running = [found["id"] for found in stripe_client.list_all("subscriptions")]
    with pytest.raises(stripe_client.PaymentsUnavailableError):
        services.settle_customer(customer, running[:1])
    payments.stripe.clear_faults()
    tasks.settle_customer(customer, running[:1])
    tasks.resend_unsent_refunds(timestamp=0)
    run_enqueued()
    assert refunds() == [7500]


def test_the_last_running_subscription_is_never_canceled(payments: Payments, mid_tier: SubscriptionPlan, alice: User) -> None:
    payments.buy(alice, mid_tier, now=clock.now())
    [only] = stripe_client.list_all("subscriptions")
    services.settle_customer(only["customer"], [only["id"]])
    assert statuses() == [("Mid-tier", "active")]


def test_a_subscription_that_staff_created_is_reported_and_left(
    payments: Payments, mid_tier: SubscriptionPlan, alice: User, administrator: User
) -> None:
    payments.buy(alice, mid_tier, now=clock.now())
    customer = StripeCustomer.objects.get(user=alice).stripe_id
    payments.stripe.advance(5)
    parameters = {"customer": customer, "items": [{"price": mid_tier.stripe_price_id}]}
    [method] = stripe_client.list_all("customers.payment_methods", customer)
    stripe_client.write("subscriptions.create", {**parameters, "default_payment_method": method["id"]}, key="second")
    payments.process_events(now=NOW)
    run_enqueued()
    assert (statuses(), refunds()) == ([("Mid-tier", "active"), ("Mid-tier", "active")], [])
    alert = SystemAlert.objects.filter(user=administrator).latest("created_at")
    assert "runs in addition to" in alert.message


def test_the_purchase_that_grants_access_is_retained(
    payments: Payments, mid_tier: SubscriptionPlan, professional: SubscriptionPlan, alice: User
) -> None:
    payments.buy(alice, mid_tier, now=clock.now(), card="failsAtRenewal")
    payments.stripe.advance(31 * 86_400 + 7200)
    customer = StripeCustomer.objects.get(user=alice).stripe_id
    labels = {"user_id": str(alice.pk)}
    method = stripe_client.call("payment_methods.attach", "pm_card_visa", {"customer": customer})
    parameters = {"customer": customer, "items": [{"price": professional.stripe_price_id}], "metadata": labels}
    stripe_client.write("subscriptions.create", {**parameters, "default_payment_method": method["id"]}, key="second")
    payments.process_events(now=NOW)
    run_enqueued()
    assert statuses() == [("Mid-tier", "canceled"), ("Professional", "active")]


def test_of_two_trials_one_is_canceled_and_nothing_is_refunded(
    payments: Payments, mid_tier: SubscriptionPlan, professional: SubscriptionPlan, alice: User, settings: Any
) -> None:
    settings.BILLING_TRIAL_DAYS = 14
    buy_twice(payments, alice, mid_tier, professional, trial_period_days=14)
    payments.process_events(now=NOW)
    run_enqueued()
    assert statuses() == [("Mid-tier", "trialing"), ("Professional", "canceled")]
    assert not Adjustment.objects.exists()
