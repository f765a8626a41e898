"""Detection of the columns of a CSV file by the caller's mapping, their titles and their cells.

A column is used for a field if its title is known and its cells are of the field's kind. Titles that are not known exactly
are read by their stems ("Kwota po przewalutowaniu"), but an amount only if exactly one column can be meant.
"""

from collections.abc import Mapping, Sequence

from finance.statements.amounts import fold, looks_like_money
from finance.statements.csv_cells import Columns, is_sign
from finance.statements.csv_mapping import MAX_TITLE_LENGTH, ColumnMapping
from finance.statements.csv_names import FEES, NET, VALUE_DATES
from finance.statements.csv_titles import (
    AMOUNT_STEMS,
    DATE_STEMS,
    NO_AMOUNT_STEMS,
    NO_DATE_STEMS,
    VALUE_STEMS,
    Titles,
    contains,
    stripped_key,
    title_key,
)
from finance.statements.currencies import currency_named
from finance.statements.dates import looks_like_date
from finance.statements.rows import StatementError
from finance.statements.text import clean_text, plain_key

_SHOWN_COLUMNS = 40
_SHOWN = 40
# "Valuta" means currency in Italian, Dutch and Danish and value date in German and Czech, so it is decided by the cells.
_AMBIGUOUS_TITLE = "valuta"
_GUESSED_BY_TITLE = ("merchant_name", "provider_id", "category", "status", "balance")

Found = dict[str, int]


def guess_columns(header: Sequence[str], cells: Columns, taken: Mapping[str, int | None], *, strict: bool) -> Found:
    """Return {field: index} of the detected columns, without descriptions and accounts.

    `taken` fields are fixed; None means that there is no column. If `strict` is false, a column may be chosen by its title
    although none of its cells has the right kind, so that each of its rows becomes an error.
    """
    guess = _Guess(header, cells, taken, strict=strict)
    guess.date()
    guess.money()
    guess.parties()
    for field in _GUESSED_BY_TITLE:
        guess.titled(field)
    guess.currency()
    guess.sign()
    guess.flag()
    return guess.found


class _Guess:
    def __init__(self, header: Sequence[str], cells: Columns, taken: Mapping[str, int | None], *, strict: bool) -> None:
        self._header = header
        self._cells = cells
        self._taken = taken
        self._strict = strict
        self._titles = Titles(header)
        self.found: Found = {field: index for field, index in taken.items() if index is not None}

    def _candidates(self, field: str) -> list[int]:
        """Return the free columns with known titles, the best first."""
        return self._titles.known(field, self.found.values())

    def _stemmed(self, stems: Sequence[str], without: Sequence[str]) -> list[int]:
        return self._titles.with_stems(stems, without, self.found.values())

    def _is_wanted(self, *fields: str) -> bool:
        return not any(field in self._taken for field in fields)

    def titled(self, field: str) -> None:
        """Choose the first free column with a known title."""
        if self._is_wanted(field):
            self._choose(field, [index for index in self._candidates(field) if _fits(field, index, self._header, self._cells)])

    def _choose(self, field: str, candidates: Sequence[int]) -> None:
        if candidates:
            self.found[field] = candidates[0]

    def date(self) -> None:
        """Choose the date; a value date is the last resort, and a column of the booking date is also `posted_date`."""
        if self._is_wanted("date"):
            known = self._candidates("date")
            dates = [index for index in known if self._cells[index].may_be(looks_like_date)]
            values = [index for index in dates if stripped_key(self._header[index]) in VALUE_DATES]
            others = [index for index in dates if index not in values]
            if not others:
                stemmed = [index for index in self._stemmed(DATE_STEMS, NO_DATE_STEMS) if index not in known]
                others = [index for index in stemmed if self._cells[index].is_dates]
                others.sort(key=lambda index: contains(plain_key(self._header[index]), VALUE_STEMS))
            self._choose("date", [*others, *values] or ([] if self._strict else known))
        if self._is_wanted("posted_date"):
            posted = self._candidates("posted_date")
            self._choose("posted_date", [index for index in posted if self._cells[index].may_be(looks_like_date)])

    def money(self) -> None:
        """Choose debit and credit, which define the sign, or else the amount."""
        if self._is_wanted("debit", "credit") and self._taken.get("amount") is None:
            debits, credits = (self._columns_of_money(field) for field in ("debit", "credit"))
            if debits and credits:
                self.found |= {"debit": debits[0], "credit": credits[0]}
        elif self._taken.get("debit") is not None or self._taken.get("credit") is not None:
            for half in ("debit", "credit"):
                if self._is_wanted(half):
                    self._choose(half, self._columns_of_money(half))
        if self._is_wanted("amount") and not {"debit", "credit"} & self.found.keys():
            amounts = self._columns_of_money("amount")
            if not amounts:
                stemmed = self._stemmed(AMOUNT_STEMS, NO_AMOUNT_STEMS)
                amounts = [index for index in stemmed if self._cells[index].is_money]
                amounts = amounts if len(amounts) == 1 else []
            self._choose("amount", amounts)

    def _columns_of_money(self, field: str) -> list[int]:
        titled = self._candidates(field)
        if field == "amount":
            has_fees = self._titles.has_any(FEES)
            titled.sort(key=lambda index: (title_key(self._header[index]) in NET) != has_fees)
        columns = [index for index in titled if self._cells[index].may_be(looks_like_money)]
        return columns or ([] if self._strict else titled)

    def parties(self) -> None:
        """Choose payer and payee if there are both; the other party depends on the sign of the amount."""
        if not self._is_wanted("payer", "payee", "merchant_name"):
            return
        # some banks write only the numbers of the accounts
        payers = [index for index in self._candidates("payer") if self._cells[index].may_be(_has_letters)]
        payees = [index for index in self._candidates("payee") if self._cells[index].may_be(_has_letters)]
        if payers and payees:
            self.found |= {"payer": payers[0], "payee": payees[0]}
        elif not self._candidates("merchant_name"):
            self._choose("payer" if payers else "merchant_name", payers or payees)

    def currency(self) -> None:
        """Choose the currency beside the amount, or else the first column with a known title."""
        if not self._is_wanted("currency"):
            return
        titled = [index for index in self._candidates("currency") if _fits("currency", index, self._header, self._cells)]
        used = set(self.found.values())
        amount = self.found.get("amount", self.found.get("credit"))
        beside = [] if amount is None else [amount + 1, amount - 1]
        near = [index for index in beside if 0 <= index < len(self._header) and index not in used]
        near = [index for index in near if self._cells[index].is_currencies]
        self._choose("currency", [index for index in near if index in titled] or titled or near)

    def sign(self) -> None:
        """Choose the column with the words for debit and credit, or else one with other types of transactions."""
        if not self._is_wanted("type"):
            return
        titled = self._candidates("type")
        signs = [index for index in titled if self._cells[index].filled and self._cells[index].most_are(is_sign)]
        self._choose("type", signs or self._unknown_signs() or titled)

    def _unknown_signs(self) -> list[int]:
        """Return the columns of words for debit and credit with other titles, if the amounts have no signs."""
        amount = self.found.get("amount")
        if amount is None or any(map(_is_signed, self._cells[amount].filled)):
            return []
        used = self.found.values()
        return [index for index in range(len(self._header)) if index not in used and self._cells[index].is_signs]

    def flag(self) -> None:
        """Choose a column of yes and no for pending rows."""
        if self._is_wanted("pending"):
            self._choose("pending", [index for index in self._candidates("pending") if self._cells[index].is_flags])


def _fits(field: str, index: int, header: Sequence[str], cells: Columns) -> bool:
    """Return True if the cells of a column can be those of a field."""
    column = cells[index]
    if field == "balance":
        return column.may_be(looks_like_money)
    if field == "merchant_name":
        return column.may_be(_has_letters)
    if field == "currency" and title_key(header[index]) == _AMBIGUOUS_TITLE:
        return any(currency_named(cell) is not None for cell in column.filled)
    if field != "provider_id":
        return True
    # Rows with the same id become one transaction, so an "ID" that different rows share (a customer id) must not be used.
    rows_by_id: dict[str, Sequence[str]] = {}
    rows = (row for row in cells.rows if index < len(row) and row[index].strip())
    return all(rows_by_id.setdefault(row[index], row) == row for row in rows)


def _is_signed(cell: str) -> bool:
    return any(mark in fold(cell) for mark in "-+(")


def _has_letters(cell: str) -> bool:
    return any(map(str.isalpha, cell))


def columns_titled(title: str, header: Sequence[str]) -> list[int]:
    """Return the indexes of the columns with exactly this title, or else those equal except for case and punctuation."""
    key = plain_key(title)
    exact = [index for index, cell in enumerate(header) if cell.strip() == title.strip()]
    return exact or [index for index, cell in enumerate(header) if plain_key(cell[:MAX_TITLE_LENGTH]) == key != ""]


def resolve(wanted: ColumnMapping, header: Sequence[str], width: int) -> dict[str, tuple[int, ...]]:
    """Return the mapping's columns as indexes; raise StatementError with the key whose column is not in the file."""
    return {field: tuple(_index(field, value, header, width) for value in values) for field, values in wanted.columns.items()}


def _index(field: str, value: str | int, header: Sequence[str], width: int) -> int:
    if isinstance(value, int):
        if value < width:
            return value
        raise StatementError("unknown_columns", f"mapping.{field}: column {value} does not exist. The last one is {width - 1}.")
    matching = columns_titled(value, header)
    if len(matching) == 1:
        return matching[0]
    problem = "matches several columns; send its number from 0" if matching else "is not a column of the file"
    shown = clean_text(value, _SHOWN)
    raise StatementError("unknown_columns", f"mapping.{field}: “{shown}” {problem}. {listed(header)}")


def listed(header: Sequence[str]) -> str:
    """Return a sentence that lists the columns found, so that the user can write a mapping from the error message."""
    titles = ", ".join(f"{index}: “{clean_text(title, _SHOWN)}”" for index, title in enumerate(header[:_SHOWN_COLUMNS]))
    return f"Columns found: {titles}." if titles else "No columns were found."
