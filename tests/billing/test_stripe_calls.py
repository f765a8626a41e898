"""The number of calls to Stripe: at most 4 for a renewal, and at night 1 for a customer beside the pages of the account."""

from collections import Counter
from datetime import timedelta
from decimal import Decimal
from typing import Any

import orjson
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from procrastinate.contrib.django.models import ProcrastinateJob

from billing import services
from billing.models import Adjustment, BillingHistory, StripeCustomer, StripeEvent, Subscription, SubscriptionPlan
from billing.stripe import reconciliation
from core import clock
from dev.factories import UserFactory
from dev.stripe.deliveries import signature
from tests.billing.snapshots import snapshot_of
from tests.billing.stripe_payments import SECRET, Payments, post
from tests.dev.stripe.fixtures import client_of, give_card
from users.models import User

pytestmark = pytest.mark.django_db
DAY = 86_400


class CallCounter:
    """The calls that the emulator has received since the counter was made, by path without ids."""

    def __init__(self, payments: Payments) -> None:
        self.stripe = payments.stripe
        self.before = len(self.stripe.requests())

    def calls(self) -> Counter[str]:
        requests = self.stripe.requests()[self.before :]
        return Counter(request["path"].removeprefix("/v1/").split("/")[0] for request in requests)


def deliver_together(payments: Payments) -> list[Any]:
    """Store all new events and handle them afterwards, as when they arrive within a second. Return their keys."""
    known = set(StripeEvent.objects.values_list("stripe_id", flat=True))
    new = [event for event in payments.events() if event["id"] not in known]
    return [services.store_event(orjson.dumps(event), headers={}, now=clock.now())[0].pk for event in new]


def handle(payments: Payments, keys: list[Any]) -> Counter[str]:
    counter = CallCounter(payments)
    for key in keys:
        services.handle_event(key, now=clock.now())
    return counter.calls()


@pytest.fixture
def renewing(payments: Payments, mid_tier: SubscriptionPlan, alice: User) -> User:
    """Return a customer who has paid for a month."""
    payments.buy(alice, mid_tier, now=clock.now())
    payments.stripe.advance(16 * DAY)
    handle(payments, deliver_together(payments))
    return alice


def test_a_renewal_costs_four_calls(payments: Payments, renewing: User) -> None:
    period_end = Subscription.objects.get(user=renewing).current_period_end
    assert period_end is not None
    payments.stripe.advance(period_end + timedelta(minutes=1))  # the period and the draft
    first = handle(payments, deliver_together(payments))
    payments.stripe.advance(2 * 3600)  # the payment
    second = handle(payments, deliver_together(payments))
    assert first == second == {"subscriptions": 1, "invoices": 1}
    assert BillingHistory.objects.filter(user=renewing, status="paid", amount__gt=0).count() == 2


def test_a_sync_without_changes_writes_only_the_customer(payments: Payments, renewing: User) -> None:
    key = StripeCustomer.objects.get(user=renewing).stripe_id
    payments.stripe.advance(62 * DAY)
    handle(payments, deliver_together(payments))
    services.sync_customer(stripe_customer_id=key, now=clock.now())
    with CaptureQueriesContext(connection) as queries:
        services.sync_customer(stripe_customer_id=key, now=clock.now())
    statements = [query["sql"] for query in queries]
    invoices = BillingHistory.objects.filter(user=renewing).count()
    savepoints = sum(sql.startswith("SAVEPOINT") for sql in statements)
    assert (invoices > 2, savepoints <= invoices + 4) == (True, True)
    written = {sql.split('"')[1] for sql in statements if sql.startswith("INSERT INTO")}
    assert written == set()


def test_events_that_wait_are_handled_by_one_sync(payments: Payments, renewing: User) -> None:
    payments.stripe.advance(31 * DAY)
    [first, *others] = deliver_together(payments)
    handle(payments, [first, *others])
    synced = StripeEvent.objects.filter(pk__in=[first, *others], state="handled")
    assert synced.count() > 4
    assert len(set(synced.values_list("handled_at", flat=True))) == 1


def test_events_at_the_endpoint_wait_for_each_other_except_purchases(
    payments: Payments, mid_tier: SubscriptionPlan, bob: User
) -> None:
    payments.buy(bob, mid_tier, now=clock.now())
    for event in payments.events():
        body = orjson.dumps(event)
        post(body, signature(body, [SECRET], int(clock.now().timestamp())))
    waits = {
        StripeEvent.objects.get(pk=job.args["event_id"]).type: job.scheduled_at is not None
        for job in ProcrastinateJob.objects.filter(task_name="billing.tasks.handle_stripe_event")
    }
    assert waits.pop("checkout.session.completed") is False
    assert len(waits) > 4
    assert set(waits.values()) == {True}


def test_refunds_and_disputes_are_read_when_an_event_is_about_them(payments: Payments, renewing: User) -> None:
    customer = StripeCustomer.objects.get(user=renewing).stripe_id
    v1 = client_of(payments.stripe).v1
    charge = v1.charges.list({"customer": customer}).data[0]
    v1.refunds.create({"charge": charge.id, "amount": 500})
    # `refund.created` names the charge and no customer, so it is read too
    assert handle(payments, deliver_together(payments)) == {"subscriptions": 1, "invoices": 1, "charges": 2}
    assert Adjustment.objects.get(user=renewing, kind="refund").amount == Decimal("5.00")
    payments.stripe.advance(31 * DAY)
    handle(payments, deliver_together(payments))  # not read, and not lost
    assert BillingHistory.objects.get(user=renewing, amount_refunded=Decimal("5.00")).status == "paid"


def test_credits_are_read_when_our_rows_do_not_add_up(payments: Payments, renewing: User) -> None:
    customer = StripeCustomer.objects.get(user=renewing).stripe_id
    v1 = client_of(payments.stripe).v1
    v1.customers.balance_transactions.create(customer, {"amount": -700, "currency": "usd"})
    handle(payments, deliver_together(payments))
    payments.stripe.advance(32 * DAY)  # the renewal uses it
    handle(payments, deliver_together(payments))
    credits = Adjustment.objects.filter(user=renewing, kind="credit").order_by("happened_at")
    assert [str(credit.amount) for credit in credits] == ["7.00", "-7.00"]


def test_a_credit_that_was_granted_and_used_between_syncs_is_found(payments: Payments, renewing: User) -> None:
    customer = StripeCustomer.objects.get(user=renewing).stripe_id
    v1 = client_of(payments.stripe).v1
    v1.customers.balance_transactions.create(customer, {"amount": -700, "currency": "usd"})
    payments.stripe.advance(32 * DAY)
    handle(payments, deliver_together(payments))
    assert Adjustment.objects.filter(user=renewing, kind="credit").count() == 2


def test_a_debt_that_was_added_and_collected_between_syncs_is_found(payments: Payments, renewing: User) -> None:
    customer = StripeCustomer.objects.get(user=renewing).stripe_id
    v1 = client_of(payments.stripe).v1
    v1.customers.balance_transactions.create(customer, {"amount": 700, "currency": "usd"})
    payments.stripe.advance(32 * DAY)
    handle(payments, deliver_together(payments))
    credits = Adjustment.objects.filter(user=renewing, kind="credit").order_by("happened_at")
    assert [str(credit.amount) for credit in credits] == ["-7.00", "7.00"]


@pytest.fixture
def customers(payments: Payments, mid_tier: SubscriptionPlan) -> list[User]:
    """Return customers who paid twice, and who were not synced since yesterday."""
    users: list[User] = UserFactory.create_batch(6)
    for user in users:
        payments.buy(user, mid_tier, now=clock.now())
    payments.stripe.add_foreign_app()
    payments.stripe.advance(50 * DAY)
    handle(payments, deliver_together(payments))
    StripeCustomer.objects.update(synced_at=clock.now() - timedelta(days=1))
    return users


def night(payments: Payments, **options: bool) -> tuple[list[str], Counter[str]]:
    """Compare all customers and return the differences with the calls."""
    counter = CallCounter(payments)
    found = list(reconciliation.find_differences(now=clock.now(), **options))
    return [str(difference) for difference in found], counter.calls()


def test_a_night_costs_one_call_for_a_customer(payments: Payments, customers: list[User]) -> None:
    differences, calls = night(payments)
    pages = calls["customers"] + calls["subscriptions"] + calls["refunds"] + calls["disputes"] + calls["events"]
    assert differences == []
    assert calls["invoices"] == len(customers)
    assert calls.total() == len(customers) + pages
    assert (calls["customers"], calls["subscriptions"]) == (1, 1)  # a page has a hundred


def test_a_night_finds_what_no_event_told(payments: Payments, customers: list[User]) -> None:
    """Every event of these changes is lost, and too young to be missed."""
    v1 = client_of(payments.stripe).v1
    refunded, disputed, carded, credited, canceled = StripeCustomer.objects.order_by("pk")[:5]
    v1.refunds.create({"charge": v1.charges.list({"customer": refunded.stripe_id}).data[0].id, "amount": 500})
    payments.stripe.open_dispute(v1.charges.list({"customer": disputed.stripe_id}).data[0].id)
    method = give_card(client_of(payments.stripe), carded.stripe_id, "pm_card_mastercard")
    subscription = Subscription.objects.get(user=carded.user).stripe_subscription_id
    v1.subscriptions.update(subscription, {"default_payment_method": method})
    v1.customers.balance_transactions.create(credited.stripe_id, {"amount": -700, "currency": "usd"})
    v1.subscriptions.cancel(Subscription.objects.get(user=canceled.user).stripe_subscription_id)
    found, calls = night(payments, fix=True)
    changed = {line.split(":")[0] for line in found if line.startswith("cus_")}
    assert changed == {row.stripe_id for row in (refunded, disputed, carded, credited, canceled)}
    assert calls["invoices"] == len(customers) + 1  # the credit lowers the next charge, which is previewed again
    rows = {row.pk: snapshot_of(row.user) for row in (refunded, disputed, carded, credited, canceled)}
    for row in (refunded, disputed, carded, credited, canceled):
        services.sync_customer(stripe_customer_id=row.stripe_id, now=clock.now())
        assert snapshot_of(row.user) == rows[row.pk]


def test_a_night_receives_lost_events_and_syncs_their_customers(payments: Payments, customers: list[User]) -> None:
    client_of(payments.stripe).v1.subscriptions.cancel(Subscription.objects.get(user=customers[0]).stripe_subscription_id)
    payments.stripe.advance(600)
    later = clock.now() + timedelta(days=51)
    StripeCustomer.objects.update(synced_at=later - timedelta(days=1))
    assert reconciliation.reconcile(now=later) > 0
    assert Subscription.objects.get(user=customers[0]).status == "canceled"
    event = StripeEvent.objects.get(type="customer.subscription.deleted")
    assert (event.state, event.body != "") == ("handled", True)


def test_rows_that_are_newer_than_the_pages_are_compared_with_stripe(payments: Payments, customers: list[User]) -> None:
    pages = reconciliation.read_account(StripeCustomer.objects.values_list("stripe_id", flat=True), now=clock.now())
    row = StripeCustomer.objects.get(user=customers[0])
    client_of(payments.stripe).v1.subscriptions.cancel(Subscription.objects.get(user=row.user).stripe_subscription_id)
    services.sync_customer(stripe_customer_id=row.stripe_id, now=clock.now())
    assert reconciliation.compare_customer(row, now=clock.now(), fix=True, account=pages) == []
    assert Subscription.objects.get(user=row.user).status == "canceled"
