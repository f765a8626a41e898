"""The order in which the generated customers are loaded."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from core import clock
from dev.demo.crowd import accounts, life, money, payments, troubles
from dev.demo.crowd.workers import CHUNK, Workers
from dev.population.draws import parameters
from dev.population.people import Person, people
from dev.population.subscriptions import beginning
from dev.stripe.emulator import EmulatorClient
from users.models import AccountErasure, UserProfile

TASKS = 3 * parameters()["customers"] // CHUNK
Progress = Callable[[], Any]


def load(url: str, workers: Workers, on_progress: Progress) -> None:
    """Load the customers. Existing rows stay, and days that have passed since the last run are added.

    `url` is that of the emulator; without one, the customers have no subscriptions. `on_progress` is called
    after each of TASKS.
    """
    everyone = people()
    until = _loaded_at(everyone) or clock.now()
    erased = set(AccountErasure.objects.values_list("user_id", flat=True))
    remaining = [person for person in everyone if person.id not in erased]
    if not url:
        _load_rows(remaining, until, workers)
    else:
        with payments.playing(everyone, EmulatorClient(url), until=until):
            _load_rows(remaining, until, workers)
        if payments.rows_of(remaining).exclude(synced_at=None).count() < len(remaining):
            workers.submit_all(payments.prepare(remaining, now=clock.now()).correct, remaining)
    for _ in workers.finish():
        on_progress()
    troubles.load(remaining, has_payments=bool(url))


def _loaded_at(everyone: Sequence[Person]) -> datetime | None:
    """Return the time of the first run, at which the history at Stripe ends; it is that of the profiles."""
    first = UserProfile.objects.filter(user__in=[person.id for person in everyone]).order_by("created_at").first()
    return first.created_at if first else None


def _load_rows(everyone: Sequence[Person], until: datetime, workers: Workers) -> None:
    accounts.load(everyone, began=beginning(until), until=until, now=clock.now())
    workers.submit_all(money.load, everyone)
    workers.submit_all(life.load, everyone)
