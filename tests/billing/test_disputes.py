"""Disputes, inquiries and early fraud warnings, whose events name a charge and no customer."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import orjson
import pytest

from billing import services
from billing.models import Adjustment, BillingHistory, StripeCustomer, StripeEvent, SubscriptionPlan
from billing.stripe import client as stripe_client
from core import clock
from system.models import SystemAlert
from tests.billing.stripe_payments import Payments
from users.models import User

pytestmark = pytest.mark.django_db


@pytest.fixture
def charge(payments: Payments, mid_tier: SubscriptionPlan, alice: User, settings: Any) -> str:
    """Return the charge of 35.00 USD by which Alice pays."""
    settings.BILLING_TRIAL_DAYS = 0
    payments.buy(alice, mid_tier, now=clock.now())
    payments.process_events(now=clock.now())
    [found] = stripe_client.list_all("charges")
    return str(found["id"])


def dispute_row() -> tuple[str, Decimal, str]:
    row = Adjustment.objects.get(kind="dispute")
    assert row.invoice is not None
    return row.status, row.amount, row.invoice.status


def states(start: str) -> set[str]:
    return set(StripeEvent.objects.filter(type__startswith=start).values_list("state", flat=True))


@pytest.mark.parametrize(("won", "status"), [(True, "won"), (False, "lost")])
def test_a_dispute_is_opened_and_decided(payments: Payments, charge: str, won: bool, status: str) -> None:
    dispute = payments.stripe.open_dispute(charge)
    payments.process_events(now=clock.now())
    assert dispute_row() == ("open", Decimal("35.00"), "paid")
    payments.stripe.close_dispute(dispute, won=won)
    payments.process_events(now=clock.now())
    assert dispute_row() == (status, Decimal("35.00"), "paid")
    assert states("charge.dispute") == {"handled"}


def test_an_inquiry_is_not_a_loss(payments: Payments, charge: str) -> None:
    inquiry = payments.stripe.open_dispute(charge, case="inquiry")
    payments.process_events(now=clock.now())
    assert dispute_row()[0] == "inquiry"
    assert services.refundable_amount(BillingHistory.objects.get()) == Decimal("35.00")
    payments.stripe.close_dispute(inquiry, won=False)
    payments.process_events(now=clock.now())
    assert dispute_row()[0] == "inquiry_closed"


def test_an_inquiry_that_is_escalated_and_lost_takes_the_amount(payments: Payments, charge: str) -> None:
    inquiry = payments.stripe.open_dispute(charge, case="inquiry")
    payments.stripe.escalate_dispute(inquiry)
    payments.process_events(now=clock.now())
    assert dispute_row()[0] == "open"
    payments.stripe.close_dispute(inquiry, won=False)
    payments.process_events(now=clock.now())
    assert dispute_row()[0] == "lost"
    assert services.refundable_amount(BillingHistory.objects.get()) == 0


def test_a_prevented_dispute_has_its_own_status(payments: Payments, charge: str) -> None:
    payments.stripe.open_dispute(charge, case="resolution")
    payments.process_events(now=clock.now())
    assert dispute_row()[0] == "prevented"
    assert services.refundable_amount(BillingHistory.objects.get()) == 0


def test_the_events_are_found_with_the_customer(payments: Payments, charge: str, alice: User) -> None:
    payments.stripe.open_dispute(charge)
    payments.process_events(now=clock.now())
    events = StripeEvent.objects.filter(type__startswith="charge.dispute.")
    assert set(events.values_list("stripe_customer_id", flat=True)) == {StripeCustomer.objects.get(user=alice).stripe_id}


@pytest.mark.parametrize(
    ("kind", "reference"),
    [
        ("dispute", "charge"),
        ("refund", "payment_intent"),
        ("review", "charge"),
        ("radar.early_fraud_warning", "payment_intent"),
        ("invoice_payment", "invoice"),
    ],
)
def test_any_object_is_resolved_by_its_payment(payments: Payments, charge: str, alice: User, kind: str, reference: str) -> None:
    found = stripe_client.call("charges.retrieve", charge)
    [invoice] = stripe_client.list_all("invoices")
    names = {"charge": charge, "payment_intent": found["payment_intent"], "invoice": invoice["id"]}
    thing = {"id": "x_1", "object": kind, reference: names[reference]}
    event = {"id": "evt_x", "object": "event", "type": f"charge.{kind}", "created": 1_770_000_000, "data": {"object": thing}}
    row, _ = services.store_event(orjson.dumps(event), headers={}, now=clock.now())
    services.handle_event(row.pk, now=clock.now())
    row.refresh_from_db()
    assert (row.state, row.stripe_customer_id) == ("handled", StripeCustomer.objects.get(user=alice).stripe_id)


@pytest.mark.parametrize("thing", [{}, {"charge": "ch_gone"}, {"payment_intent": "pi_gone", "charge": None}, {"charge": 5}])
def test_an_event_of_no_customer_is_ignored(payments: Payments, thing: dict[str, Any]) -> None:
    thing = {"id": "du_1", "object": "dispute", **thing}
    event = {"id": "evt_x", "object": "event", "type": "charge.dispute.created", "data": {"object": thing}}
    row, _ = services.store_event(orjson.dumps(event), headers={}, now=clock.now())
    services.handle_event(row.pk, now=clock.now())
    row.refresh_from_db()
    assert (row.state, row.outcome) == ("ignored", "The event has no customer.")


def test_an_early_fraud_warning_is_told_once(payments: Payments, charge: str, administrator: User) -> None:
    payments.stripe.warn_of_fraud(charge)
    payments.process_events(now=clock.now())
    payments.stripe.open_dispute(charge)  # which updates the warning
    payments.process_events(now=clock.now() + timedelta(days=3))
    for event in StripeEvent.objects.filter(type__startswith="radar."):
        services.replay_event(event=event, now=clock.now() + timedelta(days=9))
    [alert] = SystemAlert.objects.filter(user=administrator, title__startswith="Early fraud warning")
    assert "35.00 USD" in alert.message
    assert charge in alert.message


def test_two_fraud_warnings_on_a_day_are_both_told(payments: Payments, charge: str, administrator: User) -> None:
    payments.stripe.warn_of_fraud(charge)
    payments.stripe.warn_of_fraud(charge)
    payments.process_events(now=clock.now())
    assert SystemAlert.objects.filter(user=administrator, title__startswith="Early fraud warning").count() == 2
