"""Models of accounts, transactions and what belongs to them, names, statement imports, due dates and projections."""

from finance.models.accounts import EncryptedFinancialProfile
from finance.models.attachments import Attachment, AttachmentChunk
from finance.models.categories import Category
from finance.models.deleted_transactions import DeletedTransaction
from finance.models.due_dates import UserExpenseDueDate, UserIncomeDueDate
from finance.models.due_payments import DueDatePayment
from finance.models.edit_runs import EditedRow, EditRun
from finance.models.exchange_rates import ExchangeRate
from finance.models.imports import StatementImport, StatementImportRow
from finance.models.parts import Part
from finance.models.payees import Payee
from finance.models.projections import IncomeProjection
from finance.models.rules import Rule
from finance.models.splits import RefundShare, TransactionSplit
from finance.models.tags import Tag
from finance.models.transactions import FinancialTransaction
from finance.models.transfers import Transfer

__all__ = [
    "Attachment",
    "AttachmentChunk",
    "Category",
    "DeletedTransaction",
    "DueDatePayment",
    "EditRun",
    "EditedRow",
    "EncryptedFinancialProfile",
    "ExchangeRate",
    "FinancialTransaction",
    "IncomeProjection",
    "Part",
    "Payee",
    "RefundShare",
    "Rule",
    "StatementImport",
    "StatementImportRow",
    "Tag",
    "TransactionSplit",
    "Transfer",
    "UserExpenseDueDate",
    "UserIncomeDueDate",
]
