"""Writes that touch more than one row of money."""

from finance.services.accounts import close_account, delete_account, reopen_account
from finance.services.import_reviews import Decision, settle_row
from finance.services.import_undo import Kept, UndoResult, undo_import
from finance.services.imports import ImportResult, import_statement
from finance.services.transactions import restore_transaction

__all__ = [
    "Decision",
    "ImportResult",
    "Kept",
    "UndoResult",
    "close_account",
    "delete_account",
    "reopen_account",
    "import_statement",
    "restore_transaction",
    "settle_row",
    "undo_import",
]
