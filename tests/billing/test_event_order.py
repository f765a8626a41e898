"""Events of a subscription in any order, repeated or lost, which all lead to the same rows.

After each step of a subscription's history, a random part of the events until then is delivered. After the last step the rest
is delivered, or `reconcile_stripe` corrects the rows. `ORDERS=500 make faults ARGS="-k any_order"` tries more orders.
"""

import os
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from io import StringIO
from typing import Any

import orjson
import pytest
from django.core.management import call_command
from django.db import transaction
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from billing import services
from billing.models import StripeCustomer, SubscriptionPlan
from billing.stripe import client as stripe_client
from billing.stripe import reconciliation
from core import clock
from dev.factories import UserFactory
from tests.billing.snapshots import Rows, snapshot_of
from tests.billing.stripe_payments import Payments
from tests.dev.stripe.fixtures import client_of, give_card
from users.models import User

pytestmark = [pytest.mark.faults, pytest.mark.django_db]
BORN = datetime(2026, 1, 10, 12, tzinfo=UTC)
ORDERS = int(os.environ.get("ORDERS", "8"))
searching = settings(
    deadline=None, suppress_health_check=list(HealthCheck), derandomize=True, database=None, phases=[Phase.generate]
)
DAY = 86_400
AMOUNTS = [("0.00", "0.00", "paid"), ("30.00", "5.00", "paid"), ("35.00", "0.00", "paid"), ("35.00", "0.00", "paid")]


class EventHistory:
    """The history of a subscription at Stripe, step by step."""

    def __init__(self, payments: Payments) -> None:
        self.payments, self.stripe = payments, payments.stripe
        self.user: User = UserFactory.create()
        self.stripe.drop_state()
        self.stripe.freeze(BORN)  # months differ in length, so all histories begin on one day
        call_command("sync_plans", stdout=StringIO())
        self.delivered: list[dict[str, Any]] = []

    def steps(self) -> Iterator[Callable[[], Any]]:
        """Yield the steps: trial, payment, failure, payment by another card, upgrade, partial refund, cancellation, end."""
        yield self.buy
        yield lambda: self.stripe.advance(16 * DAY)
        yield lambda: self.take_card("pm_card_chargeCustomerFail")
        yield lambda: self.stripe.advance(30 * DAY)
        yield lambda: self.take_card("pm_card_mastercard")
        yield lambda: self.stripe.advance(6 * DAY)
        yield self.upgrade
        yield self.refund
        yield lambda: self.change({"cancel_at_period_end": True})
        yield lambda: self.stripe.advance(32 * DAY)

    def buy(self) -> None:
        self.payments.buy(self.user, plan("Mid-tier"), now=clock.now())

    @property
    def customer(self) -> str:
        """The id of the customer at Stripe."""
        return StripeCustomer.objects.get(user=self.user).stripe_id

    def take_card(self, card: str) -> None:
        """Make another card the default of the subscription, as the billing portal does."""
        self.change({"default_payment_method": give_card(client_of(self.stripe), self.customer, card)})

    def change(self, parameters: dict[str, Any]) -> None:
        [subscription] = stripe_client.list_all("subscriptions", customer=self.customer, status="all")
        key = f"{subscription['id']}{orjson.dumps(parameters).decode()}"
        stripe_client.write("subscriptions.update", subscription["id"], parameters, key=key)

    def upgrade(self) -> None:
        [subscription] = stripe_client.list_all("subscriptions", customer=self.customer, status="all")
        items = [{"id": subscription["items"]["data"][0]["id"], "price": plan("Professional").stripe_price_id}]
        self.change({"items": items, "proration_behavior": "always_invoice"})

    def refund(self) -> None:
        charge = next(found for found in stripe_client.list_all("charges", customer=self.customer) if found["paid"])
        stripe_client.write("refunds.create", {"charge": charge["id"], "amount": 500}, key=f"refund-{charge['id']}")

    def undelivered(self) -> list[dict[str, Any]]:
        """Return the customer's events that were not delivered yet."""
        known = {event["id"] for event in self.delivered}
        return [event for event in self.stripe.events() if event["id"] not in known and self.customer in str(event)]

    def process_events(self, event: dict[str, Any], now: datetime) -> None:
        """Deliver and handle one event."""
        self.delivered.append(event)
        row, _ = services.store_event(orjson.dumps(event), headers={}, now=now)
        services.handle_event(row.pk, now=now)


def plan(name: str) -> SubscriptionPlan:
    found: SubscriptionPlan = SubscriptionPlan.objects.get(name=name, billing_cycle="monthly")
    return found


@pytest.fixture
def rows_in_order(payments: Payments) -> Rows:
    """Return the rows after a history whose events are delivered at once and in order."""
    history = EventHistory(payments)
    for step in history.steps():
        step()
        for event in history.undelivered():
            history.process_events(event, clock.now())
    return snapshot_of(history.user)


def test_the_rows_after_events_in_order(rows_in_order: Rows) -> None:
    [subscription] = rows_in_order["Subscription"]
    assert subscription[:2] == ("Professional", "canceled")
    amounts = [(str(row[1]), str(row[3]), row[5]) for row in rows_in_order["BillingHistory"]]
    assert amounts == AMOUNTS
    assert {row[5] for row in rows_in_order["BillingHistory"]} == {"paid"}
    assert [(row[0], str(row[1])) for row in rows_in_order["Adjustment"]] == [("refund", "5.00")]
    assert [row[:2] for row in rows_in_order["StripeCustomer"]] == [("mastercard", "4444")]
    assert rows_in_order["FeatureAccess"] == [("data_export", None)]


def test_any_order_leads_to_one_state(payments: Payments, rows_in_order: Rows) -> None:
    @settings(searching, max_examples=ORDERS)
    @given(st.randoms(use_true_random=False), st.booleans())
    def deliver_at_random(chance: Any, loses_the_rest: bool) -> None:
        with transaction.atomic():
            history = EventHistory(payments)
            for step in history.steps():
                step()
                waiting = history.undelivered() + history.delivered[-2:]  # some are repeated
                for event in chance.sample(waiting, chance.randint(0, len(waiting))):
                    history.process_events(event, clock.now())
            last = history.undelivered()
            chance.shuffle(last)
            if loses_the_rest:
                customer = StripeCustomer.objects.get(user=history.user)
                reconciliation.compare_customer(customer, now=clock.now(), fix=True)
            else:
                for event in last:
                    history.process_events(event, clock.now())
            assert snapshot_of(history.user) == rows_in_order

    deliver_at_random()
