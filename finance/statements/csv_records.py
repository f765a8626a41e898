"""CSV records with their line numbers. An unclosed quotation mark invalidates one row, not the rest of the file."""

import csv
import io
from collections import deque
from collections.abc import Iterable, Iterator, Sequence

from finance.statements.rows import RowError, StatementError

# A record with more lines than this has an unclosed quotation mark.
_MAX_LINES_PER_RECORD = 32
# SECURITY: the lines after an unclosed mark are read again, so a file full of them would be read 32 times.
_MAX_OPEN_MARKS = 1_000
MAX_LINE_LENGTH = 131_072

_BLANK = "\x00\x1a \t"
Record = tuple[int, list[str]]


def physical_lines(text: io.TextIOBase, max_lines: int) -> Iterator[str]:
    """Yield the lines of `text` with their line ends (LF, CR or both).

    Raise StatementError for a line of 131,072 characters or more, and for more than `max_lines` lines including blank ones.
    """
    count = 0
    while line := text.readline(MAX_LINE_LENGTH):
        count += 1
        if count > max_lines:
            raise StatementError("too_many_rows", f"The file has more than {max_lines:,} lines. Import it in parts.")
        if len(line) >= MAX_LINE_LENGTH:
            raise StatementError(
                "line_too_long", f"A line has {MAX_LINE_LENGTH:,} characters or more. Export the file again as CSV."
            )
        yield line


class _Lines:
    """An iterator of lines for `csv.reader` that allows to push lines back."""

    def __init__(self, lines: Iterable[str], first: int, delimiter: str) -> None:
        self._lines = iter(lines)
        self._delimiter = delimiter
        self._records = csv.reader(self, delimiter=delimiter, skipinitialspace=True)
        self._returned: deque[str] = deque()
        self.taken: list[str] = []
        self.next_number = first

    def __iter__(self) -> "_Lines":
        return self

    def __next__(self) -> str:
        if len(self.taken) >= _MAX_LINES_PER_RECORD:
            raise csv.Error("a quotation mark was left open")
        line = self._returned.popleft() if self._returned else next(self._lines)
        self.taken.append(line)
        self.next_number += 1
        return line

    def next_record(self) -> list[str] | None:
        """Return the next record; None at the end and for a record that `csv` cannot read."""
        self.taken.clear()
        line = self._returned.popleft() if self._returned else next(self._lines, None)
        if line is None:
            return None
        if '"' not in line:
            self.taken.append(line)
            self.next_number += 1
            line = line.rstrip("\r\n")
            return line.split(self._delimiter) if line else []
        self._returned.appendleft(line)
        try:
            return next(self._records, None)
        except csv.Error:
            return None

    def push_back_all_but_first(self) -> None:
        """Push back all lines of the record except the first, so that they are read again."""
        self._returned.extendleft(reversed(self.taken[1:]))
        self.next_number -= len(self.taken) - 1


def read_records(
    lines: Iterable[str], delimiter: str, *, first: int = 1, widths: tuple[int, int] | None = None
) -> Iterator[Record | RowError]:
    """Yield (line number, cells) of each non-blank record, or a RowError; `lines` starts at line `first` of the file.

    `widths` is the minimum and maximum number of cells of a record. Without it, records of several lines are not checked.
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
            if open_marks > _MAX_OPEN_MARKS:
                message = (
                    f"Line {number} is the {open_marks:,}th with a quotation mark that is not closed. Export the file again."
                )
                raise StatementError("unclosed_quotes", message)
            feed.push_back_all_but_first()
            yield RowError(number, "row", "unclosed_quote", "This row has a quotation mark that is not closed.")
        elif cells:
            yield number, cells


def _is_swallowed(cells: list[str], taken: list[str], delimiter: str, widths: tuple[int, int] | None) -> bool:
    """Return True if a record of several lines is really several rows with an unclosed quotation mark in the first."""
    if widths is None:
        return False
    if not widths[0] <= len(cells) <= widths[1]:
        return True
    for line in taken[1:]:
        alone = next(csv.reader([line], delimiter=delimiter, skipinitialspace=True), [])
        # in a valid text of several lines, the last line has the closing mark inside a cell
        if widths[0] <= len(alone) <= widths[1] and not any('"' in cell for cell in alone):
            return True
    return False


def is_blank(cells: Sequence[str]) -> bool:
    """Return True if a record has only empty cells or the end-of-file character of DOS."""
    return not "".join(cells).strip(_BLANK)
