"""Write operations of the finance app that change more than one row."""

from finance.services.accounts import close_account, delete_account, reopen_account
from finance.services.attachments import attach, delete_detached
from finance.services.attachments import move as move_attachment
from finance.services.balances import complete_balance
from finance.services.categories import delete_category
from finance.services.default_categories import create_default_categories
from finance.services.due_dates import Occurrence, occurrences_of, record_payment, undo_last_payment, update_due_date_statuses
from finance.services.edit_runs import delete_old_edits, recorded_run
from finance.services.edit_undo import undo_edit
from finance.services.exchange_rates import Conversion, RateOnDay, convert_amount, rate_on
from finance.services.import_jobs import import_or_queue
from finance.services.import_report import ImportResult
from finance.services.import_reviews import Resolution, ReviewDecision, resolve_reviews, resolve_row
from finance.services.import_undo import KeptTransaction, UndoResult, undo_import
from finance.services.imports import import_statement
from finance.services.move_jobs import MoveForm, move_or_queue
from finance.services.move_undo import undo_move
from finance.services.name_merges import find_merge, merge_names
from finance.services.projections import generate_projection
from finance.services.reconciliation import BankBalance, Reconciliation, reconcile, reconciled_among, unreconciled_by
from finance.services.rule_runs import RuleResult, apply_or_queue, apply_rules
from finance.services.rules import Preview, RuleOnRows
from finance.services.transactions import ReferenceTakenError, restorable, restore_transactions
from finance.services.transfer_proposals import propose_for_import, propose_transfers
from finance.services.transfers import accept_transfer, link_transactions, refuse_transfer

__all__ = [
    "BankBalance",
    "Reconciliation",
    "reconcile",
    "reconciled_among",
    "unreconciled_by",
    "Conversion",
    "RateOnDay",
    "Resolution",
    "ReviewDecision",
    "ImportResult",
    "KeptTransaction",
    "MoveForm",
    "Occurrence",
    "Preview",
    "ReferenceTakenError",
    "RuleOnRows",
    "RuleResult",
    "UndoResult",
    "accept_transfer",
    "apply_or_queue",
    "apply_rules",
    "attach",
    "close_account",
    "complete_balance",
    "convert_amount",
    "create_default_categories",
    "delete_account",
    "delete_category",
    "delete_detached",
    "delete_old_edits",
    "find_merge",
    "generate_projection",
    "import_or_queue",
    "import_statement",
    "link_transactions",
    "merge_names",
    "propose_for_import",
    "propose_transfers",
    "rate_on",
    "refuse_transfer",
    "update_due_date_statuses",
    "move_attachment",
    "move_or_queue",
    "occurrences_of",
    "reopen_account",
    "restorable",
    "restore_transactions",
    "record_payment",
    "recorded_run",
    "resolve_reviews",
    "resolve_row",
    "undo_edit",
    "undo_import",
    "undo_last_payment",
    "undo_move",
]
