"""A simulated customer, whose actions call the same services as the API requests.

Create one only in a transaction that is rolled back.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

from billing import services
from billing.models import BillingHistory, StripeCustomer, Subscription, SubscriptionPlan
from billing.models.invoices import InvoiceStatus
from billing.models.plans import BillingCycle, PlanQuerySet
from billing.services.customer_notices import format_amount
from billing.stripe import client as stripe_client
from billing.stripe.objects import to_minor_units
from core import rls
from core.errors import ConflictError
from dev.stripe.emulator import StripeEmulator
from users.models import User
from users.services import create_account


@dataclass
class SimulatedCustomer:
    """A customer who first buys `plan` with the test card `card`. Each action returns a sentence that describes it."""

    user: User
    plan: SubscriptionPlan
    card: str
    stripe: StripeEmulator

    def buy(self, now: datetime) -> str:
        with rls.as_customer(self.user):
            page = services.start_checkout(user=self.user, plan=self.plan, now=now)
        self.stripe.complete_checkout(page.id, card=self.card, authenticated=True)
        return f"The customer buys {self.plan.name} for {price_of(self.plan)} with the card {self.card}."

    def change_card(self, card: str, now: datetime) -> str:
        with rls.as_customer(self.user):
            services.open_portal(user=self.user, now=now)
        self.stripe.change_card(StripeCustomer.objects.get(user=self.user).stripe_id, card)
        return f"The customer changes the card to {card} in the billing portal."

    def pay(self, card: str, now: datetime) -> str:
        """Pay the oldest failed invoice on its hosted page, to which every notice links."""
        failed = BillingHistory.objects.for_user(self.user).filter(status=InvoiceStatus.FAILED)
        invoice = failed.order_by("billing_date").first()
        if invoice is None:
            raise ConflictError("nothing_owed", "There is no unpaid invoice.")
        self.stripe.pay_invoice(invoice.stripe_invoice_id, card)
        paid = format_amount(invoice.amount, invoice.currency)
        return f"The customer pays {paid} on the invoice page with the card {card}."

    def confirm(self, card: str, now: datetime) -> str:
        """Pay on the page of the invoice that the subscription waits for, and pass the bank's authentication."""
        url = self._running().payment_url
        invoice = BillingHistory.objects.for_user(self.user).filter(metadata__hosted_invoice_url=url).first()
        if invoice is None:
            raise ConflictError("nothing_owed", "There is no payment to confirm.")
        self.stripe.pay_invoice(invoice.stripe_invoice_id, card, authenticated=True)
        paid = format_amount(invoice.amount, invoice.currency)
        return f"The customer confirms {paid} with their bank, on the invoice page with the card {card}."

    def be_paused(self, now: datetime) -> str:
        """Be paused by staff in Stripe's dashboard."""
        key = self._running().stripe_subscription_id
        stripe_client.write("subscriptions.pause", key, {}, key=f"pause-{key}-{now.isoformat()}")
        return "Support pauses the subscription in Stripe's dashboard."

    def resume(self, now: datetime) -> str:
        subscription = self._running()
        with rls.as_customer(self.user):
            services.resume(subscription, now=now)
        return "The customer resumes the subscription."

    def upgrade(self, now: datetime) -> str:
        """Change to the next more expensive plan."""
        return self._change_plan(self._offered().filter(price__gt=self._plan().price).first(), "more expensive", now)

    def downgrade(self, now: datetime) -> str:
        """Change to the next cheaper plan."""
        return self._change_plan(self._offered().filter(price__lt=self._plan().price).last(), "cheaper", now)

    def cancel(self, now: datetime) -> str:
        """Cancel at the end of the billing period."""
        subscription = self._running()
        with rls.as_customer(self.user):
            services.cancel_at_period_end(subscription, now=now)
        return "The customer cancels at the end of the period."

    def receive_coupon(self, now: datetime, *, percent: int, months: int) -> str:
        """Receive a discount for some months, which support gives in Stripe's dashboard."""
        terms = {"percent_off": percent, "duration": "repeating", "duration_in_months": months}
        coupon = stripe_client.write("coupons.create", terms, key=f"simulated-coupon-{self.user.pk}")["id"]
        self._update_at_stripe({"discounts": [{"coupon": coupon}]}, now)
        return f"Support gives the customer {percent} % off for {months} months."

    def receive_credit(self, now: datetime, *, amount: int) -> str:
        """Receive a credit in the currency of the plan, which support gives in Stripe's dashboard."""
        currency = self._plan().currency
        customer = StripeCustomer.objects.get(user=self.user).stripe_id
        given = {"amount": -to_minor_units(Decimal(amount), currency), "currency": currency.lower(), "description": "Apology"}
        stripe_client.write("customers.balance_transactions.create", customer, given, key=f"simulated-credit-{customer}")
        return f"Support gives the customer a credit of {format_amount(Decimal(amount), currency)}."

    def end_in(self, days: int, now: datetime) -> str:
        """Have support end the subscription on a chosen day in Stripe's dashboard."""
        end = now + timedelta(days=days)
        self._update_at_stripe({"cancel_at": int(end.timestamp())}, now)
        return f"Support ends the subscription on {end:%Y-%m-%d}, as the customer asked."

    def _update_at_stripe(self, given: dict[str, Any], now: datetime) -> None:
        name = self._running().stripe_subscription_id
        stripe_client.write("subscriptions.update", name, given, key=f"simulated-{name}-{now.isoformat()}")

    @property
    def newest(self) -> Subscription | None:
        """The running subscription, else the latest one that has ended."""
        mine = Subscription.objects.for_user(self.user).select_related("plan")
        found: Subscription | None = mine.running().last() or mine.last()
        return found

    def _change_plan(self, plan: SubscriptionPlan | None, direction: str, now: datetime) -> str:
        if plan is None:
            raise ConflictError("no_other_plan", f"No monthly plan in {self._plan().currency} is {direction}.")
        subscription = self._running()
        with rls.as_customer(self.user):
            preview = services.preview_change(subscription, plan=plan, now=now)
            services.change_plan(subscription, plan=plan, now=now)
        lines = [f"{format_amount(line.amount, preview.currency)}: {line.description}" for line in preview.lines]
        due_now, credit = (format_amount(amount, preview.currency) for amount in (preview.due_now, preview.credit))
        parts = {"off by a discount": -preview.discount, "tax": preview.tax, "from credit": -preview.starting_credit}
        lines += [f"{format_amount(amount, preview.currency)}: {name}" for name, amount in parts.items() if amount]
        verb = "asks to change" if subscription.pending_plan else "changes"
        change = f"The customer {verb} to {plan.name} for {price_of(plan)}."
        return "\n".join([f"{change} The preview shows {due_now} due now and a credit of {credit}:", *lines])

    def _running(self) -> Subscription:
        if self.newest is None:
            raise ConflictError("no_subscription", "There is no subscription.")
        return self.newest

    def _plan(self) -> SubscriptionPlan:
        return self.newest.plan if self.newest else self.plan

    def _offered(self) -> PlanQuerySet:
        return monthly_plans().filter(currency=self._plan().currency)


def monthly_plans() -> PlanQuerySet:
    """Return the monthly plans on offer, cheapest first."""
    return SubscriptionPlan.objects.offered().filter(billing_cycle=BillingCycle.MONTHLY).order_by("price", "id")


def price_of(plan: SubscriptionPlan) -> str:
    return f"{format_amount(plan.price, plan.currency)} a month"


def new_customer(plan: SubscriptionPlan, card: str, stripe: StripeEmulator) -> SimulatedCustomer:
    """Create a customer with a unique, verified email address and no purchases."""
    user = User(email=f"simulated-{uuid4().hex}@mingus.invalid", is_verified=True)
    user.set_unusable_password()
    return SimulatedCustomer(create_account(user), plan, card, stripe)
