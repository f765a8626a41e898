"""The grace period after payments that fail or fall due long after their invoice: bank debits and invoices on account."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine

from billing.models import BillingHistory, FeatureAccess, StripeCustomer, Subscription, SubscriptionPlan
from billing.services.plan_access import access_of
from core import clock
from tests.billing.stripe_payments import Payments
from tests.dev.stripe.fixtures import client_of
from users.models import User

pytestmark = pytest.mark.django_db
DAY = 86_400


def pass_days(payments: Payments, days: int, *, delivers: bool = True) -> datetime:
    """Advance Stripe's clock, handle its events at its time, and return it."""
    now = datetime.fromtimestamp(payments.stripe.advance(days * DAY), UTC)
    if delivers:
        with time_machine.travel(now, tick=False):
            payments.process_events(now=now)
    return now


def is_open(user: User, now: datetime) -> bool:
    return FeatureAccess.objects.for_user(user).get(feature_name="ai_insights").is_open_at(now)


def subscribe(payments: Payments, user: User, plan: SubscriptionPlan) -> Subscription:
    payments.buy(user, plan, now=clock.now())
    payments.process_events(now=clock.now())
    found: Subscription = Subscription.objects.get(user=user)
    return found


@pytest.mark.parametrize("delivers", [True, False], ids=["pending seen", "pending never seen"])
@pytest.mark.parametrize("account", ["usBankAccount_accountClosed", "usBankAccount_insufficientFunds"])
def test_a_debit_that_fails_after_the_grace_period_has_its_own(
    payments: Payments, mid_tier: SubscriptionPlan, alice: User, account: str, delivers: bool
) -> None:
    payments.stripe.set(debit_days={"us_bank_account": 9})
    subscribe(payments, alice, mid_tier)
    payments.stripe.change_card(StripeCustomer.objects.get(user=alice).stripe_id, account)
    pass_days(payments, 15, delivers=delivers)
    now = pass_days(payments, 9)
    subscription = Subscription.objects.get(user=alice)
    assert (subscription.status, is_open(alice, now)) == ("past_due", True)
    [(_, access)] = access_of([subscription], now=now)
    assert access.until == now + timedelta(days=7)
    now = pass_days(payments, 5)  # a retried debit is under way, and changes nothing
    assert is_open(alice, now)
    now = pass_days(payments, 2)
    assert not is_open(alice, now)


@pytest.mark.parametrize("days_until_due", [3, 14, 30])
def test_the_grace_period_of_a_sent_invoice_begins_when_it_is_due(
    payments: Payments, mid_tier: SubscriptionPlan, alice: User, days_until_due: int
) -> None:
    subscription = subscribe(payments, alice, mid_tier)
    terms: Any = {"collection_method": "send_invoice", "days_until_due": days_until_due}
    client_of(payments.stripe).v1.subscriptions.update(subscription.stripe_subscription_id, terms)
    pass_days(payments, 15)
    now = pass_days(payments, days_until_due)
    invoice = BillingHistory.objects.for_user(alice).filter(amount__gt=0).earliest("billing_date")
    subscription.refresh_from_db()
    assert (subscription.status, is_open(alice, now)) == ("past_due", True)
    [(_, access)] = access_of([subscription], now=now)
    assert invoice.due_date is not None
    assert access.until == invoice.due_date + timedelta(days=7)
    assert not is_open(alice, pass_days(payments, 7))
