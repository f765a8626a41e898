"""Money in the back office."""

from finance.admin.accounts import AccountAdmin
from finance.admin.due_dates import ExpenseDueDateAdmin, IncomeDueDateAdmin, PaymentAdmin
from finance.admin.imports import StatementImportAdmin, StatementImportRowAdmin
from finance.admin.projections import ProjectionAdmin
from finance.admin.transactions import TransactionAdmin

__all__ = [
    "AccountAdmin",
    "ExpenseDueDateAdmin",
    "IncomeDueDateAdmin",
    "PaymentAdmin",
    "ProjectionAdmin",
    "StatementImportAdmin",
    "StatementImportRowAdmin",
    "TransactionAdmin",
]
