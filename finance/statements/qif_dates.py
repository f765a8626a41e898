"""Dates of QIF files, whose order of day and month is determined for the whole file."""

import datetime
import re
from collections.abc import Iterator

from finance.statements.dates import DateReader
from finance.statements.rows import StatementError

# 1/ 5'26 and 1.5.26: Quicken pads with spaces, and an apostrophe means the 21st century.
_NUMERIC = re.compile(r"(\d{1,4})([/.\-'])(\d{1,2})([/.\-'])(\d{1,4})").fullmatch
_COMPACT = re.compile(r"(\d{4})(\d{2})(\d{2})").fullmatch
_WITH_NAMES = tuple(
    map(
        DateReader,
        ("%d-%b-%Y", "%d-%b-%y", "%d %b %Y", "%d %b %y", "%d. %b %Y", "%b %d, %Y", "%b %d %Y", "%d/%b/%Y", "%d/%b/%y"),
    )
)
# Two-digit years as in POSIX strptime.
_PIVOT = 69
_LAST_MONTH = 12
_YEAR_DIGITS = 4
_CACHED = 20_000
_MAX_LENGTH = 40
_SHOWN = 20


class QifDates:
    """Collects the dates of a file (`add`) and reads them then in one order (`read`)."""

    def __init__(self, date_order: str) -> None:
        """`date_order` is that of the user ("day_first" or "month_first"), or ""."""
        self._order = date_order
        self.option = ""
        self._seen: set[str] = set()
        self._day_first = 0
        self._month_first = 0
        self._points = 0
        self._open = ""
        self._known: dict[str, datetime.date | None] = {}

    def add(self, cell: str) -> None:
        """Note what `cell` says about the order."""
        if len(cell) > _MAX_LENGTH or cell in self._seen:
            return
        if len(self._seen) < _CACHED:
            self._seen.add(cell)
        found = _NUMERIC("".join(cell.split()))
        if not found or len(found.group(1)) == _YEAR_DIGITS:
            return
        first, second = int(found.group(1)), int(found.group(3))
        self._day_first += first > _LAST_MONTH >= second
        self._month_first += second > _LAST_MONTH >= first
        self._points += found.group(2) == "."
        if first != second and max(first, second) <= _LAST_MONTH:
            self._open = self._open or cell.strip()[:_SHOWN]

    def settle(self) -> None:
        """Determine the order; raise StatementError if nothing in the file does."""
        if self._order:
            return
        if self._day_first != self._month_first:
            self._order = "day_first" if self._day_first > self._month_first else "month_first"
        elif self.option in ("mdy", "dmy"):
            self._order = "month_first" if self.option == "mdy" else "day_first"
        elif self._points and not self._month_first or not self._open:
            self._order = "day_first"
        else:
            message = (
                f"Dates such as “{self._open}” could begin with the day or the month. "
                'Send date_order "day_first" or "month_first".'
            )
            raise StatementError("ambiguous_dates", message)

    def read(self, cell: str) -> datetime.date | None:
        """Return the date in `cell`; None if it is not a date in the order of the file."""
        if cell not in self._known:
            if len(self._known) >= _CACHED:
                self._known.clear()
            self._known[cell] = next(self._dates(cell), None) if len(cell) <= _MAX_LENGTH else None
        return self._known[cell]

    def _dates(self, cell: str) -> Iterator[datetime.date]:
        compact = "".join(cell.split())
        found = _NUMERIC(compact) or _COMPACT(compact)
        try:
            if found:
                yield datetime.date(*self._parts(found))
                return
        except ValueError:
            return
        for reader in _WITH_NAMES:
            day = reader.read(cell)
            if day:
                yield day

    def _parts(self, found: re.Match[str]) -> tuple[int, int, int]:
        if found.re.groups == 3:
            year, month, day = map(int, found.groups())
            return year, month, day
        first, _, second, separator, last = found.groups()
        if len(first) == _YEAR_DIGITS:
            return int(first), int(second), int(last)
        day, month = (int(first), int(second)) if self._order == "day_first" else (int(second), int(first))
        return _year(last, is_new=separator == "'"), month, day


def _year(digits: str, *, is_new: bool) -> int:
    year = int(digits)
    if len(digits) == _YEAR_DIGITS:
        return year
    if len(digits) > 2:
        raise ValueError(digits)
    return year + (2000 if is_new or year < _PIVOT else 1900)
