"""Violations of the constraints of analytics tables, in SQL and through the API."""

from datetime import UTC, datetime
from typing import Any

from django.db import models
from django.db.models.expressions import RawSQL

from analytics.models import FeatureUsage, PerformanceMetric, UserAnalytics, UserFeedback

EVENT = "analytics_useranalytics"
USAGE = "analytics_featureusage"
METRIC = "analytics_performancemetric"
FEEDBACK = "analytics_userfeedback"
SAME = "=other"
LATER = datetime(2100, 1, 1, tzinfo=UTC)
NOT_A_NUMBER = RawSQL("'NaN'::numeric", ())
Rules = dict[str, tuple[type[models.Model], dict[str, Any], dict[str, Any] | None]]


def both(model: type[models.Model], **values: Any) -> tuple[type[models.Model], dict[str, Any], dict[str, Any]]:
    """Return a violation with the same values in SQL and through the API."""
    return model, values, values


EVENTS: Rules = {
    f"{EVENT}_event_date_bounds": both(UserAnalytics, event_date="2201-01-01"),
    f"{EVENT}_event_type_not_blank": both(UserAnalytics, event_type=" "),
    f"{EVENT}_event_data_shape": both(UserAnalytics, event_data=[]),
    f"{EVENT}_session_duration_bounds": both(UserAnalytics, session_duration=-1),
    f"{EVENT}_page_views_bounds": both(UserAnalytics, page_views=-1),
    f"{EVENT}_features_used_shape": both(UserAnalytics, features_used={}),
    f"{EVENT}_engagement_score_bounds": both(UserAnalytics, engagement_score="1.01"),
    f"{EVENT}_retention_score_bounds": both(UserAnalytics, retention_score="-0.01"),
    f"{EVENT}_created_at_near_id": (UserAnalytics, {"created_at": LATER}, None),
}

USES: Rules = {
    f"{USAGE}_feature_name_unique": both(FeatureUsage, feature_name=SAME, usage_date=SAME),
    f"{USAGE}_feature_name_not_blank": both(FeatureUsage, feature_name=" "),
    f"{USAGE}_usage_date_bounds": both(FeatureUsage, usage_date="1899-12-31"),
    f"{USAGE}_usage_count_bounds": both(FeatureUsage, usage_count=-1),
    f"{USAGE}_usage_duration_bounds": both(FeatureUsage, usage_duration=-1),
    f"{USAGE}_success_rate_bounds": both(FeatureUsage, success_rate="1.01"),
    f"{USAGE}_error_count_bounds": both(FeatureUsage, error_count=-1),
    f"{USAGE}_performance_metrics_shape": both(FeatureUsage, performance_metrics=[]),
}

METRICS: Rules = {
    f"{METRIC}_metric_date_bounds": both(PerformanceMetric, metric_date="2201-01-01"),
    f"{METRIC}_metric_name_not_blank": both(PerformanceMetric, metric_name=" "),
    # every number that fits the column is allowed, so only NaN violates the constraint, and the API refuses NaN
    f"{METRIC}_metric_value_bounds": (PerformanceMetric, {"metric_value": NOT_A_NUMBER}, {"metric_value": "NaN"}),
    f"{METRIC}_metadata_shape": both(PerformanceMetric, metadata=[]),
    f"{METRIC}_created_at_near_id": (PerformanceMetric, {"created_at": LATER}, None),
}

# Status, priority and resolution are read-only in the API, because staff set them.
WRITTEN: Rules = {
    f"{FEEDBACK}_feedback_date_bounds": both(UserFeedback, feedback_date="1899-12-31"),
    f"{FEEDBACK}_feedback_type_choice": both(UserFeedback, feedback_type="praise"),
    f"{FEEDBACK}_rating_bounds": both(UserFeedback, rating=6),
    f"{FEEDBACK}_status_choice": (UserFeedback, {"status": "done"}, None),
    f"{FEEDBACK}_priority_choice": (UserFeedback, {"priority": "urgent"}, None),
    f"{FEEDBACK}_resolved_at_matches_status": (UserFeedback, {"status": "closed"}, None),
}

VIOLATIONS: Rules = {**EVENTS, **USES, **METRICS, **WRITTEN}
