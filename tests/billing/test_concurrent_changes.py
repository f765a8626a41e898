"""Concurrent changes of a subscription: without a deadlock, and with one refund."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connections
from rest_framework.test import APIClient

from billing import services
from billing.models import Adjustment, StripeCustomer, Subscription, SubscriptionPlan
from billing.stripe import client as stripe_client
from core import clock
from dev.billing_simulation.jobs import run_enqueued
from tests.account_api import log_in_again, with_session
from tests.billing.stripe_payments import Payments
from tests.conftest import use_staff_role
from users.models import User

pytestmark = [pytest.mark.faults, pytest.mark.django_db(transaction=True)]
TIMES = 12


def test_changes_and_events_take_their_locks_in_the_same_order(
    payments: Payments, mid_tier: SubscriptionPlan, as_owner: APIClient, alice: User
) -> None:
    payments.buy(alice, mid_tier, now=clock.now())
    payments.process_events(now=clock.now())
    row, customer, client = Subscription.objects.get(), StripeCustomer.objects.get(), as_owner

    def change(action: str) -> int:
        try:
            response: Any = client.post(f"/api/v1/billing/subscriptions/{row.pk}/{action}/", {}, format="json")
            return int(response.status_code)
        finally:
            connections.close_all()

    def sync(_: int) -> bool:
        try:
            # Change the row, so that the sync has something to write
            Subscription.objects.filter(pk=row.pk).update(canceled_at=clock.now())
            return services.sync_customer(stripe_customer_id=customer.stripe_id, now=clock.now()).is_known
        finally:
            connections.close_all()

    with ThreadPoolExecutor(2, initializer=use_staff_role) as events:
        synced = events.map(sync, range(2 * TIMES))
        responses = [change(action) for _ in range(TIMES) for action in ("cancel", "reactivate")]
        assert set(synced) == {True}
    assert responses == [200] * 2 * TIMES


def test_two_withdrawals_at_once_refund_once(
    payments: Payments, mid_tier: SubscriptionPlan, alice: User, settings: Any
) -> None:
    settings.BILLING_TRIAL_DAYS = 0
    payments.buy(alice, mid_tier, now=clock.now())
    payments.process_events(now=clock.now())
    url = f"/api/v1/billing/subscriptions/{Subscription.objects.get().pk}/cancel/"

    def withdraw(client: APIClient) -> int:
        try:
            response: Any = client.post(url, {"at_period_end": False, "refund": True}, format="json")
            return int(response.status_code)
        finally:
            connections.close_all()

    clients = [with_session(log_in_again(alice.email)) for _ in range(2)]
    with ThreadPoolExecutor(2) as both:
        assert sorted(both.map(withdraw, clients)) == [200, 409]
    run_enqueued()
    assert Adjustment.objects.filter(rule="withdrawal").count() == 1
    assert len(list(stripe_client.list_all("refunds"))) == 1
