"""Texts of a table whose titles are not known, and what is reported of columns that are not used."""

import re
from collections.abc import Collection, Mapping, Sequence
from itertools import islice

from finance.statements.csv_cells import Columns
from finance.statements.csv_names import COLUMN_NAMES
from finance.statements.csv_titles import stripped_key
from finance.statements.rows import StatementWarning
from finance.statements.text import clean_text

_PARTIES = {"merchant_name", "payer", "payee"}
_MAX_TEXTS = 20
_FIRST_ROWS = 5
_CELL_LENGTH = 200
_SHOWN = 40
# A word with a digit, a BIC, an email or web address, and a time of day.
_match_code = re.compile(
    r"[^\s0-9]*[0-9]\S*|[A-Z]{6}[A-Z0-9]{2}(?:[A-Z0-9]{3})?|[^\s@]+@\S+|[A-Z]{2}[0-9]{2}[A-Z0-9 ]{8,40}|"
    r"[0-9:.]{1,12} ?[APap]\.?[Mm]\.?"
).fullmatch
_NO_TEXTS = re.compile(r"zone|\burl\b|website|emoji|\bicon\b|logo|\b(?:iban|bic|swift|blz)\b|currency|wahrung|devise")
# A text that is the same in this many rows or more says nothing about a row.
_SEVERAL = 3


def find_texts(header: Sequence[str], cells: Columns, columns: Mapping[str, int], width: int) -> tuple[int, ...]:
    """Return the columns of the description: the best one with a known title, or else all other texts in file order.

    Without any text, a code tells the rows apart unless there is the name of another party.
    """
    used = set(columns.values())
    titles = [stripped_key(title) for title in header]
    for name in COLUMN_NAMES["description"]:
        for index, title in enumerate(titles):
            if title == name and index not in used and cells[index].is_text:
                return (index,)
    known = [index for name in COLUMN_NAMES["description"] for index, title in enumerate(titles) if title == name]
    known = [index for index in known if index not in used]
    texts = _telling(header, cells, used, width)
    if texts or known or _PARTIES & columns.keys():
        return tuple(texts[:_MAX_TEXTS] or known[:1])
    codes = (index for index in range(width) if index not in used and cells[index].is_text)
    return tuple(islice((index for index in codes if len(set(cells[index].filled)) > 1), 1))


def _telling(header: Sequence[str], cells: Columns, used: Collection[int], width: int) -> list[int]:
    """Return the free columns of texts that differ between rows and are neither codes, such as an IBAN, nor times."""
    return [
        index
        for index in range(width)
        if index not in used
        and (column := cells[index]).is_text
        and not column.all_are(lambda cell: _match_code(cell) is not None)
        and (len(set(column.filled)) > 1 or len(column.filled) < _SEVERAL)
        and not (index < len(header) and _NO_TEXTS.search(stripped_key(header[index])))
    ]


def unused_columns(header: Sequence[str], cells: Columns, used: Collection[int]) -> tuple[str, ...]:
    """Return the titles of the columns that are not used and not empty."""
    unused = [index for index in range(len(header)) if index not in used and cells[index].filled]
    return tuple(title for index in unused if (title := clean_text(header[index], _CELL_LENGTH)))


def unused_texts(header: Sequence[str], cells: Columns, used: Collection[int], width: int) -> list[StatementWarning]:
    """Return a warning if the file has texts that are not imported."""
    texts = _telling(header, cells, used, width)
    if not texts:
        return []
    titles = [clean_text(header[index], _SHOWN) if index < len(header) else "" for index in texts]
    listed = ", ".join(f"“{title}”" if title else f"column {index}" for index, title in zip(texts, titles, strict=True))
    message = f"Texts of these columns are not imported: {listed}. To keep them, add them to mapping.description, a list."
    return [StatementWarning("columns_not_used", message)]


def first_rows(rows: Sequence[Sequence[str]]) -> tuple[tuple[str, ...], ...]:
    """Return the first rows, with long cells cut, for a screen that confirms the columns."""
    shown = rows[:_FIRST_ROWS]
    return tuple(tuple(clean_text(cell, _CELL_LENGTH) for cell in row) for row in shown)
