"""Billing against localstripe, a Stripe emulator that other people wrote, through the real library and our webhook endpoint.

`localstripe_server` lists what localstripe does not have of API 2026-10-28.
"""

import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import requests
import stripe
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from billing import services
from billing.models import (
    Adjustment,
    BillingHistory,
    FeatureAccess,
    StripeCustomer,
    StripeEvent,
    Subscription,
    SubscriptionPlan,
)
from core import clock
from dev.factories import UserFactory
from tests.billing.stripe_payments import run_jobs
from tests.commands.conftest import until
from tests.integration.conftest import ROOT, free_port, wait_for_port
from users.models import User

pytestmark = [pytest.mark.integration, pytest.mark.django_db(transaction=True)]

SECRET, KEY = "whsec_localstripe", "sk_test_localstripe"
SERVER = [sys.executable, "-m", "tests.integration.localstripe_server"]


@dataclass(frozen=True)
class Localstripe:
    """A running localstripe, and a customer there who belongs to a user of ours."""

    url: str
    api: stripe.StripeClient
    customer: str
    user: User
    log: Path

    def post_events_to(self, endpoint: str, secret: str) -> None:
        requests.post(f"{self.url}/_config/webhooks/ours", json={"url": endpoint, "secret": secret}, timeout=10)

    def subscribe(self, plan: SubscriptionPlan) -> str:
        """Subscribe the customer, who pays, and return the subscription's ID."""
        given: Any = {"customer": self.customer, "items": [{"plan": plan.stripe_price_id}]}
        return str(self.api.v1.subscriptions.create(given).id)

    def receive(self, event_type: str) -> StripeEvent:
        """Wait until the next event of a type is stored by the endpoint, and process everything that has arrived."""
        waiting = StripeEvent.objects.waiting().filter(type=event_type)
        until(lambda: "stored" if waiting.exists() else "", event_type)
        found: StripeEvent = waiting.get()

        def state() -> str:
            run_jobs()  # a job waits for further events of the customer
            return "" if waiting.exists() else "processed"

        until(state, f"the job of {event_type}")
        found.refresh_from_db()
        return found

    def change_customer(self) -> None:
        """Cause an event of the customer, after which the product reads everything that belongs to them."""
        self.api.v1.customers.update(self.customer, {"description": "changed"})
        self.receive("customer.updated")


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "localstripe.log"


@pytest.fixture
def server(log: Path) -> Iterator[str]:
    port = free_port()
    with log.open("w") as output, subprocess.Popen([*SERVER, str(port)], cwd=ROOT, stderr=output) as running:
        wait_for_port(port)
        yield f"http://127.0.0.1:{port}"
        running.kill()


@pytest.fixture
def localstripe(server: str, log: Path, settings: Settings, live_server: LiveServer) -> Localstripe:
    """Connect product and localstripe in both directions. The user is a customer with a card there."""
    settings.STRIPE_SECRET_KEY, settings.STRIPE_API_BASE, settings.STRIPE_WEBHOOK_SECRETS = KEY, server, [SECRET]
    user = UserFactory.create(email="alice@example.com")
    api = stripe.StripeClient(KEY, base_addresses={"api": server})
    customer = api.v1.customers.create({"email": user.email}).id
    method = api.v1.payment_methods.attach("pm_card_visa", {"customer": customer}).id
    api.v1.customers.update(customer, {"invoice_settings": {"default_payment_method": method}})
    StripeCustomer.objects.create(user=user, stripe_id=customer)
    judge = Localstripe(server, api, customer, user, log)
    judge.post_events_to(f"{live_server.url}/webhooks/stripe/", SECRET)
    return judge


@pytest.fixture
def mid_tier(localstripe: Localstripe) -> SubscriptionPlan:
    """Return the plan, sold by localstripe under the ID of a plan there, which the product stores as its price."""
    services.load_catalog()
    plan = SubscriptionPlan.objects.get(name="Mid-tier", billing_cycle="monthly")
    product = localstripe.api.v1.products.create({"name": plan.name})
    terms: Any = {"amount": 3500, "currency": "usd", "interval": "month", "product": product.id}
    plan.stripe_price_id, plan.stripe_product_id = localstripe.api.v1.plans.create(terms).id, product.id
    plan.save()
    return plan


@pytest.fixture
def subscription(localstripe: Localstripe, mid_tier: SubscriptionPlan) -> Subscription:
    """Return the subscription that the events of a purchase have created."""
    localstripe.subscribe(mid_tier)
    localstripe.receive("customer.subscription.created")
    return Subscription.objects.for_user(localstripe.user).get()


def is_enabled(user: User, feature: str) -> bool:
    return FeatureAccess.objects.for_user(user).get(feature_name=feature).can_use


def test_the_signature_of_localstripe_is_accepted(localstripe: Localstripe, mid_tier: SubscriptionPlan) -> None:
    localstripe.subscribe(mid_tier)
    event = localstripe.receive("invoice.payment_succeeded")
    assert (event.state, event.stripe_customer_id) == ("handled", localstripe.customer)


def test_a_signature_by_another_secret_stores_nothing(
    localstripe: Localstripe, mid_tier: SubscriptionPlan, live_server: LiveServer
) -> None:
    localstripe.post_events_to(f"{live_server.url}/webhooks/stripe/", "whsec_of_another_account")
    localstripe.subscribe(mid_tier)
    refused = '"invoice.payment_succeeded" failed with response code 400'
    until(lambda: refused if refused in localstripe.log.read_text() else "", "the refusal of the event")
    assert not StripeEvent.objects.exists()


def test_a_paid_subscription_opens_its_plan(localstripe: Localstripe, subscription: Subscription) -> None:
    assert (subscription.status, subscription.plan.name) == ("active", "Mid-tier")
    assert subscription.current_period_end is not None
    assert timedelta(days=27) < subscription.current_period_end - clock.now() < timedelta(days=32)
    assert is_enabled(localstripe.user, "ai_insights")


def test_the_invoice_and_the_card_are_synced(localstripe: Localstripe, subscription: Subscription) -> None:
    invoice = BillingHistory.objects.for_user(localstripe.user).get()
    assert (invoice.amount, invoice.currency, invoice.status) == (Decimal("35.00"), "USD", "paid")
    assert invoice.subscription == subscription
    assert StripeCustomer.objects.get().card_last4 == "4242"


def test_a_partial_refund_is_sent_once_and_synced(localstripe: Localstripe, subscription: Subscription) -> None:
    (staff, other), invoice = UserFactory.create_batch(2, is_staff=True), BillingHistory.objects.get()
    refund = services.request_refund(invoice=invoice, amount=Decimal("12.34"), reason="late", by=staff, now=clock.now())
    services.decide_refund(refund, is_approved=True, by=other, now=clock.now())
    services.send_refund(refund)
    Adjustment.objects.filter(pk=refund.pk).update(status="pending", stripe_id="")  # as after a lost response
    services.send_refund(refund)
    services.sync_customer(stripe_customer_id=localstripe.customer, now=clock.now())  # localstripe sends no event of refunds
    [found] = localstripe.api.v1.refunds.list().data
    stored = Adjustment.objects.get()
    assert (found.amount, found.reason) == (1234, "requested_by_customer")
    assert (stored.stripe_id, stored.status, stored.amount) == (found.id, "succeeded", Decimal("12.34"))
    invoice.refresh_from_db()
    assert (invoice.amount_refunded, invoice.status) == (Decimal("12.34"), "paid")


def test_a_canceled_subscription_runs_to_its_end(localstripe: Localstripe, subscription: Subscription) -> None:
    services.cancel_at_period_end(subscription, now=clock.now())
    subscription.refresh_from_db()
    assert (subscription.status, subscription.cancel_at_period_end) == ("active", True)
    assert is_enabled(localstripe.user, "ai_insights")
    services.reactivate(subscription, now=clock.now())
    subscription.refresh_from_db()
    assert not subscription.cancel_at_period_end


def test_a_subscription_that_ends_there_ends_here(localstripe: Localstripe, subscription: Subscription) -> None:
    localstripe.api.v1.subscriptions.cancel(subscription.stripe_subscription_id)
    localstripe.receive("customer.subscription.deleted")
    subscription.refresh_from_db()
    assert subscription.status == "canceled"
    assert not is_enabled(localstripe.user, "ai_insights")


def test_a_subscription_that_ends_here_ends_there(localstripe: Localstripe, subscription: Subscription) -> None:
    services.cancel_now(subscription, now=clock.now())
    found = localstripe.api.v1.subscriptions.retrieve(subscription.stripe_subscription_id)
    subscription.refresh_from_db()
    assert (found.status, subscription.status) == ("canceled", "canceled")
    assert not is_enabled(localstripe.user, "ai_insights")
