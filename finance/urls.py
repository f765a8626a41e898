"""`/api/v1/finance/`."""

from rest_framework.routers import SimpleRouter

from finance.views import AccountViewSet, ImportRowViewSet, ImportViewSet, TransactionViewSet

router = SimpleRouter(use_regex_path=False)
router.register("accounts", AccountViewSet)
router.register("transactions", TransactionViewSet)
router.register("imports", ImportViewSet)
router.register("imports/<uuid:pk>/rows", ImportRowViewSet)

urlpatterns = router.urls
