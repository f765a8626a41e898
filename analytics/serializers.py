"""Serializers of events, feature usage, metrics and feedback."""

from typing import Any

from drf_spectacular.utils import extend_schema_serializer

from analytics.models import FeatureUsage, PerformanceMetric, UserAnalytics, UserFeedback
from core.api.serializers import BaseSerializer


@extend_schema_serializer(description="An action of the user in the app, such as a session, a visit or a click.")
class EventSerializer(BaseSerializer):
    class Meta:
        model = UserAnalytics
        example = {
            "event_type": "session",
            "event_data": {"platform": "web"},
            "session_duration": 750,
            "page_views": 9,
            "features_used": ["transactions", "forecast"],
            "engagement_score": "0.82",
            "retention_score": "0.55",
            "session_minutes": "12.50",
            "engagement_level": "high",
            "retention_level": "fair",
        }


@extend_schema_serializer(description="The user's use of one feature on one day.")
class FeatureUsageSerializer(BaseSerializer):
    class Meta:
        model = FeatureUsage
        example = {
            "feature_name": "statement import",
            "usage_count": 3,
            "usage_duration": 95,
            "success_rate": "0.67",
            "error_count": 1,
            "performance_metrics": {"slowest_ms": 840},
            "usage_minutes": "1.58",
            "success_percentage": 67,
            "is_successful": False,
            "has_errors": True,
        }


@extend_schema_serializer(description="A measured value of the whole product on one day. It belongs to no user.")
class MetricSerializer(BaseSerializer):
    class Meta:
        model = PerformanceMetric
        example = {
            "metric_name": "response time, 95th percentile",
            "metric_value": "84.20",
            "metric_unit": "ms",
            "category": "api",
            "metadata": {"requests": 120400},
            "is_positive": True,
            "formatted_value": "84.20 ms",
        }


@extend_schema_serializer(description="Feedback of the user about the product, with its resolution by staff.")
class FeedbackSerializer(BaseSerializer):
    class Meta:
        model = UserFeedback
        read_only_fields = ["status", "priority", "assigned_to", "resolution_notes", "resolved_at"]
        extra_kwargs = {
            "feedback_date": {"required": False, "help_text": "Day of the feedback in the user's time zone. Default: today."}
        }
        example = {
            "feedback_type": "bug",
            "rating": 2,
            "feedback_text": "The import stops at the second page.",
            "category": "imports",
            "is_positive": False,
            "is_negative": True,
            "is_open": True,
            "days_since_creation": 0,
        }

    def build(self, validated_data: dict[str, Any]) -> Any:
        row: Any = super().build(validated_data)
        if row.feedback_date is None:
            row.feedback_date = row.today()
        return row
