"""The hundred customers that `dev.population` generates: their rows, stored in bulk, and their payments at the Stripe emulator."""

from collections.abc import Iterator

from core import clock
from dev.demo.crowd import accounts, life, money, payments
from dev.population.people import people
from dev.population.subscriptions import beginning
from dev.stripe.emulator import EmulatorClient
from users.models import UserProfile

STEPS = 5


def load(url: str) -> Iterator[str]:
    """Load the customers and yield the name of each step when it is done. Existing rows stay.

    `url` is that of the emulator. Without one, the customers have no subscriptions.
    """
    now, everyone = clock.now(), people()
    loaded = UserProfile.objects.filter(user__in=[person.id for person in everyone]).order_by("created_at").first()
    until = loaded.created_at if loaded else now
    began = beginning(until)
    with payments.playing(everyone, EmulatorClient(url), began=began, until=until):
        accounts.load(everyone, began=began, now=now)
        yield "accounts"
        money.load(everyone)
        yield "transactions"
        life.load(everyone)
        yield "check-ins"
    yield "history at Stripe"
    payments.load(everyone, now=clock.now())
    yield "sync with Stripe"
