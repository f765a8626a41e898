"""The simulated customer: what he can do, each through the service that his request would reach, and what he has then.

Nothing of him is kept: whoever makes one does so in a transaction that is rolled back.
"""

from dataclasses import dataclass
from datetime import datetime
from uuid import uuid4

from billing import services
from billing.models import BillingHistory, StripeCustomer, Subscription, SubscriptionPlan
from billing.models.invoices import InvoiceStatus
from billing.models.plans import BillingCycle, PlanQuerySet
from billing.services.customer_notices import format_amount
from core import rls
from core.errors import ConflictError
from dev.stripe.emulator import StripeEmulator
from users.models import User
from users.services import create_account


@dataclass
class SimulatedCustomer:
    """`plan` is what he buys first, `card` the name of the test card that he pays with then. Each action gives a sentence."""

    user: User
    plan: SubscriptionPlan
    card: str
    stripe: StripeEmulator

    def buy(self, now: datetime) -> str:
        """Go through the checkout's page."""
        with rls.as_customer(self.user):
            page = services.start_checkout(user=self.user, plan=self.plan, now=now)
        self.stripe.complete_checkout(page.id, card=self.card, authenticated=True)
        return f"He buys {self.plan.name} for {price_of(self.plan)} with the card {self.card}."

    def change_card(self, card: str, now: datetime) -> str:
        """Put another card into the billing portal."""
        with rls.as_customer(self.user):
            services.open_portal(user=self.user, now=now)
        self.stripe.change_card(StripeCustomer.objects.get(user=self.user).stripe_id, card)
        return f"He puts the card {card} into the billing portal."

    def pay(self, card: str, now: datetime) -> str:
        """Pay what is owed on the invoice's page, to which every notice leads."""
        owed = BillingHistory.objects.for_user(self.user).filter(status=InvoiceStatus.FAILED).order_by("billing_date").first()
        if owed is None:
            raise ConflictError("nothing_owed", "There is nothing to pay.")
        self.stripe.pay_invoice(owed.stripe_invoice_id, card)
        return f"He pays {format_amount(owed.amount, owed.currency)} on the invoice's page with the card {card}."

    def upgrade(self, now: datetime) -> str:
        """Change to the next dearer plan."""
        return self._change_plan(self._offered().filter(price__gt=self._plan().price).first(), "dearer", now)

    def downgrade(self, now: datetime) -> str:
        """Change to the next cheaper plan."""
        return self._change_plan(self._offered().filter(price__lt=self._plan().price).last(), "cheaper", now)

    def cancel(self, now: datetime) -> str:
        """Cancel at the period's end."""
        subscription = self._running()
        with rls.as_customer(self.user):
            services.cancel_at_period_end(subscription, now=now)
        return "He cancels at the period's end."

    @property
    def newest(self) -> Subscription | None:
        """His subscription, also when it has ended."""
        found: Subscription | None = Subscription.objects.for_user(self.user).select_related("plan").last()
        return found

    def _change_plan(self, plan: SubscriptionPlan | None, what: str, now: datetime) -> str:
        if plan is None:
            raise ConflictError("no_other_plan", f"No monthly plan in {self._plan().currency} is {what}.")
        subscription = self._running()
        with rls.as_customer(self.user):
            preview = services.preview_change(subscription, plan=plan, now=now)
            services.change_plan(subscription, plan=plan, now=now)
        lines = [f"{format_amount(line.amount, preview.currency)}: {line.description}" for line in preview.lines]
        due_now, credit = (format_amount(amount, preview.currency) for amount in (preview.due_now, preview.credit))
        said = f"{due_now} due now, {credit} of credit"
        return "\n".join([f"He changes to {plan.name} for {price_of(plan)}. The preview said {said}:", *lines])

    def _running(self) -> Subscription:
        if self.newest is None:
            raise ConflictError("no_subscription", "There is no subscription.")
        return self.newest

    def _plan(self) -> SubscriptionPlan:
        return self.newest.plan if self.newest else self.plan

    def _offered(self) -> PlanQuerySet:
        return monthly_plans().filter(currency=self._plan().currency)


def monthly_plans() -> PlanQuerySet:
    """What a life can begin with, the cheapest first."""
    return SubscriptionPlan.objects.offered().filter(billing_cycle=BillingCycle.MONTHLY).order_by("price", "id")


def price_of(plan: SubscriptionPlan) -> str:
    return f"{format_amount(plan.price, plan.currency)} a month"


def new_customer(plan: SubscriptionPlan, card: str, stripe: StripeEmulator) -> SimulatedCustomer:
    """Somebody with a verified address that nobody else has, who has bought nothing yet."""
    user = User(email=f"simulated-{uuid4().hex}@mingus.invalid", is_verified=True)
    user.set_unusable_password()
    return SimulatedCustomer(create_account(user), plan, card, stripe)
