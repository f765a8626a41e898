"""URLs under `/api/v1/webhooks/`."""

from rest_framework.routers import SimpleRouter

from users.webhook_views import WebhookMessageViewSet, WebhookViewSet

router = SimpleRouter(use_regex_path=False)
router.register("messages", WebhookMessageViewSet)
router.register("", WebhookViewSet)

urlpatterns = router.urls
