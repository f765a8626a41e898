"""Subscriptions, feature usage and a year of invoices for the demo customers."""

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
    """A customer's plan, the days since its period began, and the plan that they paid for in the previous year."""

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
    """Create the subscription, invoices and feature usage of `user`, unless there is a subscription."""
    services.load_catalog()
    profile = BILLING_PROFILES[user.email]
    if not Subscription.objects.for_user(user).exists():
        first = today - timedelta(days=profile.period_began)
        began = _morning(user, first.replace(day=min(first.day, MAX_DAY_IN_EVERY_MONTH)))
        subscription = _subscription(user, profile, began)
        _invoices(user, profile, subscription, began)
        services.grant_plan(user=user, plan=subscription.plan, now=clock.now())
        _usage(user, profile, today)
        services.sync_feature_access(user=user, now=clock.now())  # closes access if the customer has not paid


def _morning(user: Any, day: date) -> datetime:
    return datetime.combine(day, ISSUE_TIME, tzinfo=user.zone)


def _plan(name: str) -> SubscriptionPlan:
    return SubscriptionPlan.objects.get(name=name, billing_cycle="monthly")


def _subscription(user: Any, profile: BillingProfile, began: datetime) -> Subscription:
    """Create the running subscription. A trial follows another subscription, which ended when the trial began."""
    on_trial = profile.status == "trialing"
    if on_trial:
        previous = Subscription(user=user, plan=_plan(profile.paid_for), status="canceled", canceled_at=began, ended_at=began)
        previous.current_period_start, previous.current_period_end = began - relativedelta(months=1), began
        save_checked(previous)
    ends = began + (TRIAL if on_trial else relativedelta(months=1))
    subscription = Subscription(
        user=user,
        plan=_plan(profile.plan),
        status=profile.status,
        current_period_start=began,
        current_period_end=ends,
        trial_start=began if on_trial else None,
        trial_end=ends if on_trial else None,
    )
    return save_checked(subscription)


def _invoices(user: Any, profile: BillingProfile, subscription: Subscription, began: datetime) -> None:
    """Create an invoice for the current period and for each of the twelve months before it."""
    previous = Subscription.objects.for_user(user).exclude(pk=subscription.pk).first() or subscription
    save_checked(_invoice(subscription, profile.plan, began, profile.status))
    for months in range(1, 13):
        invoice = _invoice(previous, profile.paid_for, began - relativedelta(months=months), "paid")
        if months == profile.refunded:
            invoice.status, invoice.amount_refunded = "refunded", invoice.amount
            invoice.description += " (refunded)"
        save_checked(invoice)


def _invoice(subscription: Subscription, plan: str, day: datetime, status: str) -> BillingHistory:
    """Return an invoice for a month. The subscription's `status` determines its amount and status."""
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


def _usage(user: Any, profile: BillingProfile, today: date) -> None:
    """Create usage of the open features, seeded by the customer's email address."""
    rng = random.Random(user.email)
    for access in FeatureAccess.objects.for_user(user).filter(is_enabled=True).order_by("feature_name"):
        limit = 20 if access.usage_limit is None else access.usage_limit
        access.usage_count = limit if access.feature_name in profile.used_up else rng.randint(0, max(limit - 1, 0))
        access.period_start = access.usage_period_at(clock.now()).begins
        if access.usage_count:
            access.last_used_at = _morning(user, today - timedelta(days=rng.randint(1, 3)))
        save_checked(access)
