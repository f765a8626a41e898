"""Writes that touch more than one row of money."""

from finance.services.accounts import close_account, delete_account, reopen_account
from finance.services.due_dates import Occurrence, judge_due_dates, occurrences_of, settle, undo_settlement
from finance.services.import_reviews import Decision, settle_row
from finance.services.import_undo import Kept, UndoResult, undo_import
from finance.services.imports import ImportResult, import_statement
from finance.services.projections import generate_projection
from finance.services.transactions import restore_transaction

__all__ = [
    "Decision",
    "ImportResult",
    "Kept",
    "Occurrence",
    "UndoResult",
    "close_account",
    "delete_account",
    "generate_projection",
    "import_statement",
    "judge_due_dates",
    "occurrences_of",
    "reopen_account",
    "restore_transaction",
    "settle",
    "settle_row",
    "undo_import",
    "undo_settlement",
]
