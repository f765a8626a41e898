"""Factories of the billing models."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import factory
from factory.django import DjangoModelFactory

from billing.models import (
    Adjustment,
    BillingHistory,
    BillingMovement,
    Cancellation,
    DunningStep,
    EntitlementOverride,
    FeatureAccess,
    RecurringCharge,
    StripeCustomer,
    StripeEvent,
    Subscription,
    SubscriptionPlan,
    UsageRecord,
)
from core import clock
from dev.factories.times import days_from_now
from dev.factories.users import OwnedFactory


class PlanFactory(DjangoModelFactory):
    class Meta:
        model = SubscriptionPlan

    name = factory.Sequence(lambda number: f"Plan {number}")
    price = Decimal("20.00")
    billing_cycle = "monthly"
    features = factory.LazyFunction(lambda: {"reports": True, "insights": False})
    limits = factory.LazyFunction(lambda: {"reports_per_month": 4})


class SubscriptionFactory(OwnedFactory):
    """A canceled subscription, of which a user can have many. With `running=True`, the user's one active subscription.

    With a Stripe ID it charges the price of its plan.
    """

    class Meta:
        model = Subscription

    class Params:
        running = factory.Trait(
            status="active",
            canceled_at=None,
            current_period_start=days_from_now(-10),
            current_period_end=days_from_now(21),
        )

    plan = factory.SubFactory(PlanFactory)
    status = "canceled"
    canceled_at = days_from_now(-37)
    current_period_start = days_from_now(-68)
    current_period_end = days_from_now(-37)
    stripe_subscription_id = ""
    currency = factory.SelfAttribute("plan.currency")
    unit_price = factory.LazyAttribute(lambda row: row.plan.price if row.stripe_subscription_id else None)
    interval = factory.LazyAttribute(lambda row: "month" if row.plan.billing_cycle == "monthly" else "year")
    recurring_amount = factory.LazyAttribute(lambda row: row.unit_price or Decimal(0))


class FeatureAccessFactory(OwnedFactory):
    """Access to a feature, in the row that the user has already if a plan sells it."""

    class Meta:
        model = FeatureAccess

    feature_name = factory.Sequence(lambda number: f"feature_{number}")
    is_enabled = True
    usage_limit = 100

    @classmethod
    def _create(cls, model_class: type[FeatureAccess], *args: Any, **values: Any) -> FeatureAccess:
        row = model_class.objects.filter(user=values["user"], feature_name=values["feature_name"]).first() or model_class()
        for name, value in values.items():
            setattr(row, name, value)
        row.save()
        return row


class InvoiceFactory(OwnedFactory):
    class Meta:
        model = BillingHistory

    subscription = factory.SubFactory(SubscriptionFactory, user=factory.SelfAttribute("..user"))
    amount = Decimal("35.00")
    amount_due = factory.SelfAttribute("amount")
    amount_collected = factory.LazyAttribute(  # of an invoice that was paid through Stripe
        lambda made: (made.stripe_invoice_id and made.status in ("paid", "refunded") and made.amount_due) or Decimal(0)
    )
    collected_at = factory.LazyAttribute(lambda made: (made.paid_at or made.billing_date) if made.amount_collected else None)
    paid_at = None
    stripe_invoice_id = ""
    status = "pending"
    billing_date = days_from_now(-19)
    metadata = factory.LazyFunction(lambda: {"source": "factory"})


class StripeCustomerFactory(OwnedFactory):
    class Meta:
        model = StripeCustomer

    stripe_id = factory.Sequence(lambda number: f"cus_made{number}")
    card_brand = "visa"
    card_last4 = "4242"


class StripeEventFactory(DjangoModelFactory):
    class Meta:
        model = StripeEvent

    stripe_id = factory.Sequence(lambda number: f"evt_made{number}")
    type = "invoice.paid"
    happened_at = days_from_now(0)


class AdjustmentFactory(OwnedFactory):
    class Meta:
        model = Adjustment

    kind = "refund"
    stripe_id = factory.Sequence(lambda number: f"re_made{number}")
    amount = Decimal("20.00")
    status = "succeeded"
    happened_at = days_from_now(0)


class OverrideFactory(OwnedFactory):
    class Meta:
        model = EntitlementOverride

    feature_name = "reports"
    reason = "Ticket 4711: granted by support"
    starts_at = days_from_now(-10)
    ends_at = days_from_now(355)


class UsageRecordFactory(OwnedFactory):
    class Meta:
        model = UsageRecord

    feature_name = "reports"
    idempotency_key = factory.Sequence(lambda number: f"use-{number}")
    amount = 1
    period_start = days_from_now(-10)


class DunningStepFactory(OwnedFactory):
    class Meta:
        model = DunningStep

    kind = "notice"
    key = factory.Sequence(lambda number: f"notice-{number}")
    happened_at = days_from_now(0)


class RecurringChargeFactory(OwnedFactory):
    class Meta:
        model = RecurringCharge

    invoice = factory.SubFactory(InvoiceFactory, user=factory.SelfAttribute("..user"))
    number = 0
    price_id = "price_made"
    starts_at = days_from_now(-19)
    ends_at = days_from_now(12)
    annual_amount = Decimal("420.00")


class BillingMovementFactory(OwnedFactory):
    """An expansion, of which a user can have many. With `first=True`, the user's first movement."""

    class Meta:
        model = BillingMovement

    class Params:
        first = factory.Trait(kind="new", annual_before=Decimal("0.00"))

    kind = "expansion"
    happened_at = factory.Sequence(lambda number: clock.now() - timedelta(days=19, minutes=number))
    annual_before = Decimal("180.00")
    annual_after = Decimal("420.00")
    annual_change = factory.LazyAttribute(lambda row: row.annual_after - row.annual_before)


class CancellationFactory(OwnedFactory):
    class Meta:
        model = Cancellation

    subscription = factory.SubFactory(SubscriptionFactory, user=factory.SelfAttribute("..user"))
    requested_at = days_from_now(-37)
    reason = "too_expensive"
    outcome = "left"
