"""Money in the API."""

from finance.views.accounts import AccountViewSet, TransactionViewSet
from finance.views.due_dates import ExpenseDueDateViewSet, IncomeDueDateViewSet
from finance.views.imports import ImportRowViewSet, ImportViewSet
from finance.views.projections import ProjectionViewSet

__all__ = [
    "AccountViewSet",
    "ExpenseDueDateViewSet",
    "ImportRowViewSet",
    "ImportViewSet",
    "IncomeDueDateViewSet",
    "ProjectionViewSet",
    "TransactionViewSet",
]
