"""Kinds of the columns of a table, determined from the cells of its first rows."""

from collections.abc import Callable, Sequence
from functools import cached_property

from finance.statements.amounts import looks_like_money
from finance.statements.csv_words import FLAG_WORDS, PENDING_WORDS, SIGN_WORDS, word_key
from finance.statements.currencies import currency_named
from finance.statements.dates import looks_like_date

# Cells that determine the kind of a column, and characters of a cell: enough for a proof, and a bound for the time.
_CELLS = 40
_LENGTH = 80
_LETTERS = ("cd", "hs", "dk", "io", "+-")


class Column:
    """The first filled cells of a column."""

    def __init__(self, rows: Sequence[Sequence[str]], index: int) -> None:
        self._rows = rows
        self._index = index

    @cached_property
    def filled(self) -> list[str]:
        """The first filled cells, trimmed."""
        found: list[str] = []
        for row in self._rows:
            if self._index < len(row) and (cell := row[self._index].strip()):
                found.append(cell[:_LENGTH])
                if len(found) == _CELLS:
                    break
        return found

    def all_are(self, test: Callable[[str], bool]) -> bool:
        return bool(self.filled) and all(map(test, self.filled))

    def most_are(self, test: Callable[[str], bool]) -> bool:
        return sum(map(test, self.filled)) * 2 > len(self.filled)

    def may_be(self, test: Callable[[str], bool]) -> bool:
        """Return True if a cell passes the test or none is filled."""
        return not self.filled or any(map(test, self.filled))

    @cached_property
    def is_dates(self) -> bool:
        return self.all_are(looks_like_date)

    @cached_property
    def is_money(self) -> bool:
        return self.all_are(looks_like_money)

    @cached_property
    def is_currencies(self) -> bool:
        return self.all_are(_is_currency)

    @cached_property
    def is_signs(self) -> bool:
        """Return True if every cell is a word for debit or credit, and both occur; single letters must be a known pair."""
        words = set(map(word_key, self.filled))
        letters = {word for word in words if len(word) == 1 and word.isascii()}
        return (
            self.all_are(is_sign)
            and len({SIGN_WORDS[word] for word in words}) > 1
            and (not letters or (letters == words and "".join(sorted(letters)) in _LETTERS))
        )

    @cached_property
    def is_flags(self) -> bool:
        return self.all_are(_is_flag)

    @cached_property
    def is_text(self) -> bool:
        """Return True if a cell has letters and the column is neither of dates, amounts, currencies nor of flags."""
        if not any(any(map(str.isalpha, cell)) for cell in self.filled):
            return False
        return not (self.is_dates or self.is_money or self.is_currencies or self.is_flags or self.is_signs)


def is_sign(cell: str) -> bool:
    """Return True for a word for debit or credit."""
    return word_key(cell) in SIGN_WORDS


def _is_flag(cell: str) -> bool:
    key = word_key(cell)
    return key in FLAG_WORDS or key in PENDING_WORDS


def _is_currency(cell: str) -> bool:
    return currency_named(cell) is not None


class Columns:
    """The columns of a table with `rows`, by index."""

    def __init__(self, rows: Sequence[Sequence[str]]) -> None:
        self.rows = rows
        self._known: dict[int, Column] = {}

    def __getitem__(self, index: int) -> Column:
        column = self._known.get(index)
        if column is None:
            column = self._known[index] = Column(self.rows, index)
        return column
