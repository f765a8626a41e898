"""Customers who live through many days, and a network that shuffles, repeats and loses the events about them."""

import random
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from io import StringIO
from typing import Any

import orjson
from django.core.management import CommandError, call_command
from django.db import connection
from django.db.models import Q
from procrastinate.contrib.django import app
from procrastinate.contrib.django.models import ProcrastinateJob

from billing import services, tasks
from billing.models import StripeCustomer, SubscriptionPlan
from core import clock, rls
from dev.factories import UserFactory
from dev.stripe.deliveries import signature
from tests.billing.stories import Plans, Story, draw_stories
from tests.billing.stripe_payments import SECRET, Payments, post
from tests.dev.stripe.fixtures import client_of
from users.models import User

BEGINS = datetime(2026, 3, 2, 9, tzinfo=UTC)
DAY = 86_400
FAILURES = ("invoice.payment_failed", "invoice.payment_action_required", "invoice.overdue")
LOST = 0.2
REPEATED = 0.2
WORKER_DELAY = timedelta(seconds=10)  # after the events of a round; a job that is due later is not run before the next one
MAX_ROUNDS = 6  # so that access is compared at most 60 seconds after the last event about a customer


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
        self.last_event = ""
        self.changed: set[str] = set()  # the customers at Stripe with an event since the last look
        self.failed_at: dict[str, int] = {}  # when the payment of an invoice first failed or was overdue
        self.keys: dict[Any, dict[str, None]] = {}
        self.customers = [Customer(UserFactory.create(), story) for story in draw_stories(self.chance, size)]

    def live_through(self, day: int) -> None:
        """Pass a day: time, the customers' actions, the events that arrive."""
        self.pass_time(timedelta(days=1))
        self.deliver()
        for customer in self.customers:
            for action in customer.story.actions.get(day, ()):
                if action(self, customer):
                    customer.performed.append(action.__name__)
        self.deliver()

    def pass_time(self, time: timedelta) -> None:
        """Move the clocks, of Stripe and of this process."""
        self.traveler.shift(time)
        self.stripe.advance(int(time.total_seconds()))

    def deliver(self) -> None:
        """Deliver the new events to the endpoint in a random order, some of them twice and some never, and run the jobs.

        The events that the jobs cause arrive in the next round. At the end, the last event about a customer is between
        WORKER_DELAY and MAX_ROUNDS times that old, which is at most a minute.
        """
        for _ in range(MAX_ROUNDS):
            new = self.stripe.events(after=self.last_event)
            if not new:
                return
            self.last_event = new[-1]["id"]
            lost = {event["id"] for event in new if self.chance.random() < LOST}
            arriving = [event for event in new if event["id"] not in lost]
            arriving += [event for event in arriving if self.chance.random() < REPEATED]
            self.chance.shuffle(arriving)
            for event in arriving:
                body = orjson.dumps(event)
                assert post(body, signature(body, [SECRET], int(clock.now().timestamp()))).status_code == 200
            self._note(new, lost)
            self.pass_time(WORKER_DELAY)
            self.run_jobs()
            self.note_keys()
        assert not self.stripe.events(after=self.last_event)

    def run_jobs(self) -> None:
        """Run the jobs that are due, and those that they enqueue, as a worker does. A job that is not due yet waits."""
        todo = ProcrastinateJob.objects.filter(status="todo", task_name__startswith="billing.")
        due = todo.filter(Q(scheduled_at=None) | Q(scheduled_at__lte=clock.now())).order_by("pk")
        while jobs := list(due.all()):
            for job in jobs:
                with rls.as_staff():
                    app.tasks[job.task_name].func(**job.args)
            with rls.as_login_role(), connection.cursor() as cursor:
                cursor.execute("DELETE FROM procrastinate_jobs WHERE id = ANY(%s)", [[job.pk for job in jobs]])

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
        """Run the hourly and the nightly jobs, which receive the lost events, and the jobs that are due a minute later."""
        self.pass_time(timedelta(minutes=10))
        tasks.process_period_ends(0)
        tasks.update_expired_access(0)
        services.reconcile(now=clock.now())
        self.pass_time(WORKER_DELAY)
        self.run_jobs()
        for customer in self.customers:
            customer.is_told = True

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
            self.run_jobs()
        self.traveler.shift(timedelta(minutes=10))
        call_command("reconcile_stripe", fix=True, stdout=StringIO())
        output = StringIO()
        try:
            call_command("reconcile_stripe", stdout=output)
        except CommandError as error:
            output.write(str(error))
        return output.getvalue().splitlines()
