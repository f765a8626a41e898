"""Conversion of CSV records to statement rows."""

from collections.abc import Sequence
from decimal import Decimal

from core import csv_export
from finance.statements.amounts import ParsedAmount, read_money
from finance.statements.csv_layout import CsvLayout
from finance.statements.csv_names import DEAD_WORDS, KIND_WORDS, PENDING_WORDS, SIGN_WORDS
from finance.statements.currencies import currency_named
from finance.statements.dates import DateReader
from finance.statements.row_validation import Draft, checked
from finance.statements.rows import BrokenCellError, RowOrError
from finance.statements.text import clean_text, plain_key

_SHOWN = 40
_CACHED_WORDS = 1_000
_BLANK = "\x00\x1a \t"
_KINDS = {word: "income" if sign > 0 else "expense" for word, sign in SIGN_WORDS.items()} | KIND_WORDS


class RowReader:
    """Converts the records of one file; caches dates and words, which repeat within a file."""

    def __init__(self, layout: CsvLayout) -> None:
        self._layout = layout
        self._dates = DateReader(layout.date_format)
        self._words: dict[str, str] = {}
        self._places = layout.columns

    def read(self, number: int, cells: Sequence[str]) -> RowOrError | None:
        """Return the row on line `number` or its error; None for a blank record."""
        try:
            self._check_width(cells)
            return checked(self._draft(number, cells))
        except BrokenCellError as broken:
            return None if is_blank(cells) else broken.at(number)

    def balance(self, cells: Sequence[str]) -> Decimal | None:
        """Return the running balance of the row; None if it has none."""
        if "balance" not in self._places:
            return None
        try:
            return read_money(self._cell(cells, "balance"), self._layout.decimal).amount
        except BrokenCellError:
            return None

    def _check_width(self, cells: Sequence[str]) -> None:
        least, most = self._layout.widths
        if len(cells) < least or (len(cells) > most and not is_blank(cells[most:])):
            message = f"The row has {len(cells)} fields, but {most} are expected."
            raise BrokenCellError("row", "wrong_field_count", message)

    def _draft(self, number: int, cells: Sequence[str]) -> Draft:
        is_pending = self._is_pending(cells)
        date = self._dates.read(self._cell(cells, "date"))
        if date is None:
            raise self._broken_date(self._cell(cells, "date"))
        money = self._money(cells)
        merchant = self._text(cells, "merchant_name")
        return Draft(
            number=number,
            date=date,
            amount=money.amount * self._sign(cells),
            currency=self._currency(cells) or money.currency or self._layout.currency,
            description=self._text(cells, "description") or merchant,
            merchant_name=merchant,
            provider_id=self._text(cells, "provider_id"),
            posted_date=None if is_pending else self._dates.read(self._cell(cells, "posted_date")),
            is_pending=is_pending,
            kind=_KINDS.get(self._word(cells, "type"), ""),
            category=self._text(cells, "category"),
        )

    def _cell(self, cells: Sequence[str], field: str) -> str:
        index = self._places.get(field)
        return "" if index is None or index >= len(cells) else cells[index].strip()

    def _text(self, cells: Sequence[str], field: str) -> str:
        """Return a text without the apostrophes that our exports, and those of some banks, add before formulas."""
        return csv_export.restored(self._cell(cells, field))

    def _word(self, cells: Sequence[str], field: str) -> str:
        text = self._cell(cells, field)
        if not text:
            return ""
        if text not in self._words:
            if len(self._words) >= _CACHED_WORDS:
                self._words.clear()
            self._words[text] = plain_key(text[:_SHOWN])
        return self._words[text]

    def _is_pending(self, cells: Sequence[str]) -> bool:
        word = self._word(cells, "status")
        if word in DEAD_WORDS:
            shown = clean_text(self._cell(cells, "status"), _SHOWN)
            raise BrokenCellError("status", "not_executed", f"The bank marks this row “{shown}”, so no money moved.")
        return word in PENDING_WORDS

    def _broken_date(self, text: str) -> BrokenCellError:
        shown = clean_text(text, _SHOWN)
        if not shown:
            return BrokenCellError("date", "missing_date", "The date is missing.")
        return BrokenCellError("date", "bad_date", f"“{shown}” is not a date in the format {self._layout.date_format}.")

    def _money(self, cells: Sequence[str]) -> ParsedAmount:
        if "amount" in self._places:
            return read_money(self._cell(cells, "amount"), self._layout.decimal)
        debit = self._half(cells, "debit")
        credit = self._half(cells, "credit")
        if debit and credit and debit.amount and credit.amount:
            raise BrokenCellError("amount", "two_amounts", "The row has both a debit and a credit.")
        if debit and (debit.amount or not credit):
            return ParsedAmount(debit.amount * self._layout.debit_factor, debit.currency)
        if credit:
            return credit
        raise BrokenCellError("amount", "missing_amount", "The amount is missing.")

    def _half(self, cells: Sequence[str], field: str) -> ParsedAmount | None:
        text = self._cell(cells, field)
        return read_money(text, self._layout.decimal) if text.strip(" -") else None

    def _sign(self, cells: Sequence[str]) -> int:
        if not self._layout.has_sign_words:
            return 1
        sign = SIGN_WORDS.get(self._word(cells, "type"))
        if sign is None:
            shown = clean_text(self._cell(cells, "type"), _SHOWN)
            raise BrokenCellError("type", "unknown_sign", f"“{shown}” is neither a word for debit nor for credit.")
        return sign

    def _currency(self, cells: Sequence[str]) -> str:
        text = self._cell(cells, "currency")
        if not text:
            return ""
        named = currency_named(text)
        return text if named is None else named


def is_blank(cells: Sequence[str]) -> bool:
    """Return True if a record has only empty cells or the end-of-file character of DOS."""
    return not "".join(cells).strip(_BLANK)
