"""Factories of the analytics models."""

from datetime import date
from decimal import Decimal

import factory
from factory.django import DjangoModelFactory

from analytics.models import FeatureUsage, PerformanceMetric, UserAnalytics, UserFeedback
from dev.factories.users import OwnedFactory


class EventFactory(OwnedFactory):
    class Meta:
        model = UserAnalytics

    event_date = date(2026, 3, 1)
    event_type = "session"
    session_duration = 750
    page_views = 9
    engagement_score = Decimal("0.82")


class FeatureUsageFactory(OwnedFactory):
    class Meta:
        model = FeatureUsage

    feature_name = factory.Sequence(lambda number: f"feature {number}")
    usage_date = date(2026, 3, 1)
    usage_duration = 95
    success_rate = Decimal("0.67")


class MetricFactory(DjangoModelFactory):
    class Meta:
        model = PerformanceMetric

    metric_date = date(2026, 3, 1)
    metric_name = factory.Sequence(lambda number: f"metric {number}")
    metric_value = Decimal("1234.50")
    metric_unit = "ms"


class FeedbackFactory(OwnedFactory):
    class Meta:
        model = UserFeedback

    feedback_date = date(2026, 3, 1)
    feedback_type = "bug"
    rating = 2
    feedback_text = factory.Sequence(lambda number: f"The import stops at page {number}.")
