"""URLs under `/api/v1/system/`."""

from rest_framework.routers import SimpleRouter

from system.views import AlertViewSet, ImportantDateViewSet, NotificationPreferenceViewSet, PushDeviceViewSet

router = SimpleRouter(use_regex_path=False)
router.register("alerts", AlertViewSet)
router.register("important-dates", ImportantDateViewSet)
router.register("notification-preferences", NotificationPreferenceViewSet)
router.register("push-devices", PushDeviceViewSet)

urlpatterns = router.urls
