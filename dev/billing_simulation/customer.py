"""A simulated customer, whose actions call the same services as the API requests.

Create one only in a transaction that is rolled back.
"""

from dataclasses import dataclass
from datetime import datetime
from uuid import uuid4

from billing import services
from billing.models import BillingHistory, StripeCustomer, Subscription, SubscriptionPlan
from billing.models.invoices import InvoiceStatus
from billing.models.plans import BillingCycle, PlanQuerySet
from billing.services.customer_notices import format_amount
from billing.stripe import client as stripe_client
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
        url = self.running.payment_url
        invoice = BillingHistory.objects.for_user(self.user).filter(hosted_invoice_url=url).first()
        if invoice is None:
            raise ConflictError("nothing_owed", "There is no payment to confirm.")
        self.stripe.pay_invoice(invoice.stripe_invoice_id, card, authenticated=True)
        paid = format_amount(invoice.amount, invoice.currency)
        return f"The customer confirms {paid} with their bank, on the invoice page with the card {card}."

    def be_paused(self, now: datetime) -> str:
        """Be paused by staff in Stripe's dashboard."""
        key = self.running.stripe_subscription_id
        stripe_client.write("subscriptions.pause", key, {}, key=f"pause-{key}-{now.isoformat()}")
        return "Support pauses the subscription in Stripe's dashboard."

    def resume(self, now: datetime) -> str:
        subscription = self.running
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
        subscription = self.running
        with rls.as_customer(self.user):
            services.cancel_at_period_end(subscription, now=now)
        return "The customer cancels at the end of the period."

    @property
    def newest(self) -> Subscription | None:
        """The running subscription, else the latest one that has ended."""
        mine = Subscription.objects.for_user(self.user).select_related("plan")
        found: Subscription | None = mine.running().last() or mine.last()
        return found

    def _change_plan(self, plan: SubscriptionPlan | None, direction: str, now: datetime) -> str:
        if plan is None:
            plan_kind = f"{self._plan().billing_cycle} plan in {self._plan().currency}"
            raise ConflictError("no_other_plan", f"No {plan_kind} is {direction}.")
        subscription = self.running
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

    @property
    def running(self) -> Subscription:
        """The newest subscription. Raise ConflictError if there is none."""
        if self.newest is None:
            raise ConflictError("no_subscription", "There is no subscription.")
        return self.newest

    def _plan(self) -> SubscriptionPlan:
        return self.newest.plan if self.newest else self.plan

    def _offered(self) -> PlanQuerySet:
        return plans_of(self._plan().billing_cycle).filter(currency=self._plan().currency)


def plans_of(cycle: str) -> PlanQuerySet:
    """Return the plans on offer with a billing cycle, cheapest first."""
    return SubscriptionPlan.objects.offered().filter(billing_cycle=cycle).order_by("price", "id")


def price_of(plan: SubscriptionPlan) -> str:
    return f"{format_amount(plan.price, plan.currency)} a {'month' if plan.billing_cycle == BillingCycle.MONTHLY else 'year'}"


def new_customer(plan: SubscriptionPlan, card: str, stripe: StripeEmulator) -> SimulatedCustomer:
    """Create a customer with a unique, verified email address and no purchases."""
    user = User(email=f"simulated-{uuid4().hex}@mingus.invalid", is_verified=True)
    user.set_unusable_password()
    return SimulatedCustomer(create_account(user), plan, card, stripe)
