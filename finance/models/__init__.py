"""Models of accounts, transactions, statement imports, due dates and income projections."""

from finance.models.accounts import EncryptedFinancialProfile
from finance.models.due_dates import UserExpenseDueDate, UserIncomeDueDate
from finance.models.due_payments import DueDatePayment
from finance.models.imports import StatementImport, StatementImportRow
from finance.models.projections import IncomeProjection
from finance.models.transactions import FinancialTransaction

__all__ = [
    "DueDatePayment",
    "EncryptedFinancialProfile",
    "FinancialTransaction",
    "IncomeProjection",
    "StatementImport",
    "StatementImportRow",
    "UserExpenseDueDate",
    "UserIncomeDueDate",
]
