"""A customer at Stripe whose revenue is followed: what happens to their subscription day by day, and the movements after it."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine

from billing import services
from billing.models import BillingMovement, StripeCustomer, Subscription, SubscriptionPlan
from core import clock
from tests.billing.stripe_payments import Payments
from tests.dev.stripe.fixtures import client_of
from users.models import User

BEGINS = datetime(2026, 3, 2, 9, tzinfo=UTC)
DAY = 86_400


class PayingStory:
    """A customer in the emulator, whose events are processed after each step."""

    def __init__(self, payments: Payments, user: User, traveler: Any) -> None:
        self.payments, self.user, self.traveler = payments, user, traveler
        self.v1: Any = client_of(payments.stripe).v1

    @property
    def customer(self) -> str:
        return StripeCustomer.objects.get(user=self.user).stripe_id

    @property
    def subscription(self) -> Subscription:
        """The newest subscription."""
        row: Subscription = Subscription.objects.for_user(self.user).exclude(stripe_subscription_id="").latest("created_at")
        return row

    def process(self) -> None:
        self.payments.process_events(now=clock.now())

    def buy(self, name: str = "Mid-tier", cycle: str = "monthly", **entries: Any) -> None:
        plan = SubscriptionPlan.objects.get(name=name, billing_cycle=cycle)
        page = services.start_checkout(user=self.user, plan=plan, now=clock.now())
        self.payments.stripe.complete_checkout(page.id, **{"card": "visa", **entries})
        self.process()

    def publish_code(self, code: str, coupon: Any) -> None:
        """Create a promotion code, which the checkout page takes."""
        key = self.v1.coupons.create(coupon).id
        self.v1.promotion_codes.create({"promotion": {"type": "coupon", "coupon": key}, "code": code})

    def wait(self, days: float) -> None:
        self.traveler.shift(timedelta(days=days))
        self.payments.stripe.advance(int(days * DAY))
        self.process()

    def change_plan(self, name: str) -> None:
        plan = SubscriptionPlan.objects.get(name=name, billing_cycle="monthly")
        services.change_plan(self.subscription, plan=plan, now=clock.now())
        self.process()

    def update(self, given: Any) -> None:
        """Change the subscription in Stripe's dashboard."""
        self.v1.subscriptions.update(self.subscription.stripe_subscription_id, given)
        self.process()

    def set_quantity(self, quantity: int) -> None:
        [item] = self.payments.stripe.get(f"/v1/subscriptions/{self.subscription.stripe_subscription_id}")["items"]["data"]
        self.update({"items": [{"id": item["id"], "quantity": quantity}], "proration_behavior": "always_invoice"})

    def move_to_price(self, amount: int, interval: str, **more: Any) -> None:
        """Move the subscription to a price that no plan has."""
        product = SubscriptionPlan.objects.get(name="Mid-tier", billing_cycle="monthly").stripe_product_id
        recurring = {"interval": interval, **more}
        price = self.v1.prices.create({"product": product, "currency": "usd", "unit_amount": amount, "recurring": recurring})
        [item] = self.payments.stripe.get(f"/v1/subscriptions/{self.subscription.stripe_subscription_id}")["items"]["data"]
        self.update({"items": [{"id": item["id"], "price": price.id}]})

    def fail_cards(self) -> None:
        self.payments.stripe.change_card(self.customer, "failsAtRenewal")

    def pay_open_invoice(self) -> None:
        [invoice, *_] = self.v1.invoices.list({"customer": self.customer, "status": "open"}).data
        self.payments.stripe.pay_invoice(invoice.id, "mastercard")
        self.process()

    def movements(self) -> list[str]:
        """Return the movements with their day, kind, and MRR after the change."""
        rows = BillingMovement.objects.for_user(self.user).order_by("happened_at", "-annual_before", "currency")
        return [f"{row.happened_at:%m-%d} {row.kind} {row.mrr_after} {row.currency}" for row in rows]


@pytest.fixture
def story(payments: Payments, mid_tier: SubscriptionPlan, alice: User, settings: Any) -> Any:
    """Return a customer without a subscription on 2 March, whose plans begin without a trial."""
    settings.BILLING_TRIAL_DAYS = 0
    with time_machine.travel(BEGINS, tick=False) as traveler:
        payments.stripe.freeze(BEGINS)
        yield PayingStory(payments, alice, traveler)
