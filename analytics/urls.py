"""URLs under `/api/v1/analytics/`."""

from rest_framework.routers import SimpleRouter

from analytics.views import EventViewSet, FeatureUsageViewSet, FeedbackViewSet, MetricViewSet

router = SimpleRouter(use_regex_path=False)
router.register("events", EventViewSet)
router.register("feature-usage", FeatureUsageViewSet)
router.register("metrics", MetricViewSet)
router.register("feedback", FeedbackViewSet)

urlpatterns = router.urls
