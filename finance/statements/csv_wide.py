"""Rows with more cells than the table has columns, because a text contains the delimiter without quotes.

A row is read only if exactly one way of joining neighboring cells to a text makes its date, amounts and currency readable.
Cells that may be the halves of an amount ("12" and "50") make it unreadable.
"""

from collections.abc import Callable, Sequence

from finance.statements.amounts import looks_like_money
from finance.statements.csv_delimiters import may_be_halves
from finance.statements.csv_layout import CsvLayout
from finance.statements.csv_records import is_blank
from finance.statements.currencies import currency_named
from finance.statements.rows import BrokenCellError

_MAX_EXTRA = 20
_MONEY = ("amount", "debit", "credit", "balance")


class WideRows:
    """Repairs rows with more cells than the columns of `layout`. `is_date` tests for a date in the format of the file."""

    def __init__(self, layout: CsvLayout, is_date: Callable[[str], bool]) -> None:
        self._delimiter = layout.delimiter
        self._min_width, self._max_width = layout.widths
        self._columns = layout.columns
        self._texts = layout.joinable
        self._is_date = is_date

    def fitted(self, cells: Sequence[str]) -> Sequence[str]:
        """Return a row of another width without empty trailing cells, or with the text joined that has unquoted delimiters.

        Raise BrokenCellError if the row is too short, or if it is not clear which cells belong together.
        """
        least, most = self._min_width, self._max_width
        if len(cells) > most:
            rest = len(cells)
            while rest > most and is_blank(cells[rest - 1 : rest]):
                rest -= 1
            if rest == most:
                return cells[:most]
            repaired = self._repaired(cells[:rest])
            if repaired is not None:
                return repaired
        hint = " A text contains the delimiter without quotation marks." if len(cells) > most else ""
        message = f"The row has {len(cells)} fields, but {most if len(cells) > most else least} are expected.{hint}"
        raise BrokenCellError("row", "wrong_field_count", message)

    def _repaired(self, cells: Sequence[str]) -> list[str] | None:
        """Return the row with the expected number of cells; None if it is not clear which cells belong together."""
        extra = len(cells) - self._max_width
        if extra > _MAX_EXTRA or any(map(self._may_be_halves, cells, cells[1:])):
            return None
        # the cells may also be in their places, beside others without a title
        if self._max_width - 1 not in self._texts and self._is_readable(cells):
            return None
        joined = (self._joined(cells, text, extra) for text in self._texts)
        readable = [row for row in joined if self._is_readable(row)]
        return readable[0] if len(readable) == 1 else None

    def _may_be_halves(self, left: str, right: str) -> bool:
        return self._delimiter in ",." and may_be_halves(left, right)

    def _joined(self, cells: Sequence[str], text: int, extra: int) -> list[str]:
        end = text + extra + 1
        separator = self._delimiter if self._delimiter in "|\t" else f"{self._delimiter} "
        return [*cells[:text], separator.join(cells[text:end]), *cells[end:]]

    def _is_readable(self, cells: Sequence[str]) -> bool:
        columns = self._columns
        if not self._is_date(cells[columns["date"]].strip()):
            return False
        money = [cells[columns[field]].strip() for field in _MONEY if field in columns]
        if not any(money) or not all(looks_like_money(cell) for cell in money if cell.strip(" -")):
            return False
        currency = cells[columns["currency"]].strip() if "currency" in columns else ""
        return not currency or currency_named(currency) is not None
