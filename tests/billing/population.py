"""Customers who live through many days, and a network that shuffles, repeats and loses the events about them."""

import random
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from io import StringIO
from typing import Any

import orjson
from django.core.management import CommandError, call_command

from billing import services, tasks
from billing.models import StripeCustomer, SubscriptionPlan
from core import clock
from dev.billing_simulation.jobs import run_enqueued
from dev.factories import UserFactory
from tests.billing.stories import Plans, Story, draw_stories
from tests.billing.stripe_payments import Payments
from tests.dev.stripe.fixtures import client_of
from users.models import User

BEGINS = datetime(2026, 3, 2, 9, tzinfo=UTC)
DAY = 86_400
FAILURES = ("invoice.payment_failed", "invoice.payment_action_required", "invoice.overdue")
LOST = 0.2
REPEATED = 0.2


@dataclass
class Customer:
    """A customer with their story. `is_told` is False while an event about them is lost."""

    user: User
    story: Story
    is_told: bool = True
    performed: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        return f"{self.user.email} ({self.story})"

    @property
    def stripe_id(self) -> str:
        return StripeCustomer.objects.get(user=self.user).stripe_id


class Population:
    """The customers and the passing of time, at Stripe and here."""

    def __init__(self, payments: Payments, traveler: Any, size: int, seed: int) -> None:
        self.payments, self.stripe, self.traveler = payments, payments.stripe, traveler
        self.v1 = client_of(payments.stripe).v1
        self.chance = random.Random(seed)
        self.plans: Plans = {
            (plan.name, plan.billing_cycle): plan for plan in SubscriptionPlan.objects.filter(is_active=True, currency="USD")
        }
        self.last_event, self.last_job = "", 0
        self.changed: set[str] = set()  # the customers at Stripe with an event since the last look
        self.failed_at: dict[str, int] = {}  # when the payment of an invoice first failed or was overdue
        self.keys: dict[Any, dict[str, None]] = {}
        self.customers = [Customer(UserFactory.create(), story) for story in draw_stories(self.chance, size)]

    def live_through(self, day: int) -> None:
        """Pass a day: time, the customers' actions, the events that arrive."""
        self.traveler.shift(timedelta(days=1))
        self.stripe.advance(DAY)
        self.deliver()
        for customer in self.customers:
            for action in customer.story.actions.get(day, ()):
                if action(self, customer):
                    customer.performed.append(action.__name__)
        self.deliver()

    def deliver(self) -> None:
        """Deliver the new events in a random order, some of them twice and some never, and run the jobs.

        The events that the jobs cause arrive too.
        """
        while new := self.stripe.events(after=self.last_event):
            self.last_event = new[-1]["id"]
            lost = {event["id"] for event in new if self.chance.random() < LOST}
            arriving = [event for event in new if event["id"] not in lost]
            arriving += [event for event in arriving if self.chance.random() < REPEATED]
            self.chance.shuffle(arriving)
            for event in arriving:
                row, _ = services.store_event(orjson.dumps(event), headers={}, now=clock.now())
                services.handle_event(row.pk, now=clock.now())
            self.last_job = run_enqueued(self.last_job)
            self.note_keys()
            self._note(new, lost)

    def _note(self, new: list[dict[str, Any]], lost: set[str]) -> None:
        """Note which customers the events are about, and whose events were lost."""
        untold: set[str] = set()
        for event in new:
            about, obj = self._customer_of(event), event["data"]["object"]
            self.changed.add(about)
            if event["id"] in lost:
                untold.add(about)
            if event["type"] in FAILURES:
                self.failed_at.setdefault(obj["id"], event["created"])
        for customer in self.customers:
            customer.is_told = customer.is_told and not untold & set(self.keys_of(customer))

    def _customer_of(self, event: dict[str, Any]) -> str:
        """Return the customer of an event. A refund and a dispute name only their charge."""
        obj = event["data"]["object"]
        if obj["object"] == "customer":
            return str(obj["id"])
        if "customer" not in obj and isinstance(obj.get("charge"), str):
            return str(self.v1.charges.retrieve(obj["charge"]).customer)
        return str(obj.get("customer") or "")

    def spend_night(self) -> None:
        """Run the hourly and the nightly jobs, which receive the lost events."""
        self.traveler.shift(timedelta(minutes=10))
        self.stripe.advance(600)
        tasks.process_period_ends(0)
        tasks.update_expired_access(0)
        services.reconcile(now=clock.now())
        self.last_job = run_enqueued(self.last_job)
        for customer in self.customers:
            customer.is_told = True
        self.deliver()  # what the jobs changed at Stripe

    def keys_of(self, customer: Customer) -> list[str]:
        """Return the customer's IDs at Stripe, also those of deleted ones, the present one last."""
        return list(self.keys.get(customer.user.pk, ()))

    def note_keys(self) -> None:
        """Note the IDs of the customers at Stripe."""
        rows = StripeCustomer.objects.exclude(stripe_id="").values_list("user", "stripe_id")
        for user, key in rows:
            self.keys.setdefault(user, {})[key] = None

    def reconcile(self) -> list[str]:
        """Correct the differences from Stripe, and return those that remain."""
        for _ in range(2):
            self.traveler.shift(timedelta(minutes=10))
            call_command("reconcile_stripe", fix=True, stdout=StringIO())
            self.last_job = run_enqueued(self.last_job)
        self.traveler.shift(timedelta(minutes=10))
        call_command("reconcile_stripe", fix=True, stdout=StringIO())
        output = StringIO()
        try:
            call_command("reconcile_stripe", stdout=output)
        except CommandError as error:
            output.write(str(error))
        return output.getvalue().splitlines()
