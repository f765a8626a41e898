"""Plans, subscriptions and feature access as JSON."""

from typing import Any

from drf_spectacular.utils import extend_schema_serializer
from rest_framework import serializers

from billing.entitlement_resolution import EntitlementSource
from billing.models import FeatureAccess, Subscription, SubscriptionPlan
from billing.models.cancellations import MAX_COMMENT_LENGTH, CancellationReason
from billing.services import MAX_PAUSE_MONTHS, CancellationFeedback
from billing.stripe.checkout import CHECKOUT_ID, PORTAL_OVERVIEW, PORTAL_PAGES
from billing.stripe.return_urls import MAX_LENGTH, PERMITTED
from core.api.money import AmountField
from core.api.serializers import BaseSerializer, ListedChoiceField, StrictSerializer

MAX_USAGE_AMOUNT = 1_000
KEY = r"^[\x21-\x7e]{1,255}\Z"  # the pattern of the Idempotency-Key header
KEY_HELP = "Uses with the same key are counted once and can be given back, for 90 days. Defaults to the header Idempotency-Key."


@extend_schema_serializer(description="A plan with its price, features and monthly limits.")
class PlanSerializer(BaseSerializer):
    class Meta:
        model = SubscriptionPlan
        example = {
            "name": "Mid-tier",
            "description": "Correlations, career risk and forecasts for people who plan ahead",
            "price": "35.00",
            "billing_cycle": "monthly",
            "features": {"health_checkins": True, "ai_insights": True, "api_access": False},
            "limits": {"health_checkins_per_month": 12, "ai_insights_per_month": 50},
        }


@extend_schema_serializer(description="A present or past subscription of the user to a plan.")
class SubscriptionSerializer(BaseSerializer):
    class Meta:
        model = Subscription
        example = {
            "status": "active",
            "current_period_start": "2026-03-01T09:30:00Z",
            "current_period_end": "2026-04-01T09:30:00Z",
            "currency": "USD",
            "unit_price": "35.00",
            "interval": "month",
            "discount": "7.00",
            "recurring_amount": "28.00",
            "tax": "5.32",
            "next_charge_at": "2026-04-01T10:30:00Z",
            "next_charge_amount": "33.32",
            "is_active": True,
            "days_until_renewal": 30,
            "pending_plan": None,
            "pending_until": None,
            "payment_url": "",
        }


class FeedbackSerializer(StrictSerializer):
    """The voluntary reason of a customer who wants to leave."""

    reason = ListedChoiceField(
        CancellationReason.choices, required=False, help_text="Why the customer leaves, if they want to tell."
    )
    comment = serializers.CharField(
        max_length=MAX_COMMENT_LENGTH, required=False, allow_blank=True, help_text="In the customer's own words."
    )

    def validate(self, given: dict[str, Any]) -> dict[str, Any]:
        """Return the fields, with the reason and the comment as `feedback`."""
        feedback = CancellationFeedback(given.pop("reason", ""), given.pop("comment", ""))
        return {**given, "feedback": feedback}


@extend_schema_serializer(description="When a subscription is canceled, whether it is refunded, and why.")
class CancelSerializer(FeedbackSerializer):
    at_period_end = serializers.BooleanField(default=True, help_text="False ends the subscription immediately.")
    refund = serializers.BooleanField(
        default=False, help_text="True refunds the unused time, within 14 days of a payment. The subscription ends immediately."
    )

    def validate(self, given: dict[str, Any]) -> dict[str, Any]:
        if given["refund"] and given["at_period_end"]:
            sentence = "A refund ends the subscription now. Send at_period_end false, too."
            raise serializers.ValidationError({"refund": sentence}, "ends_now")
        return super().validate(given)


@extend_schema_serializer(description="The number of months of a pause, and why the customer pauses.")
class PauseSerializer(FeedbackSerializer):
    months = serializers.IntegerField(
        min_value=1, max_value=MAX_PAUSE_MONTHS, help_text="After so many months the subscription resumes by itself."
    )


@extend_schema_serializer(description="The plan that a subscription is moved to.")
class PlanChoiceSerializer(StrictSerializer):
    plan = serializers.PrimaryKeyRelatedField(
        queryset=SubscriptionPlan.objects.offered(), help_text="ID of an offered plan, which is not retired."
    )


@extend_schema_serializer(description="The plan that a subscription is moved to, and why a customer who would leave moves.")
class ChangePlanSerializer(FeedbackSerializer, PlanChoiceSerializer):
    pass


def return_url_field(text: str) -> serializers.CharField:
    return serializers.CharField(
        required=False, allow_null=True, default=None, max_length=MAX_LENGTH, help_text=f"{text} {PERMITTED}"
    )


@extend_schema_serializer(description="The plan to buy, and where the customer comes back to.")
class CheckoutSerializer(PlanChoiceSerializer):
    success_url = return_url_field(f"Where Stripe sends the customer after the purchase; `{CHECKOUT_ID}` in it becomes its id.")
    cancel_url = return_url_field("Where Stripe sends a customer who leaves the page.")


@extend_schema_serializer(description="The page of the customer portal to open.")
class PortalSerializer(StrictSerializer):
    page = ListedChoiceField(
        PORTAL_PAGES, default=PORTAL_OVERVIEW, help_text="`card` opens the form for a new card or bank account directly."
    )
    return_url = return_url_field("Where the customer comes back to.")


@extend_schema_serializer(description="A page hosted by Stripe, to be opened in the customer's browser.")
class StripePageSerializer(serializers.Serializer[Any]):
    id = serializers.CharField(help_text="Stripe's ID of the session.")
    url = serializers.URLField(help_text="Redirect the customer to this URL.")
    expires_at = serializers.DateTimeField(allow_null=True, help_text="When the page expires; null if Stripe sets no expiry.")

    class Meta:
        example = {
            "id": "cs_a1b2c3",
            "url": "https://checkout.stripe.com/c/pay/cs_a1b2c3",
            "expires_at": "2026-03-02T09:30:00Z",
        }


@extend_schema_serializer(description="A charge or credit in the preview of a plan change.")
class PreviewLineSerializer(serializers.Serializer[Any]):
    description = serializers.CharField(
        help_text="Text for the customer, written by Stripe unless the subscription is on trial."
    )
    amount = AmountField(help_text="In the currency of the preview; a credit is negative.")


@extend_schema_serializer(
    description="The cost of a plan change if it is made now, as Stripe computes it. The lines add up to `subtotal`, "
    "`subtotal - discount + tax` is `total`, and `total - starting_credit + credit` is `due_now`. On a trial nothing is due."
)
class PreviewSerializer(serializers.Serializer[Any]):
    currency = serializers.CharField(help_text="ISO 4217 code of all amounts.")
    prorated_at = serializers.DateTimeField(help_text="The instant for which the amounts are calculated.")
    lines = PreviewLineSerializer(many=True, help_text="The charges and credits that the change causes, as on an invoice.")
    subtotal = AmountField(help_text="Sum of the lines, before discount and tax. Negative if more is credited than charged.")
    discount = AmountField(help_text="Taken off by coupons; negative if a discounted amount is credited.")
    tax = AmountField(help_text="Added to the prices; negative if tax is credited.")
    included_tax = AmountField(help_text="Tax that the prices already include, for information.")
    total = AmountField(help_text="The subtotal after discount and tax.")
    starting_credit = AmountField(help_text="The customer's credit before the change; negative if they owe an amount.")
    credit = AmountField(help_text="The customer's credit after the change, which is applied to the next invoices.")
    due_now = AmountField(help_text="Charged when the plan is changed.")
    next_charge_at = serializers.DateTimeField(allow_null=True, help_text="End of the trial; null without a trial.")
    next_charge_amount = AmountField(allow_null=True, help_text="Charged after the trial; null without a trial.")

    class Meta:
        example = {
            "currency": "USD",
            "prorated_at": "2026-03-16T09:30:00Z",
            "lines": [
                {"description": "Unused time on Mid-tier", "amount": "-17.50"},
                {"description": "Remaining time on Professional", "amount": "37.50"},
            ],
            "subtotal": "20.00",
            "discount": "0.00",
            "tax": "3.80",
            "included_tax": "0.00",
            "total": "23.80",
            "starting_credit": "5.00",
            "credit": "0.00",
            "due_now": "18.80",
            "next_charge_at": None,
            "next_charge_amount": None,
        }


@extend_schema_serializer(description="The access of the user to a feature, with its monthly limit and usage count.")
class FeatureAccessSerializer(BaseSerializer):
    class Meta:
        model = FeatureAccess
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


@extend_schema_serializer(description="Uses of a feature to count.")
class UseSerializer(StrictSerializer):
    amount = serializers.IntegerField(
        min_value=1, max_value=MAX_USAGE_AMOUNT, default=1, help_text="Number of uses to count. Default: 1."
    )
    idempotency_key = serializers.RegexField(KEY, required=False, help_text=KEY_HELP)


@extend_schema_serializer(description="The key of the uses to give back.")
class GiveBackSerializer(StrictSerializer):
    idempotency_key = serializers.RegexField(KEY, help_text="The key with which the uses were counted.")


class FeatureNameSerializer(StrictSerializer):
    feature_name = serializers.CharField(max_length=100, help_text="Name of the feature, such as custom_reports.")


@extend_schema_serializer(description="A decision about a feature, with its source and reason.")
class VerdictSerializer(serializers.Serializer):
    decided_by = serializers.ChoiceField(
        list(EntitlementSource),
        source="source",
        help_text="An override by staff, the subscription, the free features or `nothing`.",
    )
    is_enabled = serializers.BooleanField(help_text="True if the feature is available, up to the limit and until the end.")
    limit = serializers.IntegerField(allow_null=True, help_text="Uses per counting month; null if unlimited.")
    until = serializers.DateTimeField(
        allow_null=True, help_text="When the access or the override ends; null if no end is known."
    )
    why = serializers.CharField(help_text="The reason, a sentence for the customer.")

    class Meta:
        example = {
            "decided_by": "subscription",
            "is_enabled": True,
            "limit": 5,
            "why": "The trial runs until 2026-04-01 15:30 UTC.",
        }


@extend_schema_serializer(description="The decision about a feature and, if an override decided, the decision without it.")
class ExplanationSerializer(serializers.Serializer):
    feature_name = serializers.CharField(help_text="Name of the feature, as in the request or the entry.")
    verdict = VerdictSerializer(help_text="The decision that applies.")
    beneath = VerdictSerializer(allow_null=True, help_text="The decision without the override; null if there is no override.")
    usage_remaining = serializers.IntegerField(
        allow_null=True, source="access.usage_remaining", default=None, help_text="Uses left this month; null if unlimited."
    )
    resets_at = serializers.DateTimeField(
        allow_null=True, source="access.resets_at", default=None, help_text="When the count is reset; null if unlimited."
    )
    plans = serializers.ListField(
        child=serializers.CharField(), help_text="Names of the offered plans that include it, cheapest first."
    )

    class Meta:
        example = {
            "feature_name": "custom_reports",
            "verdict": {**VerdictSerializer.Meta.example, "until": "2026-04-01T15:30:00Z"},
            "beneath": None,
            "usage_remaining": 4,
            "resets_at": "2026-04-01T09:30:00Z",
            "plans": ["Mid-tier", "Professional"],
        }
