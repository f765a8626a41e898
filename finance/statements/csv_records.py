"""CSV records with the line each begins on. A quotation mark left open costs one row, not the rest of the file."""

import csv
import io
from collections import deque
from collections.abc import Iterable, Iterator

from finance.statements.rows import RowError, StatementError

# A transaction's text of more lines than this is a quotation mark that was never closed.
_LINES_PER_RECORD = 32
# SECURITY: each mark left open is read over again; a file made of them would take its length times the above.
_OPEN_MARKS = 1_000
MAX_LINE_LENGTH = 131_072

Record = tuple[int, list[str]]


def physical_lines(text: io.TextIOBase, max_lines: int) -> Iterator[str]:
    """The lines of `text` with their ends (LF, CR or both).

    Raises `StatementError` on a line of over 131,072 characters and on more than `max_lines`, blank ones included.
    """
    count = 0
    while line := text.readline(MAX_LINE_LENGTH):
        count += 1
        if count > max_lines:
            raise StatementError("too_many_rows", f"The file has more than {max_lines:,} lines. Import it in parts.")
        if len(line) >= MAX_LINE_LENGTH:
            raise StatementError(
                "line_too_long", f"A line has more than {MAX_LINE_LENGTH:,} characters, so this is no statement."
            )
        yield line


class _Lines:
    """Lines that `csv.reader` reads as records, and that can be given back."""

    def __init__(self, lines: Iterable[str], first: int, delimiter: str) -> None:
        self._lines = iter(lines)
        self._records = csv.reader(self, delimiter=delimiter, skipinitialspace=True)
        self._returned: deque[str] = deque()
        self.taken: list[str] = []
        self.next_number = first

    def __iter__(self) -> "_Lines":
        return self

    def __next__(self) -> str:
        if len(self.taken) >= _LINES_PER_RECORD:
            raise csv.Error("a quotation mark was left open")
        line = self._returned.popleft() if self._returned else next(self._lines)
        self.taken.append(line)
        self.next_number += 1
        return line

    def next_record(self) -> list[str] | None:
        """Return the next record; None at the end, and when there is a record that csv cannot read."""
        self.taken.clear()
        try:
            return next(self._records, None)
        except csv.Error:
            return None

    def give_back_all_but_one(self) -> None:
        """The record's first line is spent; what followed it will be read again."""
        self._returned.extendleft(reversed(self.taken[1:]))
        self.next_number -= len(self.taken) - 1


def read_records(
    lines: Iterable[str], delimiter: str, *, first: int = 1, widths: tuple[int, int] | None = None
) -> Iterator[Record | RowError]:
    """(line, cells) of each record that is not blank; `lines` starts with line `first` of the file.

    `widths` is the least and greatest number of cells a record has; without it a record of several lines is believed.
    """
    feed = _Lines(lines, first, delimiter)
    open_marks = 0
    while True:
        number = feed.next_number
        cells = feed.next_record()
        if cells is None and not feed.taken:
            return
        if cells is None or (len(feed.taken) > 1 and _is_swallowed(cells, feed.taken, delimiter, widths)):
            open_marks += 1
            if open_marks > _OPEN_MARKS:
                message = (
                    f"Line {number} is the {open_marks:,}th with a quotation mark that is not closed. Export the file again."
                )
                raise StatementError("unclosed_quotes", message)
            feed.give_back_all_but_one()
            yield RowError(number, "row", "unclosed_quote", "A quotation mark is opened in this row and not closed.")
        elif cells:
            yield number, cells


def _is_swallowed(cells: list[str], taken: list[str], delimiter: str, widths: tuple[int, int] | None) -> bool:
    """Whether a record of several lines is really several rows with an open quotation mark in the first."""
    if widths is None:
        return False
    if not widths[0] <= len(cells) <= widths[1]:
        return True
    for line in taken[1:]:
        alone = next(csv.reader([line], delimiter=delimiter, skipinitialspace=True), [])
        # the last line of an honest text of several lines keeps its closing mark in a cell
        if widths[0] <= len(alone) <= widths[1] and not any('"' in cell for cell in alone):
            return True
    return False
