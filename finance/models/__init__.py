"""Accounts, their transactions, and the statement files these came from."""

from finance.models.accounts import EncryptedFinancialProfile
from finance.models.imports import StatementImport, StatementImportRow
from finance.models.transactions import FinancialTransaction

__all__ = ["EncryptedFinancialProfile", "FinancialTransaction", "StatementImport", "StatementImportRow"]
