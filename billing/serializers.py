"""Plans, subscriptions, feature access and invoices as JSON."""

from typing import Any

from rest_framework import serializers

from billing.entitlement_resolution import EntitlementSource
from billing.models import BillingHistory, FeatureAccess, Subscription, SubscriptionPlan
from core.api.derived_fields import public_names
from core.api.serializers import BaseSerializer, StrictSerializer

MAX_USAGE_AMOUNT = 1_000
KEY = r"^[\x21-\x7e]{1,255}\Z"  # as the header's
KEY_HELP = "Uses under one key count once, for good, and can be given back. Without it the header Idempotency-Key is the key."


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


class CancelSerializer(StrictSerializer):
    at_period_end = serializers.BooleanField(default=True, help_text="false ends it at once, and with it what it opens.")


class ChangePlanSerializer(StrictSerializer):
    plan = serializers.PrimaryKeyRelatedField(queryset=SubscriptionPlan.objects.offered())


class CheckoutSerializer(ChangePlanSerializer):
    """Which plan to buy."""


class StripePageSerializer(serializers.Serializer[Any]):
    """A page of Stripe's to open in the browser."""

    id = serializers.CharField()
    url = serializers.URLField()
    expires_at = serializers.DateTimeField(allow_null=True)

    class Meta:
        example = {
            "id": "cs_a1b2c3",
            "url": "https://checkout.stripe.com/c/pay/cs_a1b2c3",
            "expires_at": "2026-03-02T09:30:00Z",
        }


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

    class Meta:
        example = {
            "due_now": "20.00",
            "credit": "0.00",
            "currency": "USD",
            "lines": [
                {"description": "Unused time on Mid-tier", "amount": "-17.50"},
                {"description": "Remaining time on Professional", "amount": "37.50"},
            ],
            "prorated_at": "2026-03-16T09:30:00Z",
        }


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
            "resets_at": "2026-04-01T09:30:00Z",
            "can_use": True,
        }


class UseSerializer(StrictSerializer):
    amount = serializers.IntegerField(min_value=1, max_value=MAX_USAGE_AMOUNT, default=1)
    idempotency_key = serializers.RegexField(KEY, required=False, help_text=KEY_HELP)


class GiveBackSerializer(StrictSerializer):
    idempotency_key = serializers.RegexField(KEY, help_text="The one that the uses were counted under.")


class FeatureNameSerializer(StrictSerializer):
    feature_name = serializers.CharField(max_length=100, help_text="Such as custom_reports.")


class VerdictSerializer(serializers.Serializer):
    """What is decided about a feature, by whom and why."""

    decided_by = serializers.ChoiceField(
        list(EntitlementSource), source="source", help_text="Who decided: the first of these that has something to say."
    )
    is_enabled = serializers.BooleanField()
    limit = serializers.IntegerField(allow_null=True, help_text="Uses in a counting month; null is without a limit.")
    until = serializers.DateTimeField(allow_null=True, help_text="When it closes by itself; null where no clock closes it.")
    why = serializers.CharField()

    class Meta:
        example = {"decided_by": "subscription", "is_enabled": True, "limit": 5, "why": "It renews at 2026-04-01 09:30 UTC."}


class ExplanationSerializer(serializers.Serializer):
    """Who decided about a feature, and what would hold without the override, if that was one."""

    feature_name = serializers.CharField()
    verdict = VerdictSerializer()
    beneath = VerdictSerializer(allow_null=True)
    usage_remaining = serializers.IntegerField(allow_null=True, source="access.usage_remaining", default=None)
    resets_at = serializers.DateTimeField(allow_null=True, source="access.resets_at", default=None)
    plans = serializers.ListField(child=serializers.CharField(), help_text="The offered plans that have it.")

    class Meta:
        example = {
            "feature_name": "custom_reports",
            "verdict": {**VerdictSerializer.Meta.example, "until": "2026-04-01T15:30:00Z"},
            "beneath": None,
            "usage_remaining": 4,
            "resets_at": "2026-04-01T09:30:00Z",
            "plans": ["Mid-tier", "Professional"],
        }


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
