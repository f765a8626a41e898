"""Stripe's objects before API version 2025-03-31 and today's, which lead to the same rows."""

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
    """Return a customer after a trial, a payment, a refund and a cancellation, none of which was synced."""
    payments.buy(alice, mid_tier, now=clock.now())
    payments.stripe.advance(16 * DAY)
    row = StripeCustomer.objects.get(user=alice)
    [charge] = [found for found in stripe_client.list_all("charges", customer=row.stripe_id) if found["amount"]]
    stripe_client.write("refunds.create", {"charge": charge["id"], "amount": 700}, key="refund")
    [subscription] = stripe_client.list_all("subscriptions", customer=row.stripe_id, status="all")
    stripe_client.write("subscriptions.update", subscription["id"], {"cancel_at_period_end": True}, key="cancel")
    return row


@pytest.fixture
def old_api_version(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    stripe_client._client.cache_clear()
    monkeypatch.setattr(stripe_client, "API_VERSION", OLD)
    yield
    stripe_client._client.cache_clear()


def sync(customer: StripeCustomer) -> Rows:
    services.sync_customer(stripe_customer_id=customer.stripe_id, now=clock.now())
    return snapshot_of(customer.user)


def forget(customer: StripeCustomer) -> None:
    """Delete the rows that a sync has written."""
    for model in (Adjustment, BillingHistory, Subscription):
        model.objects.for_user(customer.user).delete()
    StripeCustomer.objects.filter(pk=customer.pk).update(card_brand="", card_last4="")


@pytest.fixture
def today(customer: StripeCustomer) -> Rows:
    """Return the rows that today's API version leads to, after deleting them."""
    found = sync(customer)
    forget(customer)
    stripe_client._client.cache_clear()
    return found


def test_the_old_version_has_other_objects(customer: StripeCustomer, old_api_version: None) -> None:
    [subscription] = stripe_client.list_all("subscriptions", customer=customer.stripe_id, status="all")
    assert subscription["current_period_end"] > 0
    assert "current_period_end" not in subscription["items"]["data"][0]


def test_invoices_of_both_versions_are_parsed_alike(customer: StripeCustomer, payments: Payments) -> None:
    client, query = client_of(payments.stripe), {"customer": customer.stripe_id}
    old = client.v1.invoices.list(query, {"stripe_version": OLD}).to_dict()["data"]
    new = client.v1.invoices.list(
        {**query, "expand": ["data.payments"]}, {"stripe_version": stripe_client.API_VERSION}
    ).to_dict()["data"]
    assert ["subscription" in invoice for invoice in [*old, *new]] == [True, True, False, False]
    assert ["parent" in invoice or "payments" in invoice for invoice in [*old, *new]] == [False, False, True, True]
    charges = {found.id: found.payment_intent for found in client.v1.charges.list(query).data}
    assert [replace(parse_invoice(found), payments=()) for found in old] == [
        replace(parse_invoice(found), payments=()) for found in new
    ]
    for was, now in zip(map(parse_invoice, old), map(parse_invoice, new), strict=True):
        assert {charges.get(key, key) for _, key in was.payments} == {charges.get(key, key) for _, key in now.payments}


def test_both_versions_lead_to_the_same_rows(today: Rows, customer: StripeCustomer, old_api_version: None) -> None:
    assert sync(customer) == today
    [subscription] = today["Subscription"]
    assert subscription[:3] == ("Mid-tier", "active", True)
    assert [row[1:6] for row in today["BillingHistory"] if row[1]] == [(35, 35, 7, "USD", "paid")]
    assert [row[0] for row in today["Adjustment"]] == ["refund"]


def test_cancel_at_the_periods_end_counts_as_the_flag(customer: StripeCustomer, alice: User) -> None:
    """Set `cancel_at` and not the flag, as Stripe's portal does for subscriptions with flexible billing."""
    [subscription] = stripe_client.list_all("subscriptions", customer=customer.stripe_id, status="all")
    [item] = subscription["items"]["data"]
    stripe_client.write("subscriptions.update", subscription["id"], {"cancel_at": item["current_period_end"]}, key="instant")
    [row] = sync(customer)["Subscription"]
    assert row[2] is True
    services.reactivate(Subscription.objects.get(user=alice), now=clock.now())
    [again] = stripe_client.list_all("subscriptions", customer=customer.stripe_id, status="all")
    assert (again["cancel_at"], again["cancel_at_period_end"]) == (None, False)
