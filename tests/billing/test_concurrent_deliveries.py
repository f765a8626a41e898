"""Concurrent deliveries of 200 events, five times each by 16 threads, some of which are stored but not handled.

`SHUFFLES=10 make faults ARGS="-k concurrent_deliveries"` runs more rounds.
"""

import os
import random
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import orjson
import pytest
from django.db import connections

from billing import services
from billing.models import StripeEvent, SubscriptionPlan
from core import clock
from dev.factories import UserFactory
from tests.billing.snapshots import Rows, snapshot_of
from tests.billing.stripe_payments import Payments
from tests.conftest import use_staff_role
from users.models import User

pytestmark = [pytest.mark.faults, pytest.mark.django_db(transaction=True)]
SHUFFLES = int(os.environ.get("SHUFFLES", "2"))
THREADS, DELIVERIES, EVENTS, CUSTOMERS = 16, 5, 200, 10
DAY = 86_400
LOST = 0.2  # share of the deliveries after which the process dies before it handles the event


@pytest.fixture
def users(payments: Payments, mid_tier: SubscriptionPlan) -> list[User]:
    """Return customers who had a trial and two payments."""
    found: list[User] = UserFactory.create_batch(CUSTOMERS)
    for user in found:
        payments.buy(user, mid_tier, now=clock.now())
    payments.stripe.advance(50 * DAY)
    return found


def deliver(event: bytes, is_lost: bool) -> bool:
    """Store a delivery as the webhook does, handle it unless it is lost, and return True if the event was new."""
    try:
        row, is_new = services.store_event(event, headers={}, now=clock.now())
        if is_new and not is_lost:
            services.handle_event(row.pk, now=clock.now())
        return is_new
    finally:
        connections.close_all()


def handle_overdue() -> None:
    """Handle the waiting events, as the job does that runs every five minutes."""
    later = clock.now() + timedelta(minutes=2)
    while waiting := services.unprocessed_events(now=later):
        for key in waiting:
            services.handle_event(key, now=clock.now())


def test_each_event_is_applied_once_with_the_same_result(payments: Payments, users: list[User]) -> None:
    events = [orjson.dumps(event) for event in payments.events()]
    relevant = [event for event in events if b'"object":"product"' not in event and b'"object":"price"' not in event]
    assert len(relevant) >= EVENTS
    results: list[list[Rows]] = []
    for shuffle in range(SHUFFLES):
        chance = random.Random(shuffle)
        deliveries = relevant[-EVENTS:] * DELIVERIES
        chance.shuffle(deliveries)
        losses = [chance.random() < LOST for _ in deliveries]
        StripeEvent.objects.all().delete()
        with ThreadPoolExecutor(THREADS, initializer=use_staff_role) as threads:
            outcomes = Counter(threads.map(deliver, deliveries, losses))
        assert outcomes == {True: EVENTS, False: EVENTS * (DELIVERIES - 1)}
        assert StripeEvent.objects.waiting().exists()
        handle_overdue()
        counts = StripeEvent.objects.values_list("deliveries", "attempts")
        assert set(counts) == {(DELIVERIES, 1)}
        results.append([snapshot_of(user) for user in users])
    assert all(result == results[0] for result in results)
    assert {result["Subscription"][0][1] for result in results[0]} == {"active"}
    assert {len(result["BillingHistory"]) for result in results[0]} == {3}
