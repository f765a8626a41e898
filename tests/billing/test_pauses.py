"""Paused subscriptions: closed, announced with the remedy, and resumed by the customer."""

from datetime import UTC, datetime
from typing import Any

import pytest
import time_machine
from django.core import mail
from rest_framework.test import APIClient

from billing.models import BillingHistory, FeatureAccess, StripeCustomer, Subscription, SubscriptionPlan
from billing.stripe.reconciliation import find_differences
from core import clock
from system.models import SystemAlert
from tests.account_api import log_in_again, with_session
from tests.billing.notice_contents import missing_in
from tests.billing.stripe_payments import Payments
from tests.dev.stripe.fixtures import client_of
from users.models import User

pytestmark = pytest.mark.django_db


@pytest.fixture
def paused(payments: Payments, mid_tier: SubscriptionPlan, alice: User, settings: Any) -> Subscription:
    """Return Alice's subscription, paid by Visa and paused by staff in Stripe's dashboard an hour later."""
    settings.BILLING_TRIAL_DAYS = 0
    payments.buy(alice, mid_tier, now=clock.now())
    payments.process_events(now=clock.now())
    payments.stripe.advance(3600)
    subscription = Subscription.objects.get(user=alice)
    client_of(payments.stripe).v1.subscriptions.pause(subscription.stripe_subscription_id, UNUSED_TIME_IS_LOST)
    payments.process_events(now=clock.now())
    subscription.refresh_from_db()
    return subscription


UNUSED_TIME_IS_LOST: Any = {"bill_for": {"unused_time_from": {"type": "none"}}}


def resume(client: APIClient, subscription: Subscription) -> Any:
    return client.post(f"/api/v1/billing/subscriptions/{subscription.pk}/resume/")


def remove_card(payments: Payments, user: User) -> None:
    v1, customer = client_of(payments.stripe).v1, StripeCustomer.objects.get(user=user).stripe_id
    v1.payment_methods.detach(str(v1.customers.payment_methods.list(customer).data[0].id))


def test_a_pause_closes_access_and_names_the_remedy(paused: Subscription, alice: User) -> None:
    assert paused.status == "paused"
    assert not FeatureAccess.objects.for_user(alice).filter(is_enabled=True, feature_name="ai_insights").exists()
    [sent] = mail.outbox
    assert sent.subject == "[MINGUS] Your subscription is paused"
    assert "Resume the subscription at any time: 35.00 USD monthly are charged from then on, less any credit." in sent.body


def test_nothing_is_strange_about_a_pause(paused: Subscription, alice: User, administrator: User) -> None:
    assert paused.status == "paused"
    assert StripeCustomer.objects.get(user=alice).problems == ""
    assert not SystemAlert.objects.filter(title="Stripe data could not be synced").exists()
    assert list(find_differences(now=clock.now())) == []


def test_it_is_resumed_and_charged(paused: Subscription, alice: User, as_owner: APIClient) -> None:
    response = resume(as_owner, paused)
    shown = response.json()
    assert (response.status_code, shown["status"], shown["payment_url"]) == (200, "active", "")
    newest = BillingHistory.objects.for_user(alice).latest("billing_date")
    assert (newest.status, f"{newest.amount}") == ("paid", "35.00")
    assert FeatureAccess.objects.for_user(alice).get(feature_name="ai_insights").is_enabled


def test_without_a_card_it_is_402_and_resumes_later(
    payments: Payments, paused: Subscription, alice: User, as_owner: APIClient
) -> None:
    remove_card(payments, alice)
    response = resume(as_owner, paused)
    [error] = response.json()["errors"]
    assert (response.status_code, error["code"]) == (402, "payment_method_required")
    payments.stripe.change_card(StripeCustomer.objects.get(user=alice).stripe_id, "mastercard")
    assert resume(as_owner, paused).json()["status"] == "active"


@pytest.mark.parametrize("card", ["authenticationRequired", "chargeCustomerFail"])
def test_until_it_is_paid_it_stays_paused(
    payments: Payments, paused: Subscription, alice: User, as_owner: APIClient, card: str
) -> None:
    payments.stripe.change_card(StripeCustomer.objects.get(user=alice).stripe_id, card)
    first, again = resume(as_owner, paused).json(), resume(as_owner, paused).json()
    assert (first["status"], first["payment_url"]) == ("paused", again["payment_url"])
    assert first["payment_url"].startswith(f"{payments.stripe.url}/i/")
    assert "Your subscription resumes when it is paid by " in mail.outbox[-1].body
    assert missing_in(mail.outbox[-1].body) == []
    assert f"Pay now: {first['payment_url']}\n" in mail.outbox[-1].body
    payments.stripe.pay_invoice(first["payment_url"].rpartition("/")[2], "visa")
    payments.process_events(now=clock.now())
    paused.refresh_from_db()
    assert (paused.status, paused.payment_url, paused.pending_until) == ("active", "", None)


def test_a_trial_without_a_card_pauses(payments: Payments, mid_tier: SubscriptionPlan, alice: User) -> None:
    payments.buy(alice, mid_tier, now=clock.now())
    payments.process_events(now=clock.now())
    v1, subscription = client_of(payments.stripe).v1, Subscription.objects.get(user=alice)
    settings: Any = {"trial_settings": {"end_behavior": {"missing_payment_method": "pause"}}}
    v1.subscriptions.update(subscription.stripe_subscription_id, settings)
    remove_card(payments, alice)
    later = datetime.fromtimestamp(payments.stripe.advance(15 * 86_400), UTC)
    with time_machine.travel(later, tick=False):
        payments.process_events(now=later)
        assert "Your trial of Mid-tier ended on" in mail.outbox[-1].body
        assert "Add a card in the billing portal, then resume the subscription at any time" in mail.outbox[-1].body
        payments.stripe.change_card(StripeCustomer.objects.get(user=alice).stripe_id, "visa")
        app = with_session(log_in_again(alice.email))
        assert resume(app, subscription).json()["status"] == "active"


def test_a_pause_is_told_once_and_every_new_pause_again(
    payments: Payments, paused: Subscription, alice: User, as_owner: APIClient
) -> None:
    resume(as_owner, paused)
    payments.stripe.advance(86_400)
    client_of(payments.stripe).v1.subscriptions.pause(paused.stripe_subscription_id, UNUSED_TIME_IS_LOST)
    payments.process_events(now=clock.now())
    assert [sent.subject for sent in mail.outbox] == ["[MINGUS] Your subscription is paused"] * 2


def test_a_paused_collection_is_resumed(payments: Payments, paused: Subscription, as_owner: APIClient) -> None:
    resume(as_owner, paused)
    v1 = client_of(payments.stripe).v1
    v1.subscriptions.update(paused.stripe_subscription_id, {"pause_collection": {"behavior": "void"}})
    assert resume(as_owner, paused).status_code == 200
    assert v1.subscriptions.retrieve(paused.stripe_subscription_id).pause_collection is None


def test_only_a_paused_subscription_is_resumed(paused: Subscription, as_owner: APIClient) -> None:
    resume(as_owner, paused)
    response = resume(as_owner, paused)
    assert (response.status_code, response.json()["errors"][0]["code"]) == (409, "not_paused")
