"""`/api/v1/finance/`."""

from rest_framework.routers import SimpleRouter

from finance.views import AccountViewSet, TransactionViewSet

router = SimpleRouter(use_regex_path=False)
router.register("accounts", AccountViewSet)
router.register("transactions", TransactionViewSet)

urlpatterns = router.urls
