"""Opening and closing balance from a running balance column, whichever way the file is sorted, in constant memory."""

import datetime
from dataclasses import dataclass, field
from decimal import Decimal

from finance.statements.row_validation import checked_balance
from finance.statements.rows import Balances, StatementRow

_BEYOND_CHANCE = 3


@dataclass(slots=True)
class _Line:
    date: datetime.date
    amount: Decimal
    balance: Decimal


@dataclass(slots=True)
class RunningBalance:
    """Fed with each good row in the order of the file.

    Many banks print a balance only once a day: amounts without one are summed up until the next. Pending rows are not
    in any balance and are left out.
    """

    default_currency: str
    _first: _Line | None = None
    _last: _Line | None = None
    _before_first: Decimal = Decimal(0)
    _since_last: Decimal = Decimal(0)
    _oldest_first: int = 0
    _newest_first: int = 0
    _currencies: set[str] = field(default_factory=set)

    def add(self, row: StatementRow, balance: Decimal | None) -> None:
        """Take `row` with the balance beside it, None when the file gives none."""
        self._currencies.add(row.currency)
        if balance is not None:
            self._take(_Line(row.date, row.amount, balance))
        elif not row.is_pending:
            self._since_last += row.amount

    def _take(self, line: _Line) -> None:
        if self._last is None:
            self._first, self._before_first = line, self._since_last
        else:
            self._oldest_first += line.balance - line.amount - self._since_last == self._last.balance
            self._newest_first += self._last.balance - self._last.amount - self._since_last == line.balance
        self._last, self._since_last = line, Decimal(0)

    def balances(self) -> Balances:
        """None for both without a running balance, and where several currencies make one sum meaningless."""
        currency = next(iter(self._currencies), self.default_currency)
        if self._first is None or self._last is None or len(self._currencies) > 1:
            return Balances(None, None, currency)
        first, before, last, after = self._first, self._before_first, self._last, self._since_last
        if self._is_newest_first(first, last):
            first, before, last, after = last, after, first, before
        opening, closing = first.balance - first.amount - before, last.balance + after
        return Balances(checked_balance(opening), checked_balance(closing), currency)

    def _is_newest_first(self, first: _Line, last: _Line) -> bool:
        """The days decide, unless all rows are of one day or the sums contradict them too often for chance."""
        surplus = self._newest_first - self._oldest_first
        if first.date == last.date or abs(surplus) >= _BEYOND_CHANCE:
            return surplus > 0
        return first.date > last.date
