"""The options of a customer who wants to leave, as JSON."""

from typing import Any

from drf_spectacular.utils import extend_schema_serializer
from rest_framework import serializers

from billing.models.plans import BillingCycle
from billing.serializers import PreviewSerializer
from core.api.money import AmountField

CREDITED = {
    **PreviewSerializer.Meta.example,
    "lines": [
        {"description": "Unused time on Mid-tier", "amount": "-340.41"},
        {"description": "Remaining time on Budget", "amount": "145.89"},
    ],
    "subtotal": "-194.52",
    "tax": "0.00",
    "total": "-194.52",
    "starting_credit": "0.00",
    "credit": "194.52",
    "due_now": "0.00",
}
WHY_NOT = "Why it is not possible now, a sentence with the remedy; empty if it is possible."


@extend_schema_serializer(description="A cancellation now with a refund of the unused time, within 14 days of a payment.")
class WithdrawalOptionSerializer(serializers.Serializer[Any]):
    is_available = serializers.BooleanField(help_text="True if `cancel/` with `refund: true` is possible now.")
    why_not = serializers.CharField(help_text=WHY_NOT)
    refund = AmountField(allow_null=True, help_text="Paid back if the subscription ends now; null if it is not possible.")
    credit = AmountField(
        allow_null=True, help_text="Becomes credit again, because credit had paid it; null if it is not possible."
    )
    until = serializers.DateTimeField(allow_null=True, help_text="Last time for it; null if it is not possible.")


@extend_schema_serializer(description="A pause that begins now, once in a calendar year.")
class PauseOptionSerializer(serializers.Serializer[Any]):
    is_available = serializers.BooleanField(help_text="True if `pause/` is possible now.")
    why_not = serializers.CharField(help_text=WHY_NOT)
    credit = AmountField(
        allow_null=True, help_text="For the unused time, taken off the charge at the end of the pause; null if not possible."
    )
    resumes_at = serializers.ListField(
        child=serializers.DateTimeField(), help_text="The end of a pause of one, two and three months; empty if not possible."
    )


@extend_schema_serializer(description="A monthly limit that a cheaper plan lowers.")
class LowerLimitSerializer(serializers.Serializer[Any]):
    feature_name = serializers.CharField(source="name", help_text="Name of the limited feature, as in `feature-access/`.")
    now = serializers.IntegerField(allow_null=True, help_text="Uses per month with the present plan; null if unlimited.")
    then = serializers.IntegerField(help_text="Uses per month with the cheaper plan.")


@extend_schema_serializer(description="A cheaper plan with the same interval, and the cost of the change to it.")
class CheaperPlanSerializer(serializers.Serializer[Any]):
    plan = serializers.UUIDField(source="plan.pk", help_text="ID of the plan, for `change-plan/`.")
    name = serializers.CharField(source="plan.name", help_text="Name of the plan.")
    price = AmountField(source="plan.price", help_text="Price for each interval, before discount and tax.")
    currency = serializers.CharField(source="plan.currency", help_text="ISO 4217 code of the price.")
    billing_cycle = serializers.ChoiceField(
        BillingCycle.choices, source="plan.billing_cycle", help_text="How often the price is charged."
    )
    preview = PreviewSerializer(help_text="The cost of the change if it is made now.")
    lost_features = serializers.ListField(child=serializers.CharField(), help_text="Features that the cheaper plan has not.")
    lower_limits = LowerLimitSerializer(many=True, help_text="Monthly limits that the cheaper plan lowers.")


@extend_schema_serializer(
    description="What a customer who wants to leave can do now. Nothing has to be asked for before `cancel/`."
)
class LeavingSerializer(serializers.Serializer[Any]):
    currency = serializers.CharField(help_text="ISO 4217 code of the amounts.")
    ends_at = serializers.DateTimeField(
        allow_null=True, help_text="When the subscription ends if it is canceled without further choices; null if unknown."
    )
    withdrawal = WithdrawalOptionSerializer(help_text="End now, with a refund.")
    pause = PauseOptionSerializer(help_text="Pause for up to three months.")
    cheaper_plans = CheaperPlanSerializer(many=True, help_text="Cheaper plans, the most expensive first.")

    class Meta:
        example = {
            "currency": "USD",
            "ends_at": "2027-03-02T09:30:00Z",
            "withdrawal": {
                "is_available": True,
                "why_not": "",
                "refund": "340.41",
                "credit": "0.00",
                "until": "2026-03-16T09:30:00Z",
            },
            "pause": {
                "is_available": True,
                "why_not": "",
                "credit": "340.41",
                "resumes_at": ["2026-04-12T09:30:00Z", "2026-05-12T09:30:00Z", "2026-06-12T09:30:00Z"],
            },
            "cheaper_plans": [
                {
                    "plan": "0197a1c0-7b1e-7c3a-9d55-1f0e6a2b4c8d",
                    "name": "Budget",
                    "price": "150.00",
                    "currency": "USD",
                    "billing_cycle": "yearly",
                    "preview": CREDITED,
                    "lost_features": ["ai_insights", "career_risk_management", "custom_reports"],
                    "lower_limits": [{"feature_name": "health_checkins", "now": 12, "then": 4}],
                }
            ],
        }
