"""Handling of Stripe's events, including failures and retries."""

from datetime import timedelta
from typing import Any

import orjson
import pytest

from billing import services
from billing.models import StripeEvent, Subscription, SubscriptionPlan
from billing.stripe.client import PaymentsUnavailableError
from billing.stripe.events import describe_event
from core import clock
from system.models import SystemAlert
from tests.billing.stripe_payments import Payments
from users.models import User

pytestmark = pytest.mark.django_db


def received(**changed: Any) -> StripeEvent:
    thing = {"id": "cus_1", "object": "customer"}
    whole = {"id": "evt_1", "object": "event", "type": "customer.updated", "created": 1_770_000_000, "data": {"object": thing}}
    row, _ = services.store_event(orjson.dumps({**whole, **changed}), headers={}, now=clock.now())
    return row


def test_an_irrelevant_event_is_stored_and_ignored() -> None:
    row = received(type="payout.paid")
    services.handle_event(row.pk, now=clock.now())
    row.refresh_from_db()
    assert (row.state, row.outcome) == ("ignored", "Events of the type payout.paid are not synced.")


def test_an_unknown_event_type_alerts_staff_once(administrator: User) -> None:
    for number in range(3):
        row = received(id=f"evt_{number}", type="tea.brewed")
        services.handle_event(row.pk, now=clock.now() + timedelta(days=2 * number))
    [alert] = SystemAlert.objects.filter(user=administrator)
    assert alert.message.startswith("tea.brewed was received for the first time and stored.")


def test_an_event_of_an_unknown_customer_is_ignored() -> None:
    row = received()
    services.handle_event(row.pk, now=clock.now())
    row.refresh_from_db()
    assert row.state == "ignored"
    assert "The customer is unknown." in describe_event(row)


def test_a_failed_event_alerts_staff_once_and_is_retried(
    payments: Payments, mid_tier: SubscriptionPlan, alice: User, administrator: User
) -> None:
    payments.buy(alice, mid_tier, now=clock.now())
    events = payments.events()
    row, _ = services.store_event(orjson.dumps(events[-1]), headers={}, now=clock.now())
    payments.stripe.fault("down")
    for _ in range(2):
        with pytest.raises(PaymentsUnavailableError):
            services.handle_event(row.pk, now=clock.now())
    row.refresh_from_db()
    assert (row.state, row.attempts) == ("failed", 2)
    assert "PaymentsUnavailableError" in row.error
    assert SystemAlert.objects.filter(user=administrator, title__startswith="A Stripe event").count() == 1
    assert services.unprocessed_events(now=clock.now() + timedelta(minutes=2)) == [row.pk]
    payments.stripe.clear_faults()
    services.handle_event(row.pk, now=clock.now())
    assert Subscription.objects.get(user=alice).status == "trialing"


def test_an_unknown_price_grants_nothing_and_alerts_staff(
    payments: Payments, mid_tier: SubscriptionPlan, alice: User, administrator: User
) -> None:
    payments.buy(alice, mid_tier, now=clock.now())
    mid_tier.delete()
    payments.process_events(now=clock.now())
    assert not Subscription.objects.filter(user=alice).exists()
    assert "belongs to no plan" in SystemAlert.objects.filter(user=administrator).latest("created_at").message


def test_events_of_a_deleted_user_are_ignored(payments: Payments, mid_tier: SubscriptionPlan, alice: User) -> None:
    payments.buy(alice, mid_tier, now=clock.now())
    alice.delete()
    assert payments.process_events(now=clock.now()) > 3
    assert set(StripeEvent.objects.values_list("state", flat=True)) == {"ignored"}


def test_a_gift_ends_when_a_paid_plan_begins(payments: Payments, mid_tier: SubscriptionPlan, alice: User) -> None:
    gift = Subscription.objects.create(user=alice, plan=mid_tier, status="active")
    payments.buy(alice, mid_tier, now=clock.now())
    payments.process_events(now=clock.now())
    gift.refresh_from_db()
    assert gift.status == "canceled"
    assert Subscription.objects.for_user(alice).running().get().stripe_subscription_id


def test_old_events_are_retained_without_their_bodies() -> None:
    row = received(type="payout.paid")
    services.handle_event(row.pk, now=clock.now())
    assert services.clear_event_bodies(now=clock.now()) == 0
    assert services.clear_event_bodies(now=clock.now() + timedelta(days=91)) == 1
    row.refresh_from_db()
    assert (row.body, row.headers, row.state) == ("", {}, "ignored")
