"""Conversion of CSV records to statement rows."""

import datetime
from collections.abc import Sequence
from decimal import Decimal

from core import csv_export
from finance.statements.csv_accounts import account_key
from finance.statements.csv_layout import CsvLayout
from finance.statements.csv_money import Cache, MoneyCells, cell_at
from finance.statements.csv_records import is_blank
from finance.statements.csv_status import StatusCells
from finance.statements.csv_wide import WideRows
from finance.statements.csv_words import BALANCE_WORDS, KIND_WORDS, REQUEST_WORDS, SIGN_WORDS, word_key
from finance.statements.currencies import currency_named
from finance.statements.dates import DateReader
from finance.statements.row_validation import (
    CATEGORY_LENGTH,
    DESCRIPTION_LENGTH,
    NAME_LENGTH,
    checked_amount,
    checked_currency,
    checked_date,
    checked_provider_id,
    type_of,
)
from finance.statements.rows import BrokenCellError, RowOrError, StatementRow
from finance.statements.text import clean_text

_SHOWN = 40
# Around the names of balances.
_MARKS = " |*:-"
_KINDS = {word: "income" if sign > 0 else "expense" for word, sign in SIGN_WORDS.items()} | KIND_WORDS


class RowReader:
    """Converts the records of one file. Columns are looked up once; dates, words and currencies are cached."""

    def __init__(self, layout: CsvLayout) -> None:
        self._layout = layout
        self._places = layout.columns
        self._texts = layout.texts
        self._dates = DateReader(layout.date_format)
        self._money = MoneyCells(layout)
        self._min_width, self._max_width = layout.widths
        place = layout.columns.get
        self._date, self._currency = place("date", -1), place("currency")
        self._posted, self._merchant, self._id = place("posted_date"), place("merchant_name"), place("provider_id")
        self._category, self._type, self._account = place("category"), place("type"), place("account")
        self._has_parties = "payer" in layout.columns or "payee" in layout.columns
        has_status = "status" in layout.columns or "pending" in layout.columns or layout.has_memo_words
        self._status = StatusCells(layout) if has_status else None
        self._day = Cache(self._checked_day)
        self._code = Cache(_checked_code)
        self._default = checked_currency(layout.currency)
        self._kind = Cache(lambda cell: _KINDS.get(word_key(cell), ""))
        self._word = Cache(word_key)
        self._account_key = Cache(account_key)
        self._name = Cache(lambda cell: _clean(cell, NAME_LENGTH))
        self._label = Cache(lambda cell: _clean(cell, CATEGORY_LENGTH))
        self._wide = WideRows(layout, self._dates.fits)

    def read(self, number: int, cells: Sequence[str]) -> RowOrError | None:
        """Return the row on line `number` or its error; None for a blank record and for a row of another account."""
        try:
            return self._row(number, cells)
        except BrokenCellError as broken:
            return None if self._says_nothing(cells) else broken.at(number)

    def _row(self, number: int, cells: Sequence[str]) -> StatementRow | None:
        if not self._min_width <= len(cells) <= self._max_width:
            cells = self._wide.fitted(cells)
        if self._layout.account and self._is_of_other_account(cells):
            return None
        is_pending = self._status is not None and self._status.is_pending(cells)
        date = self._day(cells[self._date].strip())
        money = self._money.read(cells)
        named = cell_at(cells, self._currency) if self._currency is not None else ""
        currency = (self._code(named) if named else "") or money.currency or self._default
        amount = checked_amount(money.amount, currency)
        merchant = self._name(cell_at(cells, self._merchant)) if self._merchant is not None else ""
        if self._has_parties:
            merchant = self._other_party(cells, amount) or merchant
        description = self._description(cells) or merchant
        self._refuse_balance(cells, description)
        posted = "" if is_pending else cell_at(cells, self._posted)
        kind = self._kind(cell_at(cells, self._type)) if self._type is not None and not self._has_parties else ""
        return StatementRow(
            number,
            date,
            amount,
            currency,
            description,
            merchant,
            checked_provider_id(_unescaped(cell_at(cells, self._id))) if self._id is not None else "",
            self._posted_day(posted) if posted else None,
            is_pending,
            type_of(kind, amount),
            self._label(cell_at(cells, self._category)) if self._category is not None else "",
            None,
            kind,
        )

    def _description(self, cells: Sequence[str]) -> str:
        """Return the texts of all columns of the description, joined by spaces."""
        if len(self._texts) == 1:
            return _clean(cell_at(cells, self._texts[0]), DESCRIPTION_LENGTH)
        texts = (_clean(cell_at(cells, index), DESCRIPTION_LENGTH) for index in self._texts)
        return " ".join(filter(None, texts))[:DESCRIPTION_LENGTH].rstrip()

    def _refuse_balance(self, cells: Sequence[str], description: str) -> None:
        texts = [description]
        if len(self._texts) > 1:
            texts += [cell_at(cells, place) for place in self._texts]
        if any(text.strip(_MARKS).lower() in BALANCE_WORDS for text in texts):
            raise BrokenCellError("description", "balance_row", f"“{description}” is a balance, not a transaction.")

    def _is_of_other_account(self, cells: Sequence[str]) -> bool:
        name = cell_at(cells, self._account)
        if not name:
            raise BrokenCellError("account", "missing_account", "The row does not say to which of the accounts it belongs.")
        return self._account_key(name) != self._layout.account

    def _checked_day(self, cell: str) -> datetime.date:
        day = self._dates.read(cell)
        if day is not None:
            return checked_date(day, "date")
        shown = clean_text(cell, _SHOWN)
        if not shown:
            raise BrokenCellError("date", "missing_date", "The date is missing.")
        message = f"“{shown}” is not a date in the format {self._layout.date_format}."
        raise BrokenCellError("date", "bad_date", message)

    def _posted_day(self, cell: str) -> datetime.date | None:
        day = self._dates.read(cell)
        return None if day is None else checked_date(day, "posted_date")

    def _other_party(self, cells: Sequence[str], amount: Decimal) -> str:
        """Return the party that is not the customer: the payee of an expense and the payer of an income."""
        payer, payee = (self._name(cell_at(cells, self._places.get(field))) for field in ("payer", "payee"))
        if self._type is not None and self._word(cell_at(cells, self._type)) in REQUEST_WORDS:
            payer, payee = payee, payer
        own = self._layout.own_name
        if own and (payer == own) != (payee == own):
            return payee if payer == own else payer
        return payee if amount < 0 else payer

    def _says_nothing(self, cells: Sequence[str]) -> bool:
        """Return True for a record without a date, amounts and texts, such as a line of totals or a blank one."""
        fields = ("date", "amount", "debit", "credit", "merchant_name", "payer", "payee", "provider_id")
        # joined texts may be of any column, such as the name of the account
        texts = self._texts if len(self._texts) == 1 else ()
        places = [*(self._places[field] for field in fields if field in self._places), *texts]
        return is_blank(cells) or (len(cells) >= self._min_width and is_blank([cell_at(cells, place) for place in places]))


def _unescaped(text: str) -> str:
    """Return a text without the apostrophes that our exports, and those of some banks, add before formulas."""
    return csv_export.restored(text) if "'" in text else text


def _clean(text: str, length: int) -> str:
    return clean_text(_unescaped(text), length) if text else ""


def _checked_code(text: str) -> str:
    """Return the code; "" for a symbol of several currencies, such as "$"."""
    named = currency_named(text)
    return checked_currency(text) if named is None else named
