"""API views of analytics."""

from typing import Any

from analytics.filters import EventFilter, FeatureUsageFilter, FeedbackFilter, MetricFilter
from analytics.models import FeatureUsage, PerformanceMetric, UserAnalytics, UserFeedback
from analytics.models.feedback import FeedbackType
from analytics.serializers import EventSerializer, FeatureUsageSerializer, FeedbackSerializer, MetricSerializer
from billing import services as billing
from core import clock
from core.api.bulk import BulkMixin
from core.api.permissions import StaffModelPermission, TokenScopePermission
from core.api.viewsets import CreateMixin, OwnedReadOnlyViewSet, OwnedViewSet, UnownedViewSet


class EventViewSet(BulkMixin, OwnedViewSet):
    about = "An event is an action of the user in the app, such as a session, a visit or a click."
    queryset = UserAnalytics.objects.all()
    serializer_class = EventSerializer
    filterset_class = EventFilter
    ordering = "-event_date"
    ordering_fields = ("event_date", "session_duration", "page_views", "engagement_score", "retention_score", "created_at")
    search_fields = ("event_type",)


class FeatureUsageViewSet(BulkMixin, OwnedViewSet):
    about = "There is one row per feature and day; a second one is refused with 400."
    queryset = FeatureUsage.objects.all()
    serializer_class = FeatureUsageSerializer
    filterset_class = FeatureUsageFilter
    ordering = "-usage_date"
    ordering_fields = ("usage_date", "usage_count", "usage_duration", "success_rate", "error_count", "created_at")
    search_fields = ("feature_name",)


class MetricViewSet(BulkMixin, UnownedViewSet):
    about = "A metric is a value of the whole product on one day. Only staff with the permission can read and write."
    queryset = PerformanceMetric.objects.all()
    serializer_class = MetricSerializer
    filterset_class = MetricFilter
    permission_classes = (StaffModelPermission, TokenScopePermission)
    ordering = "-metric_date"
    ordering_fields = ("metric_date", "metric_value")
    search_fields = ("metric_name", "category", "subcategory")


class FeedbackViewSet(CreateMixin, OwnedReadOnlyViewSet):
    about = (
        "Users send and read their feedback, and staff resolve it. It can't be changed or deleted through the API. Feedback of "
        "the type `support` is a use of `support_requests`: 403 `limit_reached` or `plan_required` if the plan has none left. "
        "Other feedback is free."
    )
    queryset = UserFeedback.objects.all()
    serializer_class = FeedbackSerializer
    filterset_class = FeedbackFilter
    ordering = "-feedback_date"
    ordering_fields = ("feedback_date", "rating", "days_since_creation", "resolution_time_days", "created_at")
    search_fields = ("feedback_text", "category")

    def perform_create(self, serializer: Any) -> None:
        if serializer.validated_data["feedback_type"] == FeedbackType.SUPPORT:
            billing.use_feature(user=self.request.user, feature="support_requests", now=clock.now())
        super().perform_create(serializer)
