"""URLs below `/api/v1/health/`."""

from rest_framework.routers import SimpleRouter

from health.views import CheckinViewSet, CorrelationViewSet, GoalViewSet

router = SimpleRouter(use_regex_path=False)
router.register("checkins", CheckinViewSet)
router.register("correlations", CorrelationViewSet)
router.register("goals", GoalViewSet)

urlpatterns = router.urls
