"""Subscriptions that end on another day than their period: what is shown, announced and charged until then."""

from datetime import datetime, timedelta
from decimal import Decimal

import pytest
from rest_framework.test import APIClient

from billing import services
from billing.models import StripeCustomer, Subscription, SubscriptionPlan
from billing.services.plan_access import access_of
from billing.services.reminders import send_billing_reminders
from core import clock
from dev.stripe.emulator import StripeEmulator
from system.models import SystemAlert
from tests.billing.stripe_payments import Payments
from tests.dev.stripe.fixtures import client_of
from users.models import User

pytestmark = pytest.mark.django_db
DAY = 86_400


@pytest.fixture
def paid(payments: Payments, mid_tier: SubscriptionPlan, alice: User) -> Subscription:
    """Return Alice's subscription in its first paid period, which began today and has about 30 days."""
    payments.buy(alice, mid_tier, now=clock.now())
    payments.stripe.advance(14 * DAY + 7200)
    payments.process_events(now=clock.now())
    row: Subscription = Subscription.objects.get(user=alice)
    assert row.status == "active"
    return row


def set_end(stripe: StripeEmulator, row: Subscription, days: int) -> datetime:
    """End the subscription `days` after its period's beginning, as staff do in Stripe's dashboard. Return the day."""
    assert row.current_period_start is not None
    end = row.current_period_start + timedelta(days=days)
    client_of(stripe).v1.subscriptions.update(row.stripe_subscription_id, {"cancel_at": int(end.timestamp())})
    return end


def test_an_end_within_the_period_is_stored_and_ends_access(
    paid: Subscription, payments: Payments, as_owner: APIClient
) -> None:
    end = set_end(payments.stripe, paid, 10)
    payments.process_events(now=clock.now())
    paid.refresh_from_db()
    assert (paid.cancel_at, paid.cancel_at_period_end, paid.days_until_renewal) == (end, False, None)
    [shown] = as_owner.get("/api/v1/billing/subscriptions/").json()["results"]
    assert shown["cancel_at"] == f"{end:%Y-%m-%dT%H:%M:%SZ}"
    assert (shown["next_charge_at"], shown["next_charge_amount"]) == (None, None)
    [(_, access)] = access_of([paid], now=paid.current_period_start)
    assert access.until == end
    assert access.why == f"The subscription was canceled and runs until {end:%Y-%m-%d %H:%M} UTC."
    [(_, later)] = access_of([paid], now=end)
    assert not later.is_open


def test_an_end_in_the_next_period_renews_once_for_its_part(paid: Subscription, payments: Payments) -> None:
    assert paid.current_period_end is not None
    end = paid.current_period_end + timedelta(days=10)
    client_of(payments.stripe).v1.subscriptions.update(paid.stripe_subscription_id, {"cancel_at": int(end.timestamp())})
    payments.process_events(now=clock.now())
    paid.refresh_from_db()
    assert (paid.cancel_at, paid.next_charge_at is not None) == (end, True)
    assert paid.days_until_renewal is not None
    assert Decimal("11.00") < (paid.next_charge_amount or 0) < Decimal("13.00")  # 10 of 28 to 31 days at 35.00
    [(_, access)] = access_of([paid], now=paid.current_period_start)
    assert "renews at" in access.why


def test_the_end_itself_is_read(paid: Subscription, payments: Payments) -> None:
    end = set_end(payments.stripe, paid, 10)
    payments.stripe.advance(10 * DAY)
    payments.process_events(now=end)
    paid.refresh_from_db()
    assert (paid.status, paid.ended_at) == ("canceled", end)


def test_the_end_can_be_undone(paid: Subscription, payments: Payments, as_owner: APIClient) -> None:
    set_end(payments.stripe, paid, 10)
    payments.process_events(now=clock.now())
    response = as_owner.post(f"/api/v1/billing/subscriptions/{paid.pk}/reactivate/")
    assert (response.status_code, response.json().get("cancel_at")) == (200, None), response.content


def test_no_renewal_is_announced_that_will_not_happen(paid: Subscription, payments: Payments, alice: User) -> None:
    set_end(payments.stripe, paid, 10)
    payments.process_events(now=clock.now())
    now = clock.now()
    StripeCustomer.objects.update(card_exp_month=now.month, card_exp_year=now.year)
    month_end = (now.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)
    send_billing_reminders(now=month_end, user=alice)
    assert not SystemAlert.objects.filter(user=alice, title="Your card expires soon").exists()


def test_a_granted_subscription_shows_its_end_too(subscription: Subscription) -> None:
    services.cancel_at_period_end(subscription, now=clock.now())
    assert subscription.cancel_at == subscription.current_period_end
    services.reactivate(subscription, now=clock.now())
    assert subscription.cancel_at is None
    services.cancel_now(subscription, now=clock.now())
    assert subscription.ended_at == clock.now()
