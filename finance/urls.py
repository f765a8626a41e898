"""`/api/v1/finance/`."""

from rest_framework.routers import SimpleRouter

from finance.views import (
    AccountViewSet,
    ExpenseDueDateViewSet,
    ImportRowViewSet,
    ImportViewSet,
    IncomeDueDateViewSet,
    ProjectionViewSet,
    TransactionViewSet,
)

router = SimpleRouter(use_regex_path=False)
router.register("accounts", AccountViewSet)
router.register("transactions", TransactionViewSet)
router.register("imports", ImportViewSet)
router.register("imports/<uuid:pk>/rows", ImportRowViewSet)
router.register("income-due-dates", IncomeDueDateViewSet)
router.register("expense-due-dates", ExpenseDueDateViewSet)
router.register("income-projections", ProjectionViewSet)

urlpatterns = router.urls
