"""Filters of the lists of plans, subscriptions, feature access, invoices and adjustments."""

from billing.models import Adjustment, BillingHistory, FeatureAccess, Subscription, SubscriptionPlan
from core.api.filters.filtersets import StrictFilterSet


class PlanFilter(StrictFilterSet):
    class Meta:
        model = SubscriptionPlan
        fields = {
            "name": ["exact", "icontains"],
            "price": ["exact", "gte", "lte"],
            "currency": ["exact"],
            "billing_cycle": ["exact"],
            "features": ["contains"],
            "limits": ["contains"],
            "is_active": ["exact"],
        }


class SubscriptionFilter(StrictFilterSet):
    class Meta:
        model = Subscription
        fields = {
            "plan": ["exact"],
            "status": ["exact", "in"],
            "current_period_end": ["gte", "lte"],
            "cancel_at_period_end": ["exact"],
            "cancel_at": ["gte", "lte", "isnull"],
            "canceled_at": ["gte", "lte", "isnull"],
            "ended_at": ["gte", "lte", "isnull"],
            "currency": ["exact"],
            "unit_price": ["gte", "lte", "isnull"],
            "interval": ["exact"],
            "next_charge_at": ["gte", "lte", "isnull"],
            "next_charge_amount": ["gte", "lte", "isnull"],
            "is_collection_paused": ["exact"],
            "trial_end": ["gte", "lte", "isnull"],
            "pending_plan": ["exact", "isnull"],
            "pending_until": ["gte", "lte", "isnull"],
            "payment_url": ["exact"],
            "created_at": ["gte", "lte"],
        }
        derived = {"is_active": ["exact"], "is_trial": ["exact"], "days_until_renewal": ["exact", "gte", "lte"]}


class FeatureAccessFilter(StrictFilterSet):
    class Meta:
        model = FeatureAccess
        fields = {
            "feature_name": ["exact", "in", "icontains"],
            "is_enabled": ["exact"],
            "usage_limit": ["gte", "lte", "isnull"],
            "last_used_at": ["gte", "lte", "isnull"],
            "expires_at": ["gte", "lte", "isnull"],
        }
        derived = {
            "is_unlimited": ["exact"],
            "usage_remaining": ["exact", "gte", "lte"],
            "is_expired": ["exact"],
            "can_use": ["exact"],
        }


class InvoiceFilter(StrictFilterSet):
    class Meta:
        model = BillingHistory
        fields = {
            "subscription": ["exact", "isnull"],
            "stripe_invoice_id": ["exact"],
            "number": ["exact"],
            "amount": ["exact", "gte", "lte"],
            "amount_due": ["gte", "lte", "isnull"],
            "amount_collected": ["gte", "lte"],
            "currency": ["exact"],
            "status": ["exact", "in"],
            "is_processing": ["exact"],
            "billing_date": ["gte", "lte"],
            "due_date": ["gte", "lte", "isnull"],
            "paid_at": ["gte", "lte", "isnull"],
            "collected_at": ["gte", "lte", "isnull"],
            "metadata": ["contains"],
        }
        derived = {"is_paid": ["exact"], "is_overdue": ["exact"], "days_overdue": ["exact", "gte", "lte"]}


class AdjustmentFilter(StrictFilterSet):
    class Meta:
        model = Adjustment
        fields = {
            "invoice": ["exact", "isnull"],
            "kind": ["exact", "in"],
            "amount": ["exact", "gte", "lte"],
            "currency": ["exact"],
            "status": ["exact", "in"],
            "happened_at": ["gte", "lte"],
        }
        derived = {"expected_by": ["gte", "lte", "isnull"]}
