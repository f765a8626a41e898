"""The generated customers' subscriptions: two years at the Stripe emulator, which MINGUS reads as it reads Stripe.

The history is played into the emulator once. Its label names the day and the plans, so an emulator that was emptied, or that
belongs to another database, is filled again. The ids at Stripe are then the same as before.
"""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from io import StringIO

import orjson
from django.core.management import call_command
from django.db.models import QuerySet

from billing import services
from billing.models import StripeCustomer, StripeEvent, SubscriptionPlan
from billing.stripe.account_objects import AccountObjects, read_account
from billing.stripe.event_customers import store_customers
from billing.stripe.reconciliation import compare_customer, lost_events, missing_customers
from dev.population import subscriptions
from dev.population.draws import parameters
from dev.population.people import Person
from dev.stripe.emulator import EmulatorClient


@contextmanager
def playing(people: Sequence[Person], emulator: EmulatorClient, *, until: datetime) -> Iterator[None]:
    """Play the customers' history into the emulator while the block runs, unless it was played before."""
    label = _label(until)
    if emulator.set()["history"] == label:
        yield
        return
    emulator.drop_state(everything=True)
    emulator.freeze(subscriptions.beginning(until))
    call_command("sync_plans", stdout=StringIO())
    steps = subscriptions.history(people, _offers(), now=until)
    with ThreadPoolExecutor(1) as thread:
        played = thread.submit(emulator.play, steps, seed=parameters()["seed"], until=until, label=label)
        yield
        played.result()


@dataclass(frozen=True)
class Comparison:
    """Everything that the comparison of our customers with Stripe needs: the pages of the account, and lost events."""

    account: AccountObjects
    now: datetime

    def correct(self, people: Sequence[Person]) -> None:
        """Correct the rows of customers by what is at Stripe, unless that was done before."""
        for customer in rows_of(people).filter(synced_at=None).select_related("user"):
            events = StripeEvent.objects.filter(stripe_customer_id=customer.stripe_id).waiting().order_by("pk")
            compare_customer(customer, now=self.now, fix=True, account=self.account, events=list(events))


def prepare(people: Sequence[Person], *, now: datetime) -> Comparison:
    """Find the customers at Stripe by their metadata, and store the events that were not received."""
    list(missing_customers(read_account((), now=now), fix=True))
    known = set(rows_of(people).values_list("stripe_id", flat=True))
    for event in list(lost_events(known, now=now)):
        services.store_event(orjson.dumps(event, default=str), headers={}, now=now)
    for row in StripeEvent.objects.filter(stripe_customer_id="").waiting().order_by("pk"):
        store_customers(row)
    return Comparison(read_account(known, now=now), now)


def rows_of(people: Sequence[Person]) -> QuerySet[StripeCustomer]:
    return StripeCustomer.objects.filter(user__in=[person.id for person in people])


def _offers() -> list[subscriptions.Offer]:
    plans = SubscriptionPlan.objects.exclude(stripe_price_id="").order_by("pk")
    return [subscriptions.Offer(plan.name, plan.billing_cycle, str(plan.pk), plan.stripe_price_id) for plan in plans]


def _label(until: datetime) -> str:
    plans = sorted(str(key) for key in SubscriptionPlan.objects.values_list("pk", flat=True))
    return sha256(f"{until.isoformat()} {plans}".encode()).hexdigest()
