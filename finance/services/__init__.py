"""Write operations of the finance app that change more than one row."""

from finance.services.accounts import close_account, delete_account, reopen_account
from finance.services.balances import complete_balance
from finance.services.due_dates import Occurrence, occurrences_of, record_payment, undo_last_payment, update_due_date_statuses
from finance.services.import_jobs import import_or_queue
from finance.services.import_report import ImportResult
from finance.services.import_reviews import Resolution, ReviewDecision, resolve_reviews, resolve_row
from finance.services.import_undo import KeptTransaction, UndoResult, undo_import
from finance.services.imports import import_statement
from finance.services.projections import generate_projection
from finance.services.transactions import restore_transaction

__all__ = [
    "Resolution",
    "ReviewDecision",
    "ImportResult",
    "KeptTransaction",
    "Occurrence",
    "UndoResult",
    "close_account",
    "complete_balance",
    "delete_account",
    "generate_projection",
    "import_or_queue",
    "import_statement",
    "update_due_date_statuses",
    "occurrences_of",
    "reopen_account",
    "restore_transaction",
    "record_payment",
    "resolve_reviews",
    "resolve_row",
    "undo_import",
    "undo_last_payment",
]
