"""The generated customers' subscriptions: two years at the Stripe emulator, which MINGUS reads as it reads Stripe.

The history is played into the emulator once. Its label names the day and the plans, so an emulator that was emptied, or that
belongs to another database, is filled again. The ids at Stripe are then the same as before.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from hashlib import sha256
from io import StringIO
from threading import Thread

from django.core.management import call_command

from billing.models import StripeCustomer, SubscriptionPlan
from billing.stripe import reconciliation
from dev.population import subscriptions
from dev.population.draws import parameters
from dev.population.people import Person
from dev.stripe.emulator import EmulatorClient


@contextmanager
def playing(people: Sequence[Person], emulator: EmulatorClient, *, began: datetime, until: datetime) -> Iterator[None]:
    """Play the customers' history into the emulator while the block runs, unless it was played before."""
    label = _label(until)
    if emulator.set()["history"] == label:
        yield
        return
    emulator.drop_state(everything=True)
    emulator.freeze(began)
    call_command("sync_plans", stdout=StringIO())
    steps = subscriptions.history(people, _offers(), now=until)
    errors: list[Exception] = []

    def play() -> None:
        try:
            emulator.play(steps, seed=parameters()["seed"], until=until, label=label)
        except Exception as error:  # noqa: BLE001  raised below, in the thread that waits for this one
            errors.append(error)

    thread = Thread(target=play)
    thread.start()
    try:
        yield
    finally:
        thread.join()
    for error in errors:
        raise error


def load(people: Sequence[Person], *, now: datetime) -> None:
    """Read the customers' subscriptions, invoices, refunds and disputes from Stripe, unless they were read before.

    The first comparison finds the customers by their metadata, and the second one reads their objects.
    """
    read = StripeCustomer.objects.filter(user__in=[person.id for person in people]).exclude(synced_at=None)
    for _ in range(2):
        if read.count() < len(people):
            list(reconciliation.find_differences(now=now, fix=True))


def _offers() -> list[subscriptions.Offer]:
    plans = SubscriptionPlan.objects.exclude(stripe_price_id="").order_by("pk")
    return [subscriptions.Offer(plan.name, plan.billing_cycle, str(plan.pk), plan.stripe_price_id) for plan in plans]


def _label(until: datetime) -> str:
    plans = sorted(str(key) for key in SubscriptionPlan.objects.values_list("pk", flat=True))
    return sha256(f"{until.isoformat()} {plans}".encode()).hexdigest()
