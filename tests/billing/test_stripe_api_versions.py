"""Stripe's shapes of before 2025-03-31 and those of today give the same picture."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from billing import services
from billing.models import Adjustment, BillingHistory, StripeCustomer, Subscription, SubscriptionPlan
from billing.stripe import client as stripe_client
from billing.stripe.objects import parse_invoice
from core import clock
from tests.billing.snapshots import Rows, snapshot_of
from tests.billing.stripe_payments import Payments
from tests.dev.stripe.fixtures import client_of
from users.models import User

pytestmark = pytest.mark.django_db
OLD = "2024-06-20"
DAY = 86_400


@pytest.fixture
def customer(payments: Payments, mid_tier: SubscriptionPlan, alice: User) -> StripeCustomer:
    """After a trial, a payment, a refund and a cancellation to the period's end; nothing of it has been heard of."""
    payments.buy(alice, mid_tier, now=clock.now())
    payments.stripe.advance(16 * DAY)
    row = StripeCustomer.objects.get(user=alice)
    [charge] = [found for found in stripe_client.list_all("charges", customer=row.stripe_id) if found["amount"]]
    stripe_client.write("refunds.create", {"charge": charge["id"], "amount": 700}, key="refund")
    [subscription] = stripe_client.list_all("subscriptions", customer=row.stripe_id, status="all")
    stripe_client.write("subscriptions.update", subscription["id"], {"cancel_at_period_end": True}, key="cancel")
    return row


@pytest.fixture
def asks_in_the_old_way(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    stripe_client._client.cache_clear()
    monkeypatch.setattr(stripe_client, "API_VERSION", OLD)
    yield
    stripe_client._client.cache_clear()


def project(customer: StripeCustomer) -> Rows:
    services.sync_customer(stripe_customer_id=customer.stripe_id, now=clock.now())
    return snapshot_of(customer.user)


def forget(customer: StripeCustomer) -> None:
    """Take away what a projection has written."""
    for model in (Adjustment, BillingHistory, Subscription):
        model.objects.for_user(customer.user).delete()
    StripeCustomer.objects.filter(pk=customer.pk).update(card_brand="", card_last4="")


@pytest.fixture
def today(customer: StripeCustomer) -> Rows:
    """The picture that today's shapes give; it is gone again."""
    found = project(customer)
    forget(customer)
    stripe_client._client.cache_clear()
    return found


def test_the_old_shapes_are_other_ones(customer: StripeCustomer, asks_in_the_old_way: None) -> None:
    [subscription] = stripe_client.list_all("subscriptions", customer=customer.stripe_id, status="all")
    assert subscription["current_period_end"] > 0
    assert "current_period_end" not in subscription["items"]["data"][0]


def test_invoices_are_read_alike(customer: StripeCustomer, payments: Payments) -> None:
    client, asked = client_of(payments.stripe), {"customer": customer.stripe_id}
    old = client.v1.invoices.list(asked, {"stripe_version": OLD}).to_dict()["data"]
    new = client.v1.invoices.list(
        {**asked, "expand": ["data.payments"]}, {"stripe_version": stripe_client.API_VERSION}
    ).to_dict()["data"]
    assert ["subscription" in invoice for invoice in [*old, *new]] == [True, True, False, False]
    assert ["parent" in invoice or "payments" in invoice for invoice in [*old, *new]] == [False, False, True, True]
    charges = {found.id: found.payment_intent for found in client.v1.charges.list(asked).data}
    assert [replace(parse_invoice(found), payments=()) for found in old] == [
        replace(parse_invoice(found), payments=()) for found in new
    ]
    for was, now in zip(map(parse_invoice, old), map(parse_invoice, new), strict=True):
        assert {charges.get(key, key) for _, key in was.payments} == {charges.get(key, key) for _, key in now.payments}


def test_both_give_the_same_picture(today: Rows, customer: StripeCustomer, asks_in_the_old_way: None) -> None:
    assert project(customer) == today
    [subscription] = today["Subscription"]
    assert subscription[:3] == ("Mid-tier", "active", True)
    assert [row[1:5] for row in today["BillingHistory"] if row[1]] == [(35, 7, "USD", "paid")]
    assert [row[0] for row in today["Adjustment"]] == ["refund"]


def test_a_subscription_that_ends_with_its_period_says_so_in_both_ways(customer: StripeCustomer, alice: User) -> None:
    """Stripe's portal sets `cancel_at` to the period's end where subscriptions bill flexibly, and not the flag."""
    [subscription] = stripe_client.list_all("subscriptions", customer=customer.stripe_id, status="all")
    [item] = subscription["items"]["data"]
    stripe_client.write("subscriptions.update", subscription["id"], {"cancel_at": item["current_period_end"]}, key="instant")
    [row] = project(customer)["Subscription"]
    assert row[2] is True
    services.reactivate(Subscription.objects.get(user=alice), now=clock.now())
    [again] = stripe_client.list_all("subscriptions", customer=customer.stripe_id, status="all")
    assert (again["cancel_at"], again["cancel_at_period_end"]) == (None, False)
