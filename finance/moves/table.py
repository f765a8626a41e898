"""CSV tables whose columns are known by their titles, with the format of dates and amounts of the whole file."""

import datetime
from collections.abc import Iterator, Sequence
from decimal import Decimal
from itertools import chain, islice

from finance.statements.amounts import ParsedAmount, decimal_mark, money_reader
from finance.statements.csv_records import is_blank, physical_lines, read_records
from finance.statements.currencies import usual_decimals
from finance.statements.dates import AmbiguousDatesError, DateReader, choose_format
from finance.statements.rows import BrokenCellError, RowError, StatementError
from finance.statements.source import DecodedFile
from finance.statements.text import clean_text, plain_key
from finance.statements.text_options import ambiguous_amounts, ambiguous_dates, ordered_format

DELIMITERS = ",\t;"
SAMPLE = 1_000
SHOWN = 40
CORRECT = "Correct it in the file, or delete the row."
BLANK = "\ufeff \t\r\n"


class Cells:
    """The cells of a row by the key of their column's title; a column that the table does not have is empty."""

    __slots__ = ("_columns", "_values", "line")

    def __init__(self, line: int, values: Sequence[str], columns: dict[str, int]) -> None:
        self.line, self._values, self._columns = line, values, columns

    def __getitem__(self, title: str) -> str:
        index = self._columns.get(title)
        return "" if index is None else self._values[index].strip()

    def day(self, title: str, reader: DateReader) -> datetime.date:
        """Return the date in a cell; raise BrokenCellError with the remedy."""
        cell = self[title]
        found = reader.read(cell)
        if found is None:
            message = f"“{clean_text(cell, SHOWN)}” is not a date in the format {reader.format}. {CORRECT}"
            raise BrokenCellError(title, "bad_date", message)
        return found


class Table:
    """The table in a file. Its rows can be read several times."""

    def __init__(self, file: DecodedFile, *, max_rows: int) -> None:
        self._file, self._max_rows = file, max_rows
        self.delimiter = max(DELIMITERS, key=file.head.lstrip(BLANK).partition("\n")[0].count)
        self.header: list[str] = []
        self.header = self._header()
        self.columns = {title: index for index, title in reversed(list(enumerate(map(plain_key, self.header))))}

    def rows(self) -> Iterator[Cells | RowError]:
        """Yield the rows below the header. Raise StatementError for more rows than are allowed."""
        records = self._records()
        next(records, None)
        for count, record in enumerate(records, 1):
            if count > self._max_rows:
                raise StatementError(
                    "too_many_rows", f"The file has more than {self._max_rows:,} rows. Export a shorter period."
                )
            if isinstance(record, RowError):
                yield RowError(record.number, record.field, record.code, f"{record.message} {CORRECT}")
            elif not is_blank(record[1]):
                yield self._cells(*record)

    def column(self, *titles: str) -> Iterator[str]:
        """Yield the filled cells of columns."""
        for row in self.rows():
            if isinstance(row, Cells):
                yield from filter(None, (row[title] for title in titles))

    def dates(self, title: str, date_order: str, *, usual: str = "") -> DateReader:
        """Return the reader of the dates in a column; raise StatementError if they can begin with the day or the month.

        `usual` is the order of the app that wrote the file, "" if its users choose it.
        """
        sample = list(islice(self.column(title), SAMPLE))
        try:
            found = choose_format(sample, lambda: self.column(title))
        except AmbiguousDatesError as ambiguous:
            if not date_order and not usual:
                raise ambiguous_dates(ambiguous, sample) from None
            found = ambiguous.month_first if (date_order or usual) == "month_first" else ambiguous.day_first
        return DateReader(ordered_format(found, date_order, sample))

    def amounts(self, *titles: str, currency: str, decimal: str) -> "Money":
        """Return the reader of the amounts in columns; raise StatementError if their decimal mark can't be determined."""
        cells = list(islice(self.column(*titles), SAMPLE))
        decimals, is_point_usual = usual_decimals(currency), self.delimiter == ","
        mark = decimal or decimal_mark(cells, decimals=decimals, is_point_usual=is_point_usual)
        if not mark:
            mark = decimal_mark(self.column(*titles), decimals=decimals, is_point_usual=is_point_usual)
        if not mark:
            raise ambiguous_amounts(cells)
        return Money(mark)

    def error(self, line: int, broken: BrokenCellError) -> RowError:
        """Return the error of a row, with the title of the column as the file has it."""
        index = self.columns.get(broken.field)
        return RowError(line, broken.field if index is None else self.header[index].strip(), broken.code, broken.message)

    def _header(self) -> list[str]:
        first = next(self._records(), None)
        return [] if first is None or isinstance(first, RowError) else first[1]

    def _records(self) -> Iterator[tuple[int, list[str]] | RowError]:
        with self._file.open_text() as text:
            lines = enumerate(physical_lines(text, self._file.max_lines), 1)
            number, first = next(((number, line) for number, line in lines if line.strip(BLANK)), (1, ""))
            rest = (line for _, line in lines)
            widths = (len(self.header), len(self.header)) if self.header else None
            yield from read_records(chain([first.lstrip(BLANK)], rest), self.delimiter, first=number, widths=widths)

    def _cells(self, line: int, values: list[str]) -> Cells | RowError:
        width = len(self.header)
        if len(values) < width or not is_blank(values[width:]):
            message = f"The row has {len(values)} cells instead of {width}. Write texts with commas in quotation marks."
            return RowError(line, "row", "wrong_width", message)
        return Cells(line, values, self.columns)


class Money:
    """Reads the amounts of a file by its decimal mark."""

    def __init__(self, mark: str) -> None:
        self._read = money_reader(mark)

    def parsed(self, cells: Cells, title: str) -> ParsedAmount:
        """Return the amount in a cell; raise BrokenCellError with the remedy."""
        try:
            return self._read(cells[title])
        except BrokenCellError as broken:
            raise BrokenCellError(title, broken.code, f"{broken.message} {CORRECT}") from None

    def amount(self, cells: Cells, title: str) -> Decimal:
        return self.parsed(cells, title).amount

    def amount_or_zero(self, cells: Cells, title: str) -> Decimal:
        """Return the amount in a cell, 0 if it is empty."""
        return self.amount(cells, title) if cells[title] else Decimal(0)
