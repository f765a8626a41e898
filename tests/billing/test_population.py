"""Customers with every kind of trouble, whose events are shuffled, repeated and partly lost until the night.

Each evening, at most a minute after the last event about a customer, and after each night, access follows the payments. After
the nights and at the end, the rows are those of a sync from nothing, and every cent is accounted for.
`CUSTOMERS=500 make faults ARGS="-k population"` tries 500 customers.
"""

import os
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
import time_machine
from django.conf import settings as django_settings
from django.db import transaction
from django.db.models import Sum

from billing import money_metrics, services
from billing.models import (
    Adjustment,
    BillingHistory,
    BillingMovement,
    DunningStep,
    FeatureAccess,
    RecurringCharge,
    StripeCustomer,
    StripeEvent,
    Subscription,
    SubscriptionPlan,
)
from billing.models.adjustments import IS_SENT_REFUND, IS_WITHDRAWN
from billing.models.subscriptions import RUNNING
from billing.stripe import client as stripe_client
from core import clock
from tests.billing import population as population_module
from tests.billing.notice_contents import incomplete_notices
from tests.billing.population import BEGINS, Customer, Population
from tests.billing.revenue_truth import revenue_at
from tests.billing.snapshots import Rows, snapshot_of
from tests.billing.stories import DAYS, TROUBLES, Story
from tests.billing.stripe_payments import Payments
from tests.billing.stripe_truth import AccountOfACustomer, read_account

pytestmark = [pytest.mark.faults, pytest.mark.django_db]
SIZE = len(TROUBLES)  # customers of a population, so that each has all troubles
CUSTOMERS = int(os.environ.get("CUSTOMERS", "20"))
SIZES = [min(SIZE, CUSTOMERS - first) for first in range(0, CUSTOMERS, SIZE)]
DAYS_BETWEEN_NIGHTS = 3
ADJUSTMENTS = {
    "double purchase": ("refund", "succeeded", "double_purchase"),
    "pays after the end": ("refund", "succeeded", "paid_after_end"),
    "pays a part, is given up": ("refund", "succeeded", "void_invoice"),
    "refund": ("refund", "succeeded", ""),
    "refund fails": ("refund", "failed", ""),
    "dispute won": ("dispute", "won", ""),
    "dispute lost": ("dispute", "lost", ""),
    "dispute prevented": ("dispute", "prevented", ""),
    "inquiry escalated": ("dispute", "open", ""),
    "inquiry": ("dispute", "inquiry_closed", ""),
    "credit": ("credit", "succeeded", ""),
}
"""The kind, status and rule of the adjustment to which a trouble leads."""
HOURS_BETWEEN_CHECKS = 5
DEBIT_DAYS = {"us_bank_account": 9}  # longer than the grace period


@pytest.fixture
def traveler() -> Iterator[Any]:
    with time_machine.travel(BEGINS, tick=False) as found:
        yield found


@pytest.fixture(params=range(len(SIZES)))
def population(request: Any, payments: Payments, mid_tier: SubscriptionPlan, traveler: Any) -> Population:
    return begin(payments, traveler, SIZES[request.param], seed=16 + request.param)


def begin(payments: Payments, traveler: Any, size: int, seed: int) -> Population:
    """Return a population on its first day, with a promotion code."""
    payments.stripe.freeze(BEGINS)
    payments.stripe.set(debit_days={**payments.stripe.set()["debit_days"], **DEBIT_DAYS})
    world = Population(payments, traveler, size, seed)
    fifth = world.v1.coupons.create({"percent_off": 20, "duration": "repeating", "duration_in_months": 2})
    world.v1.promotion_codes.create({"promotion": {"type": "coupon", "coupon": fifth.id}, "code": "SPRING"})
    return world


class Inspector:
    """The checks of the population, and what they have found."""

    def __init__(self, world: Population) -> None:
        self.world = world
        self.found: list[str] = []
        self.prices = set(SubscriptionPlan.objects.exclude(stripe_price_id="").values_list("stripe_price_id", flat=True))
        self.numbers = Counter[str]()
        self.accounts: dict[str, AccountOfACustomer] = {}
        self.stale: set[str] = set()  # the customers whose rows were not checked since the last event

    def accounts_of(self, customer: Customer) -> list[AccountOfACustomer]:
        """Return what Stripe has about a customer, which is read again after each event about them."""
        keys = self.world.keys_of(customer)
        for key in keys:
            if key in self.world.changed or key not in self.accounts:
                self.accounts[key] = read_account(key, self.prices, self.world.failed_at)
                self.world.changed.discard(key)
                self.stale.add(customer.user.email)
        return [self.accounts[key] for key in keys]

    def check_access(self, day: int, when: str) -> None:
        """Compare the access of each customer with Stripe's objects. A lost event excuses only until the night."""
        now, grace = int(clock.now().timestamp()), timedelta(days=django_settings.BILLING_GRACE_DAYS)
        for customer in self.world.customers:
            accounts = self.accounts_of(customer)
            if not customer.is_told:
                continue
            is_open = has_access(customer)
            self.numbers["checks of access"] += 1
            if is_open and not any(account.may_have_access(now, grace) for account in accounts):
                self.report(day, customer, f"{when}: access without payment")
            if not is_open and any(account.must_have_access(now, grace) for account in accounts):
                self.report(day, customer, f"{when}: payment without access")

    def check_rows(self, day: int) -> None:
        """Compare the rows of each customer with an event since the last comparison with those of a sync from nothing."""
        for customer in self.world.customers:
            if customer.user.email not in self.stale:
                continue
            self.numbers["checks of rows"] += 1
            ours, fresh = snapshot_of(customer.user), rows_from_nothing(customer, self.world.keys_of(customer))
            if any(row[1] == "past_due" for row in ours["Subscription"]):
                # the grace period of a debit begins when we learned of its failure, which Stripe's objects do not tell
                del ours["FeatureAccess"], fresh["FeatureAccess"]
            if ours != fresh:
                self.report(day, customer, f"rows differ: {differences(ours, fresh)}")
        self.stale.clear()

    def check_money(self, day: int) -> None:
        for customer in self.world.customers:
            accounts = self.accounts_of(customer)
            theirs, ours = sum((account.money() for account in accounts), Decimal(0)), in_the_books(customer)
            self.numbers["cents at Stripe"] += int(theirs * 100)
            self.numbers["cents in the books"] += int(ours * 100)
            if theirs != ours:
                self.report(day, customer, f"{theirs} at Stripe, {ours} in the books")
            self.numbers["double charges"] += sum(len(account.double_charges()) for account in accounts)
            if any(account.double_charges() for account in accounts):
                self.report(day, customer, "was charged twice for the same time")

    def check_revenue(self, day: int) -> None:
        """Compare the recurring revenue at many instants with Stripe's objects."""
        instants = range(int(BEGINS.timestamp()), int(clock.now().timestamp()), HOURS_BETWEEN_CHECKS * 3600)
        for customer in self.world.customers:
            accounts = self.accounts_of(customer)
            theirs = [revenue_at(accounts, at) for at in instants]
            ours = revenues_in_movements(customer, instants)
            self.numbers["checks of revenue"] += sum(bool(amount) for amount in theirs)
            wrong = [place for place, amount in enumerate(theirs) if ours[place] != amount and not is_in_gap(theirs, place)]
            if wrong:
                at = datetime.fromtimestamp(instants[wrong[0]], UTC)
                amounts = f"{theirs[wrong[0]]} a year at Stripe, {ours[wrong[0]]} in the movements"
                self.report(day, customer, f"{at}: {amounts}, at {len(wrong)} instants")

    def write_report(self) -> None:
        """Print what was checked, which pytest shows with -s and for a failed test."""
        actions = Counter(name for customer in self.world.customers for name in customer.performed)
        sys.stdout.write("\n".join([f"{dict(self.numbers)}", f"{dict(actions)}", *self.found, ""]))

    def report(self, day: int, customer: Customer, what: str) -> None:
        self.found.append(f"day {day}, {customer}: {what}")


def has_access(customer: Customer) -> bool:
    """Return True if a feature that is in every plan, and closed without one, is open."""
    row = FeatureAccess.objects.for_user(customer.user).filter(feature_name="health_checkins").first()
    return row is not None and row.is_open_at(clock.now())


def rows_from_nothing(customer: Customer, keys: list[str]) -> Rows:
    """Return the rows that a sync writes for a customer of whom only the IDs at Stripe are known, the present one last."""
    with transaction.atomic():
        for model in (DunningStep, Adjustment, BillingMovement, RecurringCharge, BillingHistory, Subscription, FeatureAccess):
            model._default_manager.filter(user=customer.user).delete()
        for key in keys:
            StripeCustomer.objects.filter(user=customer.user).update(stripe_id=key, synced_at=None, deleted_at=None)
            services.sync_customer(stripe_customer_id=key, now=clock.now())
        found = snapshot_of(customer.user)
        transaction.set_rollback(True)
    return found


def revenues_in_movements(customer: Customer, instants: Iterable[int]) -> list[Decimal]:
    """Return the sum of the changes of a customer until each of the instants."""
    rows = BillingMovement.objects.for_user(customer.user).values_list("happened_at", "annual_change")
    changes = [(at.timestamp(), change) for at, change in rows]
    return [sum((change for begin, change in changes if begin <= at), Decimal(0)) for at in instants]


def is_in_gap(amounts: list[Decimal], place: int) -> bool:
    """Return True if nothing is paid at an instant, and something within a day before and after it, which is no churn."""
    near = 24 // HOURS_BETWEEN_CHECKS
    return not amounts[place] and any(amounts[max(place - near, 0) : place]) and any(amounts[place : place + near + 1])


def differences(ours: Rows, fresh: Rows) -> dict[str, Any]:
    return {
        name: ([row for row in ours[name] if row not in fresh[name]], [row for row in fresh[name] if row not in ours[name]])
        for name in ours
        if ours[name] != fresh[name]
    }


def in_the_books(customer: Customer) -> Decimal:
    """Return the customer's charges minus refunds minus disputes, as `money_metrics.books` counts them."""
    charged = BillingHistory.objects.for_user(customer.user).aggregate(total=Sum("amount_collected"))["total"] or 0
    taken = Adjustment.objects.for_user(customer.user).filter(IS_SENT_REFUND | IS_WITHDRAWN)
    return Decimal(charged - (taken.aggregate(total=Sum("amount"))["total"] or 0))


def money_of_other_apps(world: Population) -> Decimal:
    """Return what other apps in the account have taken."""
    own = {key for customer in world.customers for key in world.keys_of(customer)}
    others = [found["id"] for found in stripe_client.list_all("customers") if found["id"] not in own]
    return sum((read_account(key, set(), {}).money() for key in others), Decimal(0))


def test_a_population_is_charged_and_served_exactly(population: Population) -> None:
    inspector = Inspector(population)
    for day in range(DAYS):
        population.live_through(day)
        inspector.check_access(day, "evening")
        if day % DAYS_BETWEEN_NIGHTS:
            continue
        population.spend_night()
        inspector.check_access(day, "night")
        population.deliver()  # what the night's jobs changed at Stripe
        inspector.check_rows(day)
        if day % 6 == 0:
            inspector.check_money(day)
    remaining = population.reconcile()
    inspector.check_access(DAYS, "end")
    inspector.stale.update(customer.user.email for customer in population.customers)
    inspector.check_rows(DAYS)
    inspector.check_money(DAYS)
    inspector.check_revenue(DAYS)
    inspector.write_report()
    assert (inspector.found, remaining) == ([], ["No differences from Stripe."])
    movements = stripe_client.list_all("balance_transactions")
    left = sum(row[5] for row in money_metrics.books(clock.now()).rows)
    foreign = money_of_other_apps(population)
    assert left + foreign == Decimal(sum(entry["amount"] for entry in movements)).scaleb(-2)
    assert not StripeEvent.objects.filter(state__in=("waiting", "failed")).exists()
    assert_one_subscription_each()
    assert incomplete_notices() == []
    # each trouble has occurred, unless the customer's second one prevented it
    undisturbed = [customer.story for customer in population.customers if not customer.story.has_second_trouble]
    assert missing_actions(population, undisturbed) == set()
    expected = {ADJUSTMENTS[story.name] for story in undisturbed if story.name in ADJUSTMENTS}
    assert expected - set(Adjustment.objects.values_list("kind", "status", "rule")) == set()


def missing_actions(world: Population, undisturbed: list[Story]) -> set[str]:
    """Return the actions of undisturbed customers that no customer has performed."""
    expected = {action.__name__ for story in undisturbed for actions in story.actions.values() for action in actions}
    return expected - {name for customer in world.customers for name in customer.performed}


def test_a_worker_that_takes_longer_is_noticed(
    payments: Payments, mid_tier: SubscriptionPlan, traveler: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(population_module, "LOST", 0)
    world = begin(payments, traveler, 3, seed=16)
    monkeypatch.setattr(world, "run_jobs", lambda: None)
    inspector = Inspector(world)
    for day in range(4):  # until all have bought
        world.live_through(day)
    inspector.check_access(4, "evening")
    assert [line.split(": ")[-2:] for line in inspector.found] == [["evening", "payment without access"]] * 3


def assert_one_subscription_each() -> None:
    found = stripe_client.list_all("subscriptions", status="all")
    prices = set(SubscriptionPlan.objects.exclude(stripe_price_id="").values_list("stripe_price_id", flat=True))
    own = [item["customer"] for item in found if item["status"] in RUNNING and price_of(item) in prices]
    assert sorted(own) == sorted(set(own))
    assert Subscription.objects.running().count() == len(own)


def price_of(subscription: Any) -> str:
    return str(subscription["items"]["data"][0]["price"]["id"])
