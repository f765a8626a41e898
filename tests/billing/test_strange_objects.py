"""Strange objects at Stripe: what can't be stored is left out and named, and the rest is written, also of other customers.

`STRANGE=20000 make faults ARGS="-k any_value"` tries more values of more fields.
"""

import os
import random
from decimal import Decimal
from typing import Any

import pytest

from billing import services
from billing.models import Adjustment, BillingHistory, StripeCustomer, StripeEvent, Subscription, SubscriptionPlan
from billing.stripe import events as stripe_events
from core import clock
from system.models import SystemAlert
from tests.billing.notice_contents import missing_in
from tests.billing.snapshots import snapshot_of
from tests.billing.strange_values import paths, values_of
from tests.billing.stripe_payments import Payments
from tests.dev.stripe.fixtures import client_of
from users.models import User

pytestmark = pytest.mark.django_db
DAY = 86_400
TRIES = int(os.environ.get("STRANGE", "150"))


class Customer:
    """Alice with a paid invoice, a refund, a dispute and a credit."""

    def __init__(self, payments: Payments, user: User, plan: SubscriptionPlan) -> None:
        self.payments, self.stripe, self.user = payments, payments.stripe, user
        payments.buy(user, plan, now=clock.now())
        payments.stripe.advance(16 * DAY)
        self.id: str = StripeCustomer.objects.get(user=user).stripe_id
        v1 = client_of(payments.stripe).v1
        charge = v1.charges.list({"customer": self.id}).data[0]
        v1.refunds.create({"charge": charge.id, "amount": 500, "metadata": {"adjustment": "another app's"}})
        payments.stripe.open_dispute(charge.id)
        v1.customers.balance_transactions.create(self.id, {"amount": -700, "currency": "usd"})
        self.sync()

    def sync(self) -> StripeCustomer:
        """Sync all objects and return the customer's row."""
        services.sync_customer(stripe_customer_id=self.id, now=clock.now())
        return StripeCustomer.objects.get(user=self.user)

    def objects(self) -> dict[str, Any]:
        """Return one object of each kind as the API shows it, the newest."""
        lists = ("subscriptions", "invoices", "charges", "refunds", "disputes", f"customers/{self.id}/balance_transactions")
        pages = [self.stripe.get(f"/v1/{path}?limit=1")["data"][0] for path in lists]
        method = self.stripe.get(f"/v1/customers/{self.id}/payment_methods")["data"][0]
        return {obj["object"]: obj for obj in [*pages, method, self.stripe.get(f"/v1/customers/{self.id}")]}

    def alter(self, kind: str, **fields: Any) -> str:
        """Alter the newest object of a kind and return its id."""
        name = str(self.objects()[kind]["id"])
        self.stripe.alter(name, {path.replace("__", "."): value for path, value in fields.items()})
        return name


@pytest.fixture
def customer(payments: Payments, alice: User, mid_tier: SubscriptionPlan) -> Customer:
    return Customer(payments, alice, mid_tier)


@pytest.mark.parametrize(
    "fields",
    [
        {"metadata__plan_id": "gold"},
        {"items__data__0__price__metadata": {"plan_id": "gold"}},
        {"trial_start": 1_700_000_000, "trial_end": 1_700_000_000},
        {"trial_start": 1_700_000_001, "trial_end": 1_700_000_000},
        {"items__data__0__current_period_start": 1_700_000_000, "items__data__0__current_period_end": 1_700_000_000},
        {"canceled_at": 10**18},
        {"metadata": None},
    ],
)
def test_a_strange_subscription_still_follows_stripe(customer: Customer, fields: dict[str, Any]) -> None:
    customer.alter("subscription", status="past_due", **fields)
    customer.sync()
    assert Subscription.objects.get(user=customer.user).status == "past_due"


@pytest.mark.parametrize(
    ("total", "amount"), [(9_999_999_999, "99999999.99"), (10_000_000_000, "100000000.00"), (10**14, "1000000000000.00")]
)
def test_large_amounts_are_stored_exactly(customer: Customer, total: int, amount: str) -> None:
    invoice = customer.alter("invoice", total=total, amount_due=total)
    assert customer.sync().problems == ""
    assert BillingHistory.objects.get(stripe_invoice_id=invoice).amount == Decimal(amount)


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"total": 10**15}, "its amount is too large"),
        ({"currency": "zzz"}, "its currency is missing or unknown"),
        ({"currency": None}, "its currency is missing or unknown"),
        ({"total": None}, "its total is missing or unknown"),
    ],
)
def test_an_invoice_that_cannot_be_shown_is_left_out_and_named(customer: Customer, fields: dict[str, Any], reason: str) -> None:
    before = snapshot_of(customer.user)
    invoice = customer.alter("invoice", **fields)
    assert f"Invoice {invoice} was left out: {reason}." in customer.sync().problems
    assert snapshot_of(customer.user) == before


def test_an_unknown_status_grants_no_access(customer: Customer) -> None:
    subscription = customer.alter("subscription", status="hibernating")
    assert f"Subscription {subscription} has an unknown status" in customer.sync().problems
    assert Subscription.objects.get(user=customer.user).status == "paused"


def test_a_pause_without_a_day_is_told_with_the_day_on_which_it_was_found(customer: Customer) -> None:
    customer.alter("subscription", status="paused", items=None)
    customer.sync()
    message = SystemAlert.objects.get(user=customer.user, title="Your subscription is paused").message
    assert message.startswith("Mid-tier was paused by ")
    assert missing_in(message) == []


def test_a_card_without_digits_is_left_out(customer: Customer) -> None:
    customer.alter("payment_method", card__last4=None)
    assert customer.sync().card == ""
    customer.alter("payment_method", card=None, type="link")
    assert (customer.sync().card, customer.sync().problems) == ("", "")


def test_a_credit_in_an_unknown_currency_is_named(customer: Customer) -> None:
    customer.alter("customer", currency="zzz", balance=-900)
    row = customer.sync()
    assert (row.credit, row.currency) == (Decimal("7.00"), "USD")
    assert "currency" in row.problems


def test_the_problems_end_with_their_cause(customer: Customer) -> None:
    customer.alter("invoice", total=10**15)
    assert customer.sync().problems
    customer.alter("invoice")
    assert customer.sync().problems == ""


@pytest.mark.faults
def test_no_sync_fails_on_any_value_of_any_field(
    customer: Customer, payments: Payments, bob: User, mid_tier: SubscriptionPlan
) -> None:
    expected = snapshot_of(customer.user)
    objects = customer.objects()
    cases = [(kind, path, value) for kind, obj in objects.items() for path in paths(obj) for value in values_of(path)]
    for kind, path, value in random.Random(1).sample(cases, min(TRIES, len(cases))):
        payments.stripe.alter(objects[kind]["id"], {path: value})
        try:
            customer.sync()
        except Exception as error:
            raise AssertionError(f"{kind}.{path} = {value!r}") from error
        payments.stripe.alter(objects[kind]["id"], {})
    customer.sync()
    assert snapshot_of(customer.user) == expected
    assert Adjustment.objects.filter(user=customer.user).count() == 3

    payments.stripe.alter(objects["subscription"]["id"], {"items": None, "status": None, "created": "never"})
    payments.buy(bob, mid_tier, now=clock.now())
    payments.process_events(now=clock.now())
    assert Subscription.objects.get(user=bob).status == "trialing"
    assert not StripeEvent.objects.filter(state="failed").exists()


def test_attempts_end_after_a_bound(customer: Customer, monkeypatch: pytest.MonkeyPatch, administrator: User) -> None:
    """A fault of our own is simulated, because no object of Stripe is known to cause one."""

    def fail(**given: Any) -> None:
        raise RuntimeError("a fault of ours")

    monkeypatch.setattr(stripe_events, "sync_customer", fail)
    StripeEvent.objects.all().delete()
    with pytest.raises(RuntimeError):
        customer.payments.process_events(now=clock.now())
    event = StripeEvent.objects.get(state="failed")
    while event.state != "abandoned":
        with pytest.raises(RuntimeError):
            services.handle_event(event.pk, now=clock.now())
        event.refresh_from_db()
    assert event.attempts == stripe_events.MAX_ATTEMPTS
    assert "Replay the event when the error is fixed." in stripe_events.describe_event(event)
    assert SystemAlert.objects.filter(user=administrator, title="A Stripe event was abandoned").count() == 1
    services.handle_event(event.pk, now=clock.now())  # nothing is left to do
    monkeypatch.undo()
    assert services.replay_event(event=event, now=clock.now()).startswith("Synced from Stripe")
