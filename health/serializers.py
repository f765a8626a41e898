"""Serializers of check-ins, correlations and goals."""

from drf_spectacular.utils import extend_schema_serializer
from rest_framework import serializers

from core import clock
from core.api.derived_fields import public_names
from core.api.serializers import BaseSerializer, StrictSerializer
from health.models import HealthGoal, HealthSpendingCorrelation, UserHealthCheckin
from health.plan_limits import count_checkins


@extend_schema_serializer(description="The user's condition on one day. A value that is null was not entered; 0 is a value.")
class CheckinSerializer(BaseSerializer):
    class Meta:
        model = UserHealthCheckin
        read_only_fields = ["over_limit", "number_in_month"]
        example = {
            "checkin_date": "2026-03-01",
            "mood_score": 8,
            "stress_level": 3,
            "sleep_hours": "7.5",
            "exercise_minutes": 30,
            "symptoms": ["headache"],
            "wellness_activities": ["walk"],
            "over_limit": False,
            "number_in_month": 3,
            "wellness_score": "9.0",
            "wellness_level": "excellent",
        }

    def before_insert(self, rows: list[UserHealthCheckin]) -> None:
        count_checkins(rows, user=self.context["request"].user, now=clock.now())


@extend_schema_serializer(
    description="A correlation of a health metric with the spending `lag_days` later, in the currency of most of the user's "
    "expenses. The strength is null if the data is too little or too similar; at least 21 days with both values are needed."
)
class CorrelationSerializer(BaseSerializer):
    class Meta:
        model = HealthSpendingCorrelation
        fields = public_names(HealthSpendingCorrelation)
        read_only_fields = fields
        example = {
            "correlation_date": "2026-03-01",
            "health_metric": "stress",
            "health_score": "4.80",
            "spending_amount": "31.52",
            "spending_category": "dining",
            "correlation_strength": "0.412",
            "confidence_interval_lower": "0.288",
            "confidence_interval_upper": "0.522",
            "p_value": "0.00000012",
            "adjusted_p_value": "0.00000370",
            "is_significant": True,
            "method": "pearson",
            "lag_days": 1,
            "analysis_period": "daily",
            "data_points_count": 192,
            "correlation_interpretation": "moderate",
            "correlation_direction": "positive",
        }


@extend_schema_serializer(description="A health goal, and its progress from the start value to the target value.")
class GoalSerializer(BaseSerializer):
    class Meta:
        model = HealthGoal
        read_only_fields = ["is_completed", "completion_date", "progress_percentage"]
        example = {
            "goal_name": "Calmer working days",
            "goal_type": "stress",
            "start_value": "8.00",
            "target_value": "3.00",
            "current_value": "5.50",
            "unit": "points",
            "target_date": "2026-06-30",
            "progress_percentage": 50,
            "days_remaining": 121,
            "status": "in_progress",
        }


@extend_schema_serializer(description="The current value of a goal, and optional notes.")
class ProgressFormSerializer(StrictSerializer):
    current_value = serializers.DecimalField(max_digits=10, decimal_places=2, help_text="In the unit of the goal.")
    notes = serializers.CharField(required=False, allow_blank=True, help_text="Replaces the goal's notes. Default: unchanged.")
