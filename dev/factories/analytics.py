"""Factories of the analytics models."""

from decimal import Decimal

import factory
from factory.django import DjangoModelFactory

from analytics.models import FeatureUsage, PerformanceMetric, UserAnalytics, UserFeedback
from dev.factories.times import day_from_now
from dev.factories.users import OwnedFactory


class EventFactory(OwnedFactory):
    class Meta:
        model = UserAnalytics

    event_date = day_from_now(-9)
    event_type = "session"
    session_duration = 750
    page_views = 9
    engagement_score = Decimal("0.82")


class FeatureUsageFactory(OwnedFactory):
    class Meta:
        model = FeatureUsage

    feature_name = factory.Sequence(lambda number: f"feature {number}")
    usage_date = day_from_now(-9)
    usage_duration = 95
    success_rate = Decimal("0.67")


class MetricFactory(DjangoModelFactory):
    class Meta:
        model = PerformanceMetric

    metric_date = day_from_now(-9)
    metric_name = factory.Sequence(lambda number: f"metric {number}")
    metric_value = Decimal("1234.50")
    metric_unit = "ms"


class FeedbackFactory(OwnedFactory):
    class Meta:
        model = UserFeedback

    feedback_date = day_from_now(-9)
    feedback_type = "bug"
    rating = 2
    feedback_text = factory.Sequence(lambda number: f"The import stops at page {number}.")
