"""Customers with every kind of trouble, whose events are shuffled, repeated and partly lost: every cent is accounted for.

A fifth of the events is lost until `reconcile_stripe --fix`. `CUSTOMERS=500 make faults ARGS="-k every_cent"` tries 500.
"""

import os
import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from io import StringIO
from typing import Any

import orjson
import pytest
import time_machine
from django.core.management import CommandError, call_command

from billing import money_metrics, services
from billing.models import Adjustment, StripeCustomer, StripeEvent, Subscription, SubscriptionPlan
from billing.models.invoices import InvoiceStatus
from billing.models.subscriptions import RUNNING
from billing.stripe import client as stripe_client
from core import clock
from dev.billing_simulation.jobs import run_enqueued
from dev.factories import UserFactory
from tests.billing.snapshots import snapshot_of
from tests.billing.stripe_payments import Payments
from users.models import User

pytestmark = [pytest.mark.faults, pytest.mark.django_db]
NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
DAY = 86_400
TROUBLES = (
    "none",
    "double purchase",
    "refund",
    "refund fails",
    "refund pends",
    "inquiry",
    "dispute lost",
    "dispute won",
    "dispute prevented",
    "pays after the end",
    "pays in two parts",
    "fraud warning",
)
CUSTOMERS = int(os.environ.get("CUSTOMERS", str(len(TROUBLES))))
CARDS = {"refund fails": "refundFail", "refund pends": "pendingRefund"}
LOST = 0.2
REPEATED = 0.2


@pytest.fixture
def traveler(settings: Any) -> Iterator[Any]:
    """Stop the clock, and sell without a trial."""
    settings.BILLING_TRIAL_DAYS = 0
    with time_machine.travel(NOW, tick=False) as found:
        yield found


@dataclass
class Customer:
    user: User
    trouble: str

    @property
    def stripe_id(self) -> str:
        return StripeCustomer.objects.get(user=self.user).stripe_id


class World:
    """The customers, the passing of time, and a network that shuffles, repeats and loses events."""

    def __init__(self, payments: Payments, traveler: Any, plan: SubscriptionPlan) -> None:
        self.payments, self.stripe, self.traveler, self.plan = payments, payments.stripe, traveler, plan
        self.chance = random.Random(16)
        self.seen: set[str] = set()
        self.last_job = 0
        self.customers = [Customer(UserFactory.create(), TROUBLES[number % len(TROUBLES)]) for number in range(CUSTOMERS)]

    def deliver(self) -> None:
        """Deliver the new events in a random order, some of them twice and some never, and run the jobs."""
        new = [event for event in self.stripe.events() if event["id"] not in self.seen]
        self.seen.update(event["id"] for event in new)
        arriving = [event for event in new if self.chance.random() >= LOST]
        arriving += [event for event in arriving if self.chance.random() < REPEATED]
        self.chance.shuffle(arriving)
        for event in arriving:
            row, _ = services.store_event(orjson.dumps(event), headers={}, now=clock.now())
            services.handle_event(row.pk, now=clock.now())
        self.last_job = run_enqueued(self.last_job)

    def wait(self, days: int) -> None:
        self.traveler.shift(timedelta(days=days))
        self.stripe.advance(days * DAY)
        self.deliver()

    def buy(self, customer: Customer) -> None:
        """Buy the plan, on two pages if the customer clicks twice."""
        card = CARDS.get(customer.trouble, "visa")
        page = services.start_checkout(user=customer.user, plan=self.plan, now=clock.now())
        pages = [page.id]
        if customer.trouble == "double purchase":
            labels = {"user_id": str(customer.user.pk)}
            lines = [{"price": self.plan.stripe_price_id, "quantity": 1}]
            data = {"subscription_data": {"metadata": labels}, "line_items": lines, "success_url": "https://example.com"}
            parameters = {"mode": "subscription", "customer": customer.stripe_id, **data}
            pages.append(stripe_client.write("checkout.sessions.create", parameters, key=f"second-{page.id}")["id"])
        for session in pages:
            self.stripe.complete_checkout(session, card=card)

    def trouble(self, customer: Customer) -> None:
        """Begin the customer's trouble after the first payment."""
        charge = next(stripe_client.list_all("charges", customer=customer.stripe_id))["id"]
        if customer.trouble.startswith("refund"):
            refund = {"charge": charge, "amount": self.chance.randint(1, 3500)}
            stripe_client.write("refunds.create", refund, key=f"refund-{charge}")
        elif customer.trouble == "inquiry":
            self.stripe.close_dispute(self.stripe.open_dispute(charge, case="inquiry"), won=False)
        elif customer.trouble == "dispute prevented":
            self.stripe.open_dispute(charge, case="resolution")
        elif customer.trouble.startswith("dispute"):
            self.stripe.close_dispute(self.stripe.open_dispute(charge), won=customer.trouble.endswith("won"))
        elif customer.trouble == "fraud warning":
            self.stripe.warn_of_fraud(charge)
        elif customer.trouble.startswith("pays"):
            self.stripe.change_card(customer.stripe_id, "failsAtRenewal")

    def pay_late(self, customer: Customer) -> None:
        invoice = next(stripe_client.list_all("invoices", customer=customer.stripe_id, status="open"))
        if customer.trouble == "pays in two parts":
            self.stripe.pay_invoice_part(invoice["id"], 1234, "visa")
        self.stripe.pay_invoice(invoice["id"], "mastercard")

    def reconcile(self) -> list[str]:
        """Correct the differences from Stripe, and return those that remain."""
        self.traveler.shift(timedelta(minutes=10))
        call_command("reconcile_stripe", fix=True, stdout=StringIO())
        self.last_job = run_enqueued(self.last_job)
        call_command("reconcile_stripe", fix=True, stdout=StringIO())
        output = StringIO()
        try:
            call_command("reconcile_stripe", stdout=output)
        except CommandError as error:
            output.write(str(error))
        return output.getvalue().splitlines()


def at_stripe(customer: Customer) -> Decimal:
    """Return what the account has from a customer: charges minus refunds minus disputes."""
    charges = [charge for charge in stripe_client.list_all("charges", customer=customer.stripe_id) if charge["paid"]]
    total = sum(charge["amount"] for charge in charges)
    for charge in charges:
        refunds = stripe_client.list_all("refunds", charge=charge["id"])
        total -= sum(refund["amount"] for refund in refunds if refund["status"] in ("succeeded", "pending"))
        for dispute in stripe_client.list_all("disputes", charge=charge["id"]):
            total += sum(entry["amount"] for entry in dispute["balance_transactions"])
    return Decimal(total).scaleb(-2)


def in_the_books(customer: Customer) -> Decimal:
    rows = snapshot_of(customer.user)
    charged = sum(row[1] for row in rows["BillingHistory"] if row[4] in (InvoiceStatus.PAID, InvoiceStatus.REFUNDED))
    taken = {("refund", "succeeded"), ("refund", "pending"), ("dispute", "open"), ("dispute", "lost"), ("dispute", "prevented")}
    returned = sum(row[1] for row in rows["Adjustment"] if (row[0], row[3]) in taken)
    return Decimal(charged - returned)


def test_every_cent_is_accounted_for(payments: Payments, mid_tier: SubscriptionPlan, traveler: Any, settings: Any) -> None:
    payments.stripe.freeze(NOW)
    world = World(payments, traveler, mid_tier)
    for customer in world.customers:
        world.buy(customer)
    world.deliver()
    for customer in world.customers:
        world.trouble(customer)
    world.deliver()
    world.wait(2)
    world.wait(31)
    world.wait(20)
    for customer in world.customers:
        if customer.trouble.startswith("pays"):
            world.pay_late(customer)
    world.deliver()
    world.wait(1)
    assert world.reconcile() == ["No differences from Stripe."]
    ours = [(customer.trouble, in_the_books(customer)) for customer in world.customers]
    assert ours == [(customer.trouble, at_stripe(customer)) for customer in world.customers]
    movements = stripe_client.list_all("balance_transactions")
    left = sum(row[5] for row in money_metrics.books(clock.now()).rows)
    assert left == Decimal(sum(entry["amount"] for entry in movements)).scaleb(-2)
    assert_one_state(world)


def assert_one_state(world: World) -> None:
    """Check that each trouble has its rows, and that no customer pays or runs twice."""
    running = Counter(
        found["customer"] for found in stripe_client.list_all("subscriptions", status="all") if found["status"] in RUNNING
    )
    assert set(running.values()) == {1}
    assert Subscription.objects.running().count() == len(running)
    each = CUSTOMERS // len(TROUBLES)
    rules = Counter(Adjustment.objects.exclude(rule="").values_list("rule", "status"))
    assert rules["double_purchase", "succeeded"] >= each
    assert rules["paid_after_end", "succeeded"] >= 3 * each  # one payment, and two parts
    statuses = Counter(Adjustment.objects.filter(kind="dispute").values_list("status", flat=True))
    assert min(statuses[name] for name in ("inquiry_closed", "lost", "won", "prevented")) >= each
    assert Adjustment.objects.filter(kind="refund", status="failed").count() >= each
    assert not StripeEvent.objects.filter(state__in=("waiting", "failed")).exists()
