"""The nightly comparison of a large account: at most 2 calls to Stripe for a customer, and what events did not tell is found.

`CUSTOMERS=10000 make faults ARGS="-k night"` compares 10,000 customers, with at most 20,000 calls, and prints the figures.
"""

import os
import resource
import sys
import time
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine

from billing import services
from billing.models import Adjustment, StripeCustomer, StripeEvent, Subscription, SubscriptionPlan
from core import clock
from dev.factories import UserFactory
from tests.billing.large_account import copy_accounts
from tests.billing.stripe_payments import Payments
from tests.dev.stripe.fixtures import client_of
from users.models import User

pytestmark = [pytest.mark.faults, pytest.mark.django_db]
CUSTOMERS = int(os.environ.get("CUSTOMERS", "60"))
CALLS_PER_CUSTOMER = 2
CHANGED = 0.05
CARDS = ("visa", "mastercard", "amex", "visa")
BEGINS = datetime(2026, 3, 2, 9, tzinfo=UTC)


@pytest.fixture
def traveler() -> Iterator[Any]:
    with time_machine.travel(BEGINS, tick=False) as found:
        yield found


class Nights:
    """An account of CUSTOMERS customers who have paid for two months, and its nights."""

    def __init__(self, payments: Payments, plan: SubscriptionPlan, traveler: Any) -> None:
        self.payments, self.stripe, self.traveler = payments, payments.stripe, traveler
        self.v1 = client_of(payments.stripe).v1
        self.calls = Counter[str]()
        originals = [self.customer(plan, card) for card in CARDS]
        refunded = self.v1.charges.list({"customer": StripeCustomer.objects.get(user=originals[0]).stripe_id}).data[0]
        self.v1.refunds.create({"charge": refunded.id, "amount": 500})
        self.pass_days(1)
        payments.process_events(now=clock.now())
        copy_accounts(payments.stripe, originals, CUSTOMERS // len(CARDS) - 1)
        self.pass_days(1)

    def customer(self, plan: SubscriptionPlan, card: str) -> User:
        """Return a customer who has paid for two months."""
        user: User = UserFactory.create()
        self.payments.buy(user, plan, now=clock.now(), card=card)
        self.pass_days(35)
        self.payments.process_events(now=clock.now())
        return user

    def pass_days(self, days: float) -> None:
        self.traveler.shift(timedelta(days=days))
        self.stripe.advance(int(days * 86_400))

    def spend(self, name: str) -> int:
        """Compare all customers, print the figures, and return the number of differences."""
        before, begins = self.stripe.request_counts(), time.perf_counter()
        found = services.reconcile(now=clock.now())
        seconds = time.perf_counter() - begins
        self.calls = self.stripe.request_counts() - before
        kinds = ", ".join(f"{number} {kind.removeprefix('GET ')}" for kind, number in sorted(self.calls.items()))
        sys.stdout.write(
            f"\n{name}: {CUSTOMERS} customers, {found} differences, {self.calls.total()} calls ({kinds}), {seconds:.0f} s, "
            f"at most {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024} MB, emulator {self.emulator_memory()} MB\n"
        )
        return found

    def emulator_memory(self) -> int:
        status = Path(f"/proc/{self.stripe.process.pid}/status").read_text()
        return int(status.split("VmHWM:")[1].split()[0]) // 1024


@pytest.fixture
def nights(payments: Payments, mid_tier: SubscriptionPlan, traveler: Any, settings: Any) -> Nights:
    settings.BILLING_TRIAL_DAYS = 0
    payments.stripe.freeze(BEGINS)
    return Nights(payments, mid_tier, traveler)


def test_nights_of_a_large_account(nights: Nights) -> None:
    assert StripeCustomer.objects.count() == CUSTOMERS
    assert nights.spend("Nothing changed") == 0
    assert nights.calls["GET invoices"] == CUSTOMERS
    assert nights.calls.total() <= CALLS_PER_CUSTOMER * CUSTOMERS
    changed = list(Subscription.objects.order_by("stripe_subscription_id")[: int(CUSTOMERS * CHANGED)])
    for row in changed:
        nights.v1.subscriptions.update(row.stripe_subscription_id, {"cancel_at_period_end": True})
    credited, refunded = StripeCustomer.objects.order_by("pk")[:2]
    nights.v1.customers.balance_transactions.create(credited.stripe_id, {"amount": -700, "currency": "usd"})
    nights.v1.refunds.create({"charge": nights.v1.charges.list({"customer": refunded.stripe_id}).data[0].id})
    nights.pass_days(1)
    assert nights.spend("5 % changed, and their events were lost") >= len(changed)
    assert nights.calls.total() <= CALLS_PER_CUSTOMER * CUSTOMERS
    keys = [row.pk for row in changed]
    assert Subscription.objects.filter(pk__in=keys, cancel_at_period_end=True, next_charge_at=None).count() == len(changed)
    assert Adjustment.objects.filter(kind="credit", user=credited.user_id).count() == 1
    assert Adjustment.objects.filter(kind="refund", user=refunded.user_id).exists()
    assert not StripeEvent.objects.filter(state__in=("waiting", "failed")).exists()
    nights.pass_days(1)
    assert nights.spend("The next night") == 0
