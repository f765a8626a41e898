"""Filter sets of the analytics lists."""

from analytics.models import FeatureUsage, PerformanceMetric, UserAnalytics, UserFeedback
from core.api.filters.filtersets import StrictFilterSet


class EventFilter(StrictFilterSet):
    class Meta:
        model = UserAnalytics
        fields = {
            "event_date": ["exact", "gte", "lte"],
            "event_type": ["exact", "in"],
            "event_data": ["contains"],
            "session_duration": ["gte", "lte", "isnull"],
            "page_views": ["gte", "lte", "isnull"],
            "features_used": ["contains"],
            "engagement_score": ["gte", "lte", "isnull"],
            "retention_score": ["gte", "lte", "isnull"],
            "created_at": ["gte", "lte"],
        }
        derived = {"session_minutes": ["gte", "lte"], "engagement_level": ["exact", "in"], "retention_level": ["exact", "in"]}


class FeatureUsageFilter(StrictFilterSet):
    class Meta:
        model = FeatureUsage
        fields = {
            "feature_name": ["exact", "in"],
            "usage_date": ["exact", "gte", "lte"],
            "usage_count": ["exact", "gte", "lte"],
            "usage_duration": ["gte", "lte", "isnull"],
            "success_rate": ["gte", "lte", "isnull"],
            "error_count": ["exact", "gte", "lte"],
            "performance_metrics": ["contains"],
            "created_at": ["gte", "lte"],
        }
        derived = {
            "usage_minutes": ["gte", "lte"],
            "success_percentage": ["gte", "lte"],
            "is_successful": ["exact", "isnull"],
            "has_errors": ["exact"],
        }


class MetricFilter(StrictFilterSet):
    class Meta:
        model = PerformanceMetric
        fields = {
            "metric_date": ["exact", "gte", "lte"],
            "metric_name": ["exact", "in"],
            "metric_value": ["exact", "gte", "lte", "isnull"],
            "metric_unit": ["exact"],
            "category": ["exact", "in"],
            "subcategory": ["exact"],
            "metadata": ["contains"],
            "created_at": ["gte", "lte"],
        }
        derived = {"is_positive": ["exact", "isnull"]}


class FeedbackFilter(StrictFilterSet):
    class Meta:
        model = UserFeedback
        fields = {
            "feedback_date": ["exact", "gte", "lte"],
            "feedback_type": ["exact", "in"],
            "rating": ["exact", "gte", "lte", "isnull"],
            "category": ["exact", "in"],
            "status": ["exact", "in"],
            "priority": ["exact", "in"],
            "resolved_at": ["gte", "lte", "isnull"],
            "created_at": ["gte", "lte"],
        }
        derived = {
            "is_positive": ["exact", "isnull"],
            "is_negative": ["exact", "isnull"],
            "is_resolved": ["exact"],
            "is_open": ["exact"],
            "days_since_creation": ["gte", "lte"],
            "resolution_time_days": ["gte", "lte", "isnull"],
        }
