"""A customer who has bought a plan, and the passing of time at Stripe and here."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
import time_machine

from billing import services
from billing.models import Adjustment, BillingHistory, StripeCustomer, Subscription, SubscriptionPlan
from core import clock
from dev.billing_simulation.jobs import run_enqueued
from dev.factories import UserFactory
from tests.billing.stripe_payments import Payments
from users.models import User

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
DAY = 86_400


@pytest.fixture(autouse=True)
def traveler(settings: Any) -> Iterator[Any]:
    """Stop the clock, and sell without a trial."""
    settings.BILLING_TRIAL_DAYS = 0
    with time_machine.travel(NOW, tick=False) as found:
        yield found


class Buyer:
    """Alice, who has bought a plan, and the passing of time at Stripe and here."""

    def __init__(self, payments: Payments, user: User, plan: SubscriptionPlan, card: str, traveler: Any) -> None:
        self.payments, self.user, self.traveler = payments, user, traveler
        self.last_job = 0
        payments.buy(user, plan, now=clock.now(), card=card)
        self.sync()

    def wait(self, days: int) -> None:
        self.traveler.shift(timedelta(days=days))
        self.payments.stripe.advance(days * DAY)
        self.sync()

    def sync(self) -> None:
        self.payments.process_events(now=clock.now())
        self.last_job = run_enqueued(self.last_job)
        self.payments.process_events(now=clock.now())

    def invoice(self) -> BillingHistory:
        """Return the newest invoice."""
        return BillingHistory.objects.for_user(self.user).latest("billing_date", "id")

    def refund(self, staff: User, amount: str | None = None) -> Adjustment:
        """Request and approve a refund of the newest invoice, and send it."""
        wanted = None if amount is None else Decimal(amount)
        row = services.request_refund(invoice=self.invoice(), amount=wanted, reason="Ticket 4711", by=staff, now=clock.now())
        services.decide_refund(row, is_approved=True, by=UserFactory.create(is_staff=True), now=clock.now())
        self.sync()
        return Adjustment.objects.get(pk=row.pk)

    def rows(self) -> list[tuple[str, str, str, str]]:
        """Return rule, amount, status and whether it has an id at Stripe of each refund, the oldest first."""
        rows = Adjustment.objects.for_user(self.user).filter(kind="refund").order_by("created_at", "pk")
        return [(row.rule, f"{row.amount}", row.status, row.stripe_id[:3]) for row in rows]


@pytest.fixture
def buyer(payments: Payments, alice: User, mid_tier: SubscriptionPlan, traveler: Any, request: Any) -> Buyer:
    return Buyer(payments, alice, mid_tier, getattr(request, "param", "visa"), traveler)


def lapse(buyer: Buyer) -> str:
    """Let a renewal fail and the subscription end, and return the unpaid invoice."""
    customer = StripeCustomer.objects.get(user=buyer.user).stripe_id
    buyer.payments.stripe.change_card(customer, "failsAtRenewal")
    buyer.wait(32)
    buyer.wait(20)
    assert Subscription.objects.get().status == "canceled"
    return buyer.invoice().stripe_invoice_id


def fail_renewal(buyer: Buyer) -> str:
    """Let the renewal of 35.00 fail, and return its open invoice."""
    buyer.payments.stripe.change_card(StripeCustomer.objects.get(user=buyer.user).stripe_id, "failsAtRenewal")
    buyer.wait(32)
    return buyer.invoice().stripe_invoice_id


def pay_part_of_upgrade(buyer: Buyer) -> BillingHistory:
    """Pay 5.00 of an upgrade that waits for its payment, and return the invoice as it was before."""
    buyer.payments.stripe.change_card(StripeCustomer.objects.get(user=buyer.user).stripe_id, "authenticationRequired")
    plan = SubscriptionPlan.objects.get(name="Professional", billing_cycle="monthly")
    services.change_plan(Subscription.objects.get(), plan=plan, now=clock.now())
    buyer.sync()
    invoice = buyer.invoice()
    buyer.payments.stripe.pay_invoice_part(invoice.stripe_invoice_id, 500, "mastercard")
    return invoice


def let_upgrade_lapse(buyer: Buyer) -> BillingHistory:
    """Pay 5.00 of an upgrade that waits for its payment, let the rest of the time pass, and return the invoice."""
    pay_part_of_upgrade(buyer)
    buyer.sync()
    assert (buyer.invoice().status, buyer.invoice().amount_collected) == ("pending", Decimal("5.00"))
    buyer.wait(1)
    return buyer.invoice()
