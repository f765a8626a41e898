"""A customer who buys a plan and leaves it through the API, while time passes at Stripe and here."""

from datetime import timedelta
from typing import Any

from billing import services
from billing.models import Adjustment, StripeCustomer, Subscription, SubscriptionPlan
from core import clock
from dev.billing_simulation.jobs import run_enqueued
from tests.account_api import log_in_again, with_session
from tests.billing.stripe_payments import Payments
from tests.dev.stripe.fixtures import client_of
from users.models import User

DAY = 86_400


class Leaver:
    """Alice, who has bought a plan and leaves it through the API."""

    def __init__(self, payments: Payments, user: User, traveler: Any) -> None:
        self.payments, self.user, self.traveler = payments, user, traveler
        self.v1 = client_of(payments.stripe).v1
        self.last_job = 0

    def buy(self, name: str = "Mid-tier", cycle: str = "yearly", **prepared: Any) -> None:
        """Buy a plan on the checkout page. `prepared` changes the customer before, such as their balance in cents."""
        plan = SubscriptionPlan.objects.get(name=name, billing_cycle=cycle)
        page = services.start_checkout(user=self.user, plan=plan, now=clock.now())
        customer = StripeCustomer.objects.get(user=self.user).stripe_id
        if "balance" in prepared:
            terms: Any = {"amount": prepared["balance"], "currency": "usd"}
            self.v1.customers.balance_transactions.create(customer, terms)
        self.payments.stripe.complete_checkout(page.id, **prepared.get("entries", {}))
        self.sync()

    def buy_again(self) -> None:
        """Buy the plan of the last subscription on the checkout page, with the same card."""
        page = services.start_checkout(user=self.user, plan=self.subscription.plan, now=clock.now())
        self.payments.stripe.complete_checkout(page.id)
        self.sync()

    def wait(self, days: float) -> None:
        self.traveler.shift(timedelta(days=days))
        self.payments.stripe.advance(int(days * DAY))
        self.sync()

    def sync(self) -> None:
        for _ in range(2):  # the jobs of the first round make events, too
            self.payments.process_events(now=clock.now())
            self.last_job = run_enqueued(self.last_job)
        self.payments.process_events(now=clock.now())

    @property
    def subscription(self) -> Subscription:
        found: Subscription = Subscription.objects.filter(user=self.user).latest("created_at")
        return found

    def cancel(self, **body: Any) -> Any:
        return self.post("cancel", **body)

    def post(self, action: str, **body: Any) -> Any:
        """Send a request to an action of the subscription, with a new session, because one ends after some days."""
        url = f"/api/v1/billing/subscriptions/{self.subscription.pk}/{action}/"
        return with_session(log_in_again(self.user.email)).post(url, body, format="json")

    def get(self, action: str) -> Any:
        url = f"/api/v1/billing/subscriptions/{self.subscription.pk}/{action}/"
        return with_session(log_in_again(self.user.email)).get(url)

    def withdraw(self) -> Any:
        response = self.cancel(at_period_end=False, refund=True)
        self.sync()
        return response

    def refunds(self) -> list[tuple[str, str, str]]:
        """Return rule, amount and status of each refund, the smallest first."""
        rows = Adjustment.objects.for_user(self.user).filter(kind="refund").order_by("amount")
        return [(row.rule, f"{row.amount}", row.status) for row in rows]
