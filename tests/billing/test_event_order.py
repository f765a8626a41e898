"""A subscription's life is heard of in any order, any number of times or not at all: at its end the same rows stand here.

Between the steps of a life, some of what Stripe has told until then is delivered, as chance wants it; after the last step the
rest, or nothing, and `reconcile_stripe` finds it. `ORDERS=500 make faults ARGS="-k any_order"` looks longer.
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
    """One customer's life at Stripe, step by step. It knows of our side nothing but the first checkout."""

    def __init__(self, payments: Payments) -> None:
        self.payments, self.stripe = payments, payments.stripe
        self.user: User = UserFactory.create()
        self.stripe.drop_state()
        self.stripe.freeze(BORN)  # months differ in length, so all lives begin on one day
        call_command("sync_plans", stdout=StringIO())
        self.heard: list[dict[str, Any]] = []

    def steps(self) -> Iterator[Callable[[], Any]]:
        """Trial, paid, failed, paid with another card, upgraded, partly refunded, disputed, cancelled, ended."""
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
        """His id at Stripe."""
        return StripeCustomer.objects.get(user=self.user).stripe_id

    def take_card(self, card: str) -> None:
        """Pay with another card from now on, as the portal does it."""
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

    def news(self) -> list[dict[str, Any]]:
        """What Stripe has to tell of him and was never delivered."""
        known = {event["id"] for event in self.heard}
        return [event for event in self.stripe.events() if event["id"] not in known and self.customer in str(event)]

    def process_events(self, event: dict[str, Any], now: datetime) -> None:
        """One delivery, and what follows from it."""
        self.heard.append(event)
        row, _ = services.store_event(orjson.dumps(event), headers={}, now=now)
        services.handle_event(row.pk, now=now)


def plan(name: str) -> SubscriptionPlan:
    found: SubscriptionPlan = SubscriptionPlan.objects.get(name=name, billing_cycle="monthly")
    return found


@pytest.fixture
def life_in_order(payments: Payments) -> Rows:
    """The rows after a life whose every event is heard at once, in order."""
    life = EventHistory(payments)
    for step in life.steps():
        step()
        for event in life.news():
            life.process_events(event, clock.now())
    return snapshot_of(life.user)


def test_a_life_ends_with_what_was_paid_given_back_and_closed(life_in_order: Rows) -> None:
    [subscription] = life_in_order["Subscription"]
    assert subscription[:2] == ("Professional", "canceled")
    amounts = [(str(row[1]), str(row[2]), row[4]) for row in life_in_order["BillingHistory"]]
    assert amounts == AMOUNTS
    assert {row[4] for row in life_in_order["BillingHistory"]} == {"paid"}
    assert [(row[0], str(row[1])) for row in life_in_order["Adjustment"]] == [("refund", "5.00")]
    assert [row[:2] for row in life_in_order["StripeCustomer"]] == [("mastercard", "4444")]
    assert life_in_order["FeatureAccess"] == []


def test_any_order_leads_to_one_state(payments: Payments, life_in_order: Rows) -> None:
    @settings(searching, max_examples=ORDERS)
    @given(st.randoms(use_true_random=False), st.booleans())
    def lived(chance: Any, loses_the_rest: bool) -> None:
        with transaction.atomic():
            life = EventHistory(payments)
            for step in life.steps():
                step()
                waiting = life.news() + life.heard[-2:]  # some come again
                for event in chance.sample(waiting, chance.randint(0, len(waiting))):
                    life.process_events(event, clock.now())
            last = life.news()
            chance.shuffle(last)
            if loses_the_rest:
                customer = StripeCustomer.objects.get(user=life.user)
                reconciliation.compare_customer(customer, now=clock.now(), fix=True)
            else:
                for event in last:
                    life.process_events(event, clock.now())
            assert snapshot_of(life.user) == life_in_order

    lived()
