"""Amounts of a file without a table (OFX, QIF). The decimal mark is determined for the account's rows, never for one amount."""

import html
import re
from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal
from functools import cached_property

from finance.statements.amounts import ParsedAmount, decimal_mark, read_money
from finance.statements.currencies import usual_decimals
from finance.statements.rows import BrokenCellError, StatementError

# Three decimals are not plain: "1.234" is more than one thousand in a file with decimal commas.
_plain = re.compile(r"[+-]?[0-9]{1,12}(?:[.,][0-9]{1,2})?").fullmatch
_MAX_LENGTH = 64
_SHOWN = 20


class AmountReader:
    """Reads the amounts of one account.

    OFX allows decimal points and commas but no separators of thousands (OFX 2.3, 3.2.9.1), and banks write both. An amount
    that shows its decimal mark ("12,50", "1,234.56") is read by it. Others ("1,234") are read as in the rest of the file.
    """

    def __init__(
        self, list_amounts: Callable[[], Iterable[str]], list_balances: Callable[[], Iterable[str]], currency: str, decimal: str
    ) -> None:
        """`decimal` is the mark that the user sent, or ""; `currency` is that of the account.

        The functions return all amounts and all balances of the account. They are called if an amount is not plain.
        """
        self._list_amounts = list_amounts
        self._list_balances = list_balances
        self._decimals = usual_decimals(currency)
        self._decimal = decimal

    def read(self, text: str) -> ParsedAmount:
        """Return the amount in `text`; raise BrokenCellError if it is invalid, StatementError if the file is ambiguous."""
        if _plain(text):
            return ParsedAmount(Decimal(text.replace(",", ".")), "")
        cell = _unescaped(text)
        try:
            return read_money(cell, self._mark)
        except BrokenCellError:
            return read_money(cell, "," if self._mark == "." else ".")

    @cached_property
    def _mark(self) -> str:
        if self._decimal:
            return self._decimal
        amounts = _readable(self._list_amounts())
        cells = [*amounts, *_readable(self._list_balances())]
        if not any(map(_has_mark, cells)):
            return "."
        mark = (any(map(_has_mark, amounts)) and self._mark_of(amounts)) or self._mark_of(cells)
        if mark:
            return mark
        shown = next((cell for cell in cells if _is_open(cell)), "")[:_SHOWN]
        message = (
            f"“{shown}” could have a thousands separator or a decimal mark. "
            'Send decimal "." if amounts have decimal points, or decimal "," if they have decimal commas.'
        )
        raise StatementError("ambiguous_amounts", message)

    def _mark_of(self, cells: Sequence[str]) -> str | None:
        """Return the decimal mark of `cells`; None if they show none, or both while one of them shows none."""
        shown = [(_fits(cell, "."), _fits(cell, ",")) for cell in cells]
        has_both = (True, False) in shown and (False, True) in shown
        if has_both and any(map(_is_open, cells)):
            return None
        return decimal_mark(cells, decimals=self._decimals, is_point_usual=False)


def _readable(texts: Iterable[str]) -> list[str]:
    cells = (_unescaped(text.strip()) for text in texts)
    return [cell for cell in cells if _fits(cell, ".") or _fits(cell, ",")]


def _unescaped(text: str) -> str:
    return html.unescape(text) if "&" in text and len(text) <= _MAX_LENGTH else text


def _fits(cell: str, mark: str) -> bool:
    try:
        read_money(cell, mark)
    except BrokenCellError:
        return False
    return True


def _is_open(cell: str) -> bool:
    """Return True if an amount has another value with the other mark: "1,234", but neither "500" nor "12,50"."""
    return _fits(cell, ".") and _fits(cell, ",") and read_money(cell, ".").amount != read_money(cell, ",").amount


def _has_mark(cell: str) -> bool:
    return "." in cell or "," in cell
