"""Plans, subscriptions, feature access and invoices as JSON."""

from typing import Any

from rest_framework import serializers

from billing.models import BillingHistory, FeatureAccess, Subscription, SubscriptionPlan
from mingus.kit.api.derived import public_names
from mingus.kit.api.serializers import BaseSerializer, StrictFields

MOST_USES_AT_ONCE = 1_000


class PlanSerializer(BaseSerializer):
    class Meta:
        model = SubscriptionPlan
        fields = public_names(SubscriptionPlan)
        example = {
            "name": "Mid-tier",
            "description": "Correlations, career risk and forecasts for people who plan ahead",
            "price": "35.00",
            "billing_cycle": "monthly",
            "features": {"health_checkins": True, "ai_insights": True, "api_access": False},
            "limits": {"health_checkins_per_month": 12, "ai_insights_per_month": 50},
        }


class SubscriptionSerializer(BaseSerializer):
    class Meta:
        model = Subscription
        fields = public_names(Subscription)
        example = {
            "status": "active",
            "current_period_start": "2026-03-01T09:30:00Z",
            "current_period_end": "2026-04-01T09:30:00Z",
            "is_active": True,
            "days_until_renewal": 30,
        }


class CancelSerializer(StrictFields):
    at_period_end = serializers.BooleanField(default=True, help_text="false ends it at once, and with it what it opens.")


class ChangePlanSerializer(StrictFields):
    plan = serializers.PrimaryKeyRelatedField(queryset=SubscriptionPlan.objects.offered())


class CheckoutSerializer(ChangePlanSerializer):
    """Which plan to buy."""


class StripePageSerializer(serializers.Serializer[Any]):
    """A page of Stripe's to open in the browser."""

    id = serializers.CharField()
    url = serializers.URLField()
    expires_at = serializers.DateTimeField(allow_null=True)


class PreviewLineSerializer(serializers.Serializer[Any]):
    description = serializers.CharField()
    amount = serializers.DecimalField(12, 2)


class PreviewSerializer(serializers.Serializer[Any]):
    """What a change of plan costs at this moment."""

    due_now = serializers.DecimalField(12, 2)
    credit = serializers.DecimalField(12, 2, help_text="Kept for the next invoices.")
    currency = serializers.CharField()
    lines = PreviewLineSerializer(many=True)
    prorated_at = serializers.DateTimeField()


class FeatureAccessSerializer(BaseSerializer):
    class Meta:
        model = FeatureAccess
        fields = public_names(FeatureAccess)
        example = {
            "feature_name": "ai_insights",
            "is_enabled": True,
            "usage_count": 8,
            "usage_limit": 50,
            "period_start": "2026-03-01T09:30:00Z",
            "last_used_at": "2026-03-09T18:12:44Z",
            "usage_remaining": 42,
            "can_use": True,
        }


class UseSerializer(StrictFields):
    amount = serializers.IntegerField(min_value=1, max_value=MOST_USES_AT_ONCE, default=1)


class InvoiceSerializer(BaseSerializer):
    class Meta:
        model = BillingHistory
        fields = public_names(BillingHistory)
        example = {
            "amount": "35.00",
            "amount_refunded": "0.00",
            "status": "paid",
            "billing_date": "2026-03-01T09:30:00Z",
            "due_date": "2026-03-08T09:30:00Z",
            "paid_at": "2026-03-01T09:31:12Z",
            "description": "Mid-tier, monthly",
            "is_paid": True,
            "days_overdue": 0,
        }
