"""Purchases of a plan through Stripe's checkout page, with their failures."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connections
from pytest_django import Settings
from rest_framework.test import APIClient

from billing import services
from billing.models import StripeCustomer, StripeEvent, Subscription, SubscriptionPlan
from billing.models.stripe_events import EventState
from core import clock
from dev.factories import SubscriptionFactory
from dev.stripe.emulator import StripeEmulator
from tests.billing.stripe_payments import Payments, run_jobs
from tests.conftest import use_staff_role
from users.models import User
from users.models.erasure import RequestedBy
from users.privacy import erasure as erasures

CHECKOUT, PORTAL = "/api/v1/billing/subscriptions/checkout/", "/api/v1/billing/subscriptions/portal/"
pytestmark = pytest.mark.django_db


@pytest.fixture
def plan(mid_tier: SubscriptionPlan) -> SubscriptionPlan:
    return mid_tier


def begin(client: APIClient, plan: SubscriptionPlan) -> Any:
    return client.post(CHECKOUT, {"plan": str(plan.pk)}, format="json")


def test_a_checkout_returns_the_url_of_the_payment_page(as_alice: APIClient, plan: SubscriptionPlan, alice: User) -> None:
    response = begin(as_alice, plan)
    assert response.status_code == 201, response.content
    assert response.json()["url"].startswith("http")
    assert StripeCustomer.objects.get(user=alice).stripe_id.startswith("cus_")


def test_a_second_click_opens_the_same_page(as_alice: APIClient, plan: SubscriptionPlan) -> None:
    assert begin(as_alice, plan).json()["id"] == begin(as_alice, plan).json()["id"]


def test_a_checkout_of_another_plan_expires_the_first_page(
    as_alice: APIClient, plan: SubscriptionPlan, stripe: StripeEmulator
) -> None:
    first = begin(as_alice, plan).json()["id"]
    begin(as_alice, SubscriptionPlan.objects.get(name="Budget", billing_cycle="monthly"))
    assert stripe.get(f"/v1/checkout/sessions/{first}")["status"] == "expired"


def test_returning_to_the_first_plan_opens_a_new_page(
    as_alice: APIClient, plan: SubscriptionPlan, stripe: StripeEmulator
) -> None:
    first = begin(as_alice, plan).json()["id"]
    begin(as_alice, SubscriptionPlan.objects.get(name="Budget", billing_cycle="monthly"))
    again = begin(as_alice, plan).json()["id"]
    assert again != first
    assert stripe.get(f"/v1/checkout/sessions/{again}")["status"] == "open"


def test_a_plan_can_be_bought_again_after_a_cancellation(
    as_owner: APIClient, plan: SubscriptionPlan, payments: Payments, alice: User
) -> None:
    payments.buy(alice, plan, now=clock.now())
    payments.process_events(now=clock.now())
    services.cancel_now(Subscription.objects.get(user=alice, plan=plan), now=clock.now())
    again = begin(as_owner, plan)
    assert again.status_code == 201, again.content
    assert payments.stripe.get(f"/v1/checkout/sessions/{again.json()['id']}")["status"] == "open"


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("is_paid", [False, True])
def test_an_erasure_during_a_payment_deletes_stripes_customer(
    is_paid: bool, plan: SubscriptionPlan, payments: Payments, alice: User
) -> None:
    page = services.start_checkout(user=alice, plan=plan, now=clock.now())
    if is_paid:
        payments.stripe.complete_checkout(page.id)
    customer = StripeCustomer.objects.get(user=alice).stripe_id
    erasures.run_erasure(erasures.begin_erasure(alice, requested_by=RequestedBy.CUSTOMER))
    run_jobs()
    assert payments.stripe.get(f"/v1/customers/{customer}")["deleted"]
    assert {row["status"] for row in payments.stripe.get("/v1/subscriptions?status=all")["data"]} <= {"canceled"}
    assert is_paid or payments.stripe.get(f"/v1/checkout/sessions/{page.id}")["status"] == "expired"
    payments.process_events(now=clock.now())
    assert not Subscription.objects.exists()
    assert not StripeCustomer.objects.exists()
    their_events = StripeEvent.objects.exclude(stripe_customer_id="")
    assert set(their_events.values_list("state", "body")) == {(EventState.IGNORED, "")}


def test_only_the_first_plan_begins_with_a_trial(
    as_alice: APIClient, plan: SubscriptionPlan, alice: User, stripe: StripeEmulator
) -> None:
    assert not services.had_trial(alice)
    SubscriptionFactory(user=alice, plan=plan, stripe_subscription_id="sub_before")
    assert services.had_trial(alice)


def test_a_plan_that_stripe_does_not_know_is_not_for_sale(as_alice: APIClient, plan: SubscriptionPlan) -> None:
    SubscriptionPlan.objects.filter(pk=plan.pk).update(stripe_price_id="")
    response = begin(as_alice, plan)
    assert (response.status_code, response.json()["errors"][0]["code"]) == (409, "not_for_sale")
    assert "sync_plans" in response.json()["errors"][0]["detail"]


def test_a_subscriber_can_not_check_out_again(as_alice: APIClient, plan: SubscriptionPlan, alice: User) -> None:
    SubscriptionFactory(user=alice, plan=plan, running=True, stripe_subscription_id="sub_1")
    response = begin(as_alice, plan)
    assert (response.status_code, response.json()["errors"][0]["code"]) == (409, "already_subscribed")


def test_without_a_key_payments_are_unavailable(as_alice: APIClient, plan: SubscriptionPlan, settings: Settings) -> None:
    settings.STRIPE_SECRET_KEY = ""
    response = begin(as_alice, plan)
    assert (response.status_code, response.json()["errors"][0]["code"]) == (503, "payments_unavailable")
    assert as_alice.get("/api/v1/billing/subscriptions/").status_code == 200


@pytest.mark.parametrize("kind", ["error", "html", "drop", "drop_after", "down"])
def test_a_retry_after_an_outage_creates_one_customer(
    kind: str, as_alice: APIClient, plan: SubscriptionPlan, stripe: StripeEmulator, alice: User
) -> None:
    stripe.fault(kind, path="/v1/customers", method="POST", count=3)
    refused = begin(as_alice, plan)
    assert (refused.status_code, refused.json()["errors"][0]["code"]) == (503, "payments_unavailable")
    assert refused.headers["Retry-After"]
    stripe.clear_faults()
    assert begin(as_alice, plan).status_code == 201
    assert len(stripe.get("/v1/customers")["data"]) == 1


def test_the_portal_needs_a_stripe_customer(as_alice: APIClient, plan: SubscriptionPlan) -> None:
    assert as_alice.post(PORTAL).json()["errors"][0]["code"] == "no_customer"
    begin(as_alice, plan)
    assert as_alice.post(PORTAL).json()["url"].startswith("http")


@pytest.mark.django_db(transaction=True)
def test_twenty_concurrent_checkouts_open_one_page(plan: SubscriptionPlan, stripe: StripeEmulator, alice: User) -> None:
    def page(_: int) -> str:
        found = services.start_checkout(user=alice, plan=plan, now=clock.now())
        connections.close_all()
        return found.id

    with ThreadPoolExecutor(8, initializer=use_staff_role) as pool:
        pages = set(pool.map(page, range(20)))
    assert len(pages) == 1
    assert len(stripe.get("/v1/customers")["data"]) == 1
