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
class _Order:
    """Steps of the running balance that fit one sort order: by the amount, and by the amount with the opposite sign."""

    steps: int = 0
    opposite: int = 0

    def count(self, earlier: _Line, later: _Line, change: Decimal) -> None:
        difference = later.balance - earlier.balance
        if difference == change:
            self.steps += 1
        elif difference == -change:
            self.opposite += 1

    @property
    def fitting(self) -> int:
        return max(self.steps, self.opposite)


@dataclass(slots=True)
class RunningBalance:
    """Accumulates the valid rows in file order.

    Many banks print only one balance per day, so amounts without a balance are added up until the next one. Pending rows are
    ignored, because balances do not include them. The balance of a card may fall with each positive charge or rise with it.
    """

    default_currency: str
    _first: _Line | None = None
    _last: _Line | None = None
    _before_first: Decimal = Decimal(0)
    _since_last: Decimal = Decimal(0)
    _oldest_first: _Order = field(default_factory=_Order)
    _newest_first: _Order = field(default_factory=_Order)
    _currencies: set[str] = field(default_factory=set)

    def add(self, row: StatementRow, balance: Decimal | None) -> None:
        """Add `row` with its running balance, or None if the file has none for it."""
        self._currencies.add(row.currency)
        if balance is not None:
            self._add_balance(_Line(row.date, row.amount, balance))
        elif not row.is_pending:
            self._since_last += row.amount

    def _add_balance(self, line: _Line) -> None:
        last = self._last
        if last is None:
            self._first, self._before_first = line, self._since_last
        else:
            self._oldest_first.count(last, line, line.amount + self._since_last)
            self._newest_first.count(line, last, last.amount + self._since_last)
        self._last, self._since_last = line, Decimal(0)

    def balances(self) -> Balances:
        """Return the balances; both are None without a running balance and for rows in several currencies."""
        currency = next(iter(self._currencies), self.default_currency)
        if self._first is None or self._last is None or len(self._currencies) > 1:
            return Balances(None, None, currency)
        first, before, last, after = self._first, self._before_first, self._last, self._since_last
        order = self._oldest_first
        if self._is_newest_first(first, last):
            first, before, last, after = last, after, first, before
            order = self._newest_first
        sign = -1 if order.opposite > order.steps else 1
        opening, closing = first.balance - sign * (first.amount + before), last.balance + sign * after
        return Balances(
            checked_balance(opening, currency),
            checked_balance(closing, currency),
            currency,
            order.steps,
            order.opposite,
            is_circular=first is last,
        )

    def _is_newest_first(self, first: _Line, last: _Line) -> bool:
        """Return True for descending order, by sums if all dates are equal or the sums are clear, otherwise by dates."""
        surplus = self._newest_first.fitting - self._oldest_first.fitting
        if surplus and (first.date == last.date or abs(surplus) >= _MIN_SURPLUS):
            return surplus > 0
        if first.date == last.date:  # both orders fit equal amounts, one of them with the opposite sign
            return self._newest_first.steps > self._oldest_first.steps
        return first.date > last.date
