"""URLs below `/api/v1/finance/`."""

from django.urls import path
from rest_framework.routers import SimpleRouter

from finance.views.accounts import AccountViewSet, TransactionViewSet
from finance.views.due_dates import ExpenseDueDateViewSet, IncomeDueDateViewSet
from finance.views.imports import ImportRowViewSet, ImportViewSet
from finance.views.projections import ProjectionViewSet

router = SimpleRouter(use_regex_path=False)
router.register("accounts", AccountViewSet)
router.register("transactions", TransactionViewSet)
router.register("imports", ImportViewSet)
router.register("imports/<uuid:pk>/rows", ImportRowViewSet)
router.register("income-due-dates", IncomeDueDateViewSet)
router.register("expense-due-dates", ExpenseDueDateViewSet)
router.register("income-projections", ProjectionViewSet)

# `transactions/import/` and `transactions/search/` are aliases of `imports/` and of the list of transactions.
urlpatterns = [
    path("transactions/import/", ImportViewSet.as_view({"post": "create"})),
    path("transactions/search/", TransactionViewSet.as_view({"get": "list"})),
    *router.urls,
]
