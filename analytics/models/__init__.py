"""Models of events, performance metrics, feature usage and feedback."""

from analytics.models.events import UserAnalytics
from analytics.models.feedback import UserFeedback
from analytics.models.metrics import PerformanceMetric
from analytics.models.usage import FeatureUsage

__all__ = ["FeatureUsage", "PerformanceMetric", "UserAnalytics", "UserFeedback"]
