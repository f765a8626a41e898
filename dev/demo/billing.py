"""Subscriptions of the invented customers of `manage.py demo`, what they used, and a year of invoices."""

import random
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from dateutil.relativedelta import relativedelta
from django.db import transaction

from billing import services
from billing.models import BillingHistory, FeatureAccess, Subscription, SubscriptionPlan
from core import clock
from dev.demo.rows import save_checked

MAX_DAY_IN_EVERY_MONTH = 28
ISSUE_TIME = time(9, 0)
TRIAL = timedelta(days=14)
PAYMENT_TERM = timedelta(days=7)


@dataclass(frozen=True)
class BillingProfile:
    """A customer's plan, since how many days its present period runs, and the plan that he paid for in the year before."""

    plan: str
    status: str
    period_began: int
    paid_for: str
    used_up: tuple[str, ...] = ()
    refunded: int | None = None


BILLING_PROFILES = {
    "alice@mingus.example": BillingProfile("Mid-tier", "active", 12, "Mid-tier", used_up=("custom_reports",)),
    "bob@mingus.example": BillingProfile("Budget", "past_due", 20, "Budget"),
    "chiara@mingus.example": BillingProfile("Professional", "trialing", 5, "Budget", refunded=2),
}


@transaction.atomic
def load(user: Any, *, today: date) -> None:
    """Give `user` the subscription of his life, its invoices and some use. What is there already stays."""
    services.load_catalog()
    life = BILLING_PROFILES[user.email]
    if not Subscription.objects.for_user(user).exists():
        first = today - timedelta(days=life.period_began)
        began = _morning(user, first.replace(day=min(first.day, MAX_DAY_IN_EVERY_MONTH)))
        subscription = _subscription(user, life, began)
        _invoices(user, life, subscription, began)
        services.grant_plan(user=user, plan=subscription.plan, now=clock.now())
        _use(user, life, today)
        services.sync_feature_access(user=user, now=clock.now())  # closes it again for whoever has not paid


def _morning(user: Any, day: date) -> datetime:
    return datetime.combine(day, ISSUE_TIME, tzinfo=user.zone)


def _plan(name: str) -> SubscriptionPlan:
    return SubscriptionPlan.objects.get(name=name, billing_cycle="monthly")


def _subscription(user: Any, life: BillingProfile, began: datetime) -> Subscription:
    """The one that runs; before a trial there was another, which ended when the trial began."""
    on_trial = life.status == "trialing"
    if on_trial:
        before = Subscription(user=user, plan=_plan(life.paid_for), status="canceled", canceled_at=began)
        before.current_period_start, before.current_period_end = began - relativedelta(months=1), began
        save_checked(before)
    ends = began + (TRIAL if on_trial else relativedelta(months=1))
    subscription = Subscription(
        user=user,
        plan=_plan(life.plan),
        status=life.status,
        current_period_start=began,
        current_period_end=ends,
        trial_start=began if on_trial else None,
        trial_end=ends if on_trial else None,
    )
    return save_checked(subscription)


def _invoices(user: Any, life: BillingProfile, subscription: Subscription, began: datetime) -> None:
    """One for the present period and each of the twelve months before it."""
    before = Subscription.objects.for_user(user).exclude(pk=subscription.pk).first() or subscription
    save_checked(_invoice(subscription, life.plan, began, life.status))
    for months in range(1, 13):
        invoice = _invoice(before, life.paid_for, began - relativedelta(months=months), "paid")
        if months == life.refunded:
            invoice.status, invoice.amount_refunded = "refunded", invoice.amount
            invoice.description += ", refunded: not used"
        save_checked(invoice)


def _invoice(subscription: Subscription, plan: str, day: datetime, status: str) -> BillingHistory:
    """An invoice of a month; `status` is the subscription's, and says what became of it."""
    is_paid = status != "past_due"
    return BillingHistory(
        user=subscription.user,
        subscription=subscription,
        amount=Decimal(0) if status == "trialing" else _plan(plan).price,
        status="paid" if is_paid else "failed",
        billing_date=day,
        due_date=day + PAYMENT_TERM,
        paid_at=day + timedelta(minutes=2) if is_paid else None,
        description=f"{plan}, trial" if status == "trialing" else f"{plan}, {day:%B %Y}",
        metadata={"source": "demo", "attempts": 1 if is_paid else 3},
    )


def _use(user: Any, life: BillingProfile, today: date) -> None:
    """Some use of everything that is open and counted, always the same for a customer."""
    chance = random.Random(user.email)
    for access in FeatureAccess.objects.for_user(user).filter(is_enabled=True).order_by("feature_name"):
        most = 20 if access.usage_limit is None else access.usage_limit
        access.usage_count = most if access.feature_name in life.used_up else chance.randint(0, max(most - 1, 0))
        if access.usage_count:
            access.last_used_at = _morning(user, today - timedelta(days=chance.randint(1, 3)))
        save_checked(access)
