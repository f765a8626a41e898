"""URLs below `/api/v1/finance/`."""

from django.urls import path
from rest_framework.routers import SimpleRouter

from finance.views.accounts import AccountViewSet, TransactionViewSet
from finance.views.attachments import AttachmentViewSet
from finance.views.categories import CategoryViewSet, PayeeViewSet, TagViewSet
from finance.views.divisions import RefundShareViewSet, TransactionSplitViewSet
from finance.views.due_dates import ExpenseDueDateViewSet, IncomeDueDateViewSet
from finance.views.exchange_rates import ExchangeRateViewSet
from finance.views.imports import ImportRowViewSet, ImportViewSet
from finance.views.projections import ProjectionViewSet
from finance.views.rules import RuleRunViewSet, RuleViewSet
from finance.views.transfers import TransferViewSet
from finance.views.undo import DeletedTransactionViewSet, EditRunViewSet

router = SimpleRouter(use_regex_path=False)
router.register("accounts", AccountViewSet)
router.register("transactions", TransactionViewSet)
router.register("transaction-splits", TransactionSplitViewSet)
router.register("refund-shares", RefundShareViewSet)
router.register("attachments", AttachmentViewSet)
router.register("deleted-transactions", DeletedTransactionViewSet)
router.register("edit-runs", EditRunViewSet)
router.register("rules", RuleViewSet)
router.register("rule-runs", RuleRunViewSet, basename="rule-run")
router.register("categories", CategoryViewSet)
router.register("tags", TagViewSet)
router.register("payees", PayeeViewSet)
router.register("transfers", TransferViewSet)
router.register("exchange-rates", ExchangeRateViewSet)
router.register("imports", ImportViewSet)
router.register("imports/<uuid:pk>/rows", ImportRowViewSet)
router.register("income-due-dates", IncomeDueDateViewSet)
router.register("expense-due-dates", ExpenseDueDateViewSet)
router.register("income-projections", ProjectionViewSet)

# `transactions/import/` and `transactions/search/` are aliases of `imports/` and of the list of transactions, which the OpenAPI
# document leaves out.
urlpatterns = [
    path("transactions/import/", ImportViewSet.as_view({"post": "create"}, schema=None)),
    path("transactions/search/", TransactionViewSet.as_view({"get": "list"}, schema=None)),
    *router.urls,
]
