"""Undo of a move: of the imports of all its accounts."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from core.errors import ConflictError, DomainError
from finance.models import StatementImport
from finance.services.import_undo import KeptTransaction, undo_import


@dataclass(frozen=True, slots=True)
class MoveUndoResult:
    """The numbers of undone imports, of removed and of restored transactions, and the transactions that stay."""

    id: UUID
    imports: int
    removed: int
    restored: int
    kept: list[KeptTransaction]


def undo_move(*, record: StatementImport, now: datetime) -> MoveUndoResult:
    """Undo all imports that were made together with `record`. The accounts, categories and tags stay.

    Raise DomainError if `record` was not made by a move, ConflictError if all its imports are undone.
    """
    if record.move is None:
        message = "This import was not moved in with others. Undo it with DELETE /api/v1/finance/imports/{id}/."
        raise DomainError("no_move", message)
    of_move = StatementImport.objects.filter(user_id=record.user_id, move=record.move, undone_at=None)
    results = [undo_import(record=each, now=now) for each in of_move.order_by("account_id", "pk")]
    if not results:
        raise ConflictError("already_undone", "This move is already undone.")
    return MoveUndoResult(
        id=record.move,
        imports=len(results),
        removed=sum(result.removed for result in results),
        restored=sum(result.restored for result in results),
        kept=[kept for result in results for kept in result.kept],
    )
