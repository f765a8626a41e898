"""`/api/v1/billing/`."""

from rest_framework.routers import SimpleRouter

from billing.views import AdjustmentViewSet, FeatureAccessViewSet, InvoiceViewSet, PlanViewSet, SubscriptionViewSet

router = SimpleRouter(use_regex_path=False)
router.register("plans", PlanViewSet)
router.register("subscriptions", SubscriptionViewSet)
router.register("feature-access", FeatureAccessViewSet)
router.register("history", InvoiceViewSet)
router.register("adjustments", AdjustmentViewSet)

urlpatterns = router.urls
