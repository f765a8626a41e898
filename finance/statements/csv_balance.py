"""Opening and closing balance from a running balance column in either sort order, in constant memory."""

import datetime
from dataclasses import dataclass, field
from decimal import Decimal

from finance.statements.row_validation import checked_balance
from finance.statements.rows import Balances, StatementRow

_MIN_SURPLUS = 3


@dataclass(slots=True)
class _Line:
    date: datetime.date
    amount: Decimal
    balance: Decimal


@dataclass(slots=True)
class RunningBalance:
    """Accumulates the valid rows in file order.

    Many banks print only one balance per day, so amounts without a balance are added up until the next one. Pending rows are
    ignored, because balances do not include them.
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
        """Add `row` with its running balance, or None if the file has none for it."""
        self._currencies.add(row.currency)
        if balance is not None:
            self._add_balance(_Line(row.date, row.amount, balance))
        elif not row.is_pending:
            self._since_last += row.amount

    def _add_balance(self, line: _Line) -> None:
        if self._last is None:
            self._first, self._before_first = line, self._since_last
        else:
            self._oldest_first += line.balance - line.amount - self._since_last == self._last.balance
            self._newest_first += self._last.balance - self._last.amount - self._since_last == line.balance
        self._last, self._since_last = line, Decimal(0)

    def balances(self) -> Balances:
        """Return the balances; both are None without a running balance and for rows in several currencies."""
        currency = next(iter(self._currencies), self.default_currency)
        if self._first is None or self._last is None or len(self._currencies) > 1:
            return Balances(None, None, currency)
        first, before, last, after = self._first, self._before_first, self._last, self._since_last
        if self._is_newest_first(first, last):
            first, before, last, after = last, after, first, before
        opening, closing = first.balance - first.amount - before, last.balance + after
        return Balances(checked_balance(opening), checked_balance(closing), currency)

    def _is_newest_first(self, first: _Line, last: _Line) -> bool:
        """Return True for descending order, by sums if all dates are equal or the sums are clear, otherwise by dates."""
        surplus = self._newest_first - self._oldest_first
        if first.date == last.date or abs(surplus) >= _MIN_SURPLUS:
            return surplus > 0
        return first.date > last.date
