"""The amounts of a CSV record, and access to cells that caches what repeats within a file."""

from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Generic, TypeVar

from finance.statements.amounts import ParsedAmount, money_reader
from finance.statements.csv_layout import CsvLayout
from finance.statements.csv_signs import is_marked_credit
from finance.statements.csv_words import SIGN_WORDS, word_key
from finance.statements.rows import BrokenCellError
from finance.statements.text import clean_text

_SHOWN = 40
_CACHED = 10_000
_NO_AMOUNT = " -"
Value = TypeVar("Value")


class Cache(Generic[Value]):
    """Values by the text of their cells, which repeats within a file."""

    def __init__(self, read: Callable[[str], Value]) -> None:
        self._read = read
        self._known: dict[str, Value] = {}

    def __call__(self, cell: str) -> Value:
        try:
            return self._known[cell]
        except KeyError:
            if len(self._known) >= _CACHED:
                self._known.clear()
            value = self._known[cell] = self._read(cell)
            return value


def cell_at(cells: Sequence[str], index: int | None) -> str:
    """Return a trimmed cell; "" if the table has no such column or the record is too short."""
    return "" if index is None or index >= len(cells) else cells[index].strip()


class MoneyCells:
    """Reads the signed amount and the running balance of records."""

    def __init__(self, layout: CsvLayout) -> None:
        place = layout.columns.get
        self._amount, self._debit, self._credit = place("amount"), place("debit"), place("credit")
        self._balance, self._type = place("balance"), place("type")
        self._debit_factor, self._credit_factor = layout.debit_factor, layout.credit_factor
        self._has_sign_words, self._has_negative_credits = layout.has_sign_words, layout.has_negative_credits
        self._are_only_credits_marked = layout.are_only_credits_marked
        self._money = money_reader(layout.decimal)
        self._word = Cache(word_key)

    def read(self, cells: Sequence[str]) -> ParsedAmount:
        """Return the amount, negative if money leaves the account; raise BrokenCellError if it is missing or unclear."""
        if self._amount is None:
            return self._halves(cells)
        money = self._money(cells[self._amount].strip())
        if self._has_sign_words:
            return self._signed(money, cell_at(cells, self._type))
        if self._are_only_credits_marked and not is_marked_credit(cells[self._amount]):
            return ParsedAmount(-money.amount, money.currency)
        return money

    def balance(self, cells: Sequence[str]) -> Decimal | None:
        """Return the running balance of the row; None if it has none."""
        try:
            return self._money(cell_at(cells, self._balance)).amount
        except BrokenCellError:
            return None

    def _signed(self, money: ParsedAmount, cell: str) -> ParsedAmount:
        sign = SIGN_WORDS.get(self._word(cell))
        if sign is None:
            shown = clean_text(cell, _SHOWN)
            raise BrokenCellError("type", "unknown_sign", f"“{shown}” is neither a word for debit nor for credit.")
        if money.amount < 0 and self._has_negative_credits and sign > 0:
            return ParsedAmount(-money.amount, money.currency)
        if money.amount < 0:
            shown = clean_text(cell, _SHOWN)
            raise BrokenCellError("type", "two_signs", f"The amount has a minus sign, and beside it stands “{shown}”.")
        return ParsedAmount(money.amount * sign, money.currency)

    def _halves(self, cells: Sequence[str]) -> ParsedAmount:
        debit, credit = (self._half(cell_at(cells, index)) for index in (self._debit, self._credit))
        if debit and credit and debit.amount and credit.amount:
            raise BrokenCellError("amount", "two_amounts", "The row has both a debit and a credit.")
        if debit and (debit.amount or not credit):
            return ParsedAmount(debit.amount * self._debit_factor, debit.currency)
        if credit:
            return ParsedAmount(credit.amount * self._credit_factor, credit.currency)
        raise BrokenCellError("amount", "missing_amount", "The amount is missing.")

    def _half(self, text: str) -> ParsedAmount | None:
        return self._money(text) if text and text.strip(_NO_AMOUNT) else None
