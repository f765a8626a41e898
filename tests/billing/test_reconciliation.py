"""`manage.py reconcile_stripe`, which finds differences from Stripe and corrects them."""

from datetime import timedelta
from decimal import Decimal
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from billing import services
from billing.models import BillingHistory, StripeCustomer, StripeEvent, Subscription, SubscriptionPlan
from core import clock
from dev.factories import UserFactory
from tests.billing.stripe_payments import Payments
from users.models import User

pytestmark = pytest.mark.django_db
EACH = 10


@pytest.fixture
def customers(payments: Payments, mid_tier: SubscriptionPlan) -> list[User]:
    """Return customers who are past their trial, `EACH` for each of the five kinds of differences."""
    users = UserFactory.create_batch(5 * EACH)
    for user in users:
        payments.buy(user, mid_tier, now=clock.now())
    payments.stripe.advance(16 * 86_400)
    for customer in StripeCustomer.objects.all():
        services.sync_customer(stripe_customer_id=customer.stripe_id, now=clock.now())
    return users


def add_differences(users: list[User]) -> None:
    other = SubscriptionPlan.objects.get(name="Budget", billing_cycle="monthly")
    Subscription.objects.filter(user__in=users[0::5]).update(status="canceled")
    Subscription.objects.filter(user__in=users[1::5]).update(plan=other)
    BillingHistory.objects.filter(user__in=users[2::5], amount__gt=0).update(amount=Decimal("1.00"))
    BillingHistory.objects.filter(user__in=users[3::5], amount__gt=0).delete()
    StripeCustomer.objects.filter(user__in=users[4::5]).update(card_last4="0000")


def reconcile(**options: object) -> list[str]:
    output = StringIO()
    try:
        call_command("reconcile_stripe", stdout=output, **options)
    except CommandError as error:
        output.write(str(error))
    return output.getvalue().splitlines()


@pytest.mark.faults
def test_differences_are_found_and_corrected(customers: list[User]) -> None:
    assert reconcile() == ["No differences from Stripe."]
    add_differences(customers)
    found = reconcile()
    assert len([line for line in found if line.startswith("- cus_")]) == 5 * EACH
    assert found[-1] == f"{5 * EACH} differences. Correct them with --fix."
    assert reconcile(fix=True)[-1] == f"{5 * EACH} differences were corrected."
    assert reconcile() == ["No differences from Stripe."]


def test_missing_events_are_found_and_stored(payments: Payments, mid_tier: SubscriptionPlan, alice: User) -> None:
    payments.stripe.freeze(clock.now() - timedelta(hours=1))
    payments.buy(alice, mid_tier, now=clock.now())
    lost = sum(event["created"] < (clock.now() - timedelta(minutes=5)).timestamp() for event in payments.events())
    assert len([line for line in reconcile() if line.endswith("was never received.")]) == lost
    reconcile(fix=True)
    assert StripeEvent.objects.count() == lost
    assert reconcile() == ["No differences from Stripe."]


def test_one_customer_can_be_reconciled(payments: Payments, mid_tier: SubscriptionPlan, alice: User, bob: User) -> None:
    for user in (alice, bob):
        payments.buy(user, mid_tier, now=clock.now())
    payments.process_events(now=clock.now())
    Subscription.objects.all().update(status="past_due")
    assert len([line for line in reconcile(user=bob.email) if line.startswith("- cus_")]) == 1


def test_an_unknown_email_is_named(db: None) -> None:
    assert reconcile(user="unknown@example.com") == ["No user has the email unknown@example.com."]
