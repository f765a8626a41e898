"""Proof of files with several statements (CAMT, MT940): each must add up and begin with the balance of the one before."""

import datetime
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise

from finance.statements.rows import Balances, StatementError, StatementWarning

# SECURITY: far above the number of daily statements of any file.
_MAX_BLOCKS = 20_000


@dataclass(slots=True)
class Block:
    """A statement or a page of one. `moved` is the sum of its booked rows; a balance is None if it is not stated."""

    day: datetime.date | None = None
    opening: Decimal | None = None
    closing: Decimal | None = None
    moved: Decimal = Decimal(0)

    @property
    def gap(self) -> Decimal:
        """Closing balance minus opening balance and booked rows; 0 if one is not stated."""
        if self.opening is None or self.closing is None:
            return Decimal(0)
        return self.closing - self.opening - self.moved


class Proof:
    """The statements of one account in file order, in `currency`."""

    def __init__(self, currency: str) -> None:
        self.currency = currency
        self._blocks: list[Block] = []

    def begin(self) -> Block:
        """Return a new block, whose sum the caller updates while the rows are read."""
        if len(self._blocks) >= _MAX_BLOCKS:
            raise StatementError(
                "too_many_statements", f"The file has more than {_MAX_BLOCKS:,} statements. Import it in parts."
            )
        self._blocks.append(Block())
        return self._blocks[-1]

    def balances(self) -> Balances:
        """Return the balances before the first and after the last statement, complete after the rows are read."""
        blocks = self._in_order()
        if not blocks:
            return Balances(None, None, self.currency)
        last = blocks[-1]
        return Balances(blocks[0].opening, last.closing, self.currency, closing_date=last.day)

    def _in_order(self) -> list[Block]:
        """Return the statements with balances, the oldest first."""
        blocks = [block for block in self._blocks if block.opening is not None or block.closing is not None]
        days = [block.day for block in blocks if block.day is not None]
        return blocks[::-1] if days and days[0] > days[-1] else blocks

    def warnings(self) -> tuple[StatementWarning, ...]:
        """Return warnings of statements that do not add up or are missing; a file of one has its gap in the report."""
        blocks = self._in_order()
        if len(blocks) < 2:
            return ()
        return (*self._warn_of_gaps(blocks), *self._warn_of_missing(blocks))

    def _warn_of_gaps(self, blocks: list[Block]) -> list[StatementWarning]:
        wrong = [block for block in blocks if block.gap]
        if not wrong:
            return []
        first = wrong[0]
        message = (
            f"Statements in the file that do not add up: {len(wrong):,} of {len(blocks):,}. In the first{_on(first.day)}, "
            f"{first.gap} {self.currency} are missing. Compare its rows with the bank's statement."
        )
        return [StatementWarning("statement_gap", message)]

    def _warn_of_missing(self, blocks: list[Block]) -> list[StatementWarning]:
        broken = [
            (before, after)
            for before, after in pairwise(blocks)
            if before.closing is not None and after.opening is not None and before.closing != after.opening
        ]
        if not broken:
            return []
        before, after = broken[0]
        message = (
            f"The statement{_on(after.day)} begins with {after.opening} {self.currency}, but the one before{_on(before.day)} "
            f"ends with {before.closing}. A statement is missing between them; import it, too."
        )
        return [StatementWarning("statement_missing", message)]


def _on(day: datetime.date | None) -> str:
    return f" of {day.isoformat()}" if day else ""
