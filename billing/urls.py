"""`/api/v1/billing/`."""

from rest_framework.routers import SimpleRouter

from billing.views import FeatureAccessViewSet, InvoiceViewSet, PlanViewSet, SubscriptionViewSet

router = SimpleRouter(use_regex_path=False)
router.register("plans", PlanViewSet)
router.register("subscriptions", SubscriptionViewSet)
router.register("feature-access", FeatureAccessViewSet)
router.register("history", InvoiceViewSet)

urlpatterns = router.urls
