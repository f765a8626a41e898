"""Layout of a CSV file, determined before its rows are read: columns, date format, decimal mark, signs and widths."""

import io
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

from finance.statements.amounts import decimal_mark, fold, looks_like_money
from finance.statements.csv_columns import Columns
from finance.statements.csv_mapping import COLUMNS, read_mapping
from finance.statements.csv_names import SIGN_WORDS
from finance.statements.csv_records import physical_lines, read_records
from finance.statements.csv_table import CsvTable, find_table
from finance.statements.currencies import WITHOUT_DECIMALS, currency_in_header
from finance.statements.dates import AmbiguousDatesError, choose_format
from finance.statements.rows import RowError
from finance.statements.source import DecodedFile
from finance.statements.text import plain_key
from finance.statements.text_options import ambiguous_amounts, ambiguous_dates, ordered_format

_SAMPLE_LINES = 1_000
_SAMPLE_CHARACTERS = 1 << 20
_MONEY = ("amount", "debit", "credit", "balance")


@dataclass(frozen=True, slots=True)
class CsvLayout:
    """Parameters for reading rows. `widths` is the minimum and maximum number of cells of a row.

    `debit_factor` is -1 if debits have no sign. `has_sign_words` is true if the type column defines the sign.
    """

    delimiter: str
    header: tuple[str, ...]
    columns: Mapping[str, int]
    first_line: int
    widths: tuple[int, int]
    date_format: str
    decimal: str
    currency: str
    debit_factor: int
    has_sign_words: bool

    def as_mapping(self) -> dict[str, str | int]:
        """Return a mapping that results in this layout: unique titles, otherwise column numbers from 0."""
        columns = {field: self._named(self.columns[field]) for field in COLUMNS if field in self.columns}
        return columns | {"date_format": self.date_format, "decimal": self.decimal, "delimiter": self.delimiter}

    def _named(self, index: int) -> str | int:
        title = self.header[index].strip() if index < len(self.header) else ""
        twins = [other for other in self.header if plain_key(other) == plain_key(title)]
        return title if title and len(twins) == 1 else index


def discover(file: DecodedFile) -> CsvLayout:
    """Return the layout of `file`; raise StatementError if its columns, dates or amounts are ambiguous."""
    wanted = read_mapping(file.source.mapping)
    with file.open_text() as text:
        table = find_table(_sample(text), wanted)
    rows = [cells for _, cells in table.rows]
    currency = _currency(table, file.default_currency)
    return CsvLayout(
        delimiter=table.delimiter,
        header=table.header,
        columns=table.columns,
        first_line=table.first_line,
        widths=_widths(table, rows),
        date_format=wanted.date_format or _date_format(file, table),
        decimal=wanted.decimal or file.source.decimal or _decimal(table, rows, currency),
        currency=currency,
        debit_factor=_debit_factor(table.columns, rows),
        has_sign_words=_has_sign_words(table.columns, rows),
    )


def _sample(text: io.TextIOBase) -> list[str]:
    lines: list[str] = []
    size = 0
    for line in islice(physical_lines(text, _SAMPLE_LINES + 1), _SAMPLE_LINES):
        lines.append(line)
        size += len(line)
        if size > _SAMPLE_CHARACTERS:
            break
    return lines


def table_lines(file: DecodedFile, text: io.TextIOBase, first_line: int) -> Iterator[str]:
    """Return the physical lines of `text`, the opened `file`, starting at line `first_line` (from 1)."""
    return islice(physical_lines(text, file.max_lines), first_line - 1, None)


def _cells(rows: Iterable[Sequence[str]], columns: Columns, fields: Iterable[str]) -> Iterator[str]:
    indexes = [columns[field] for field in fields if field in columns]
    return (row[index] for row in rows for index in indexes if index < len(row) and row[index].strip())


def _widths(table: CsvTable, rows: Sequence[Sequence[str]]) -> tuple[int, int]:
    """Return the minimum and maximum width; banks may omit trailing cells in all rows or in the header."""
    usual = Counter(map(len, rows)).most_common(1)[0][0] if rows else len(table.header)
    titled = max((index + 1 for index, title in enumerate(table.header) if title.strip()), default=usual)
    needed = max(table.columns.values()) + 1
    return max(needed, min(titled, usual)), max(needed, len(table.header), usual)


def _currency(table: CsvTable, default: str) -> str:
    money = [table.columns[field] for field in _MONEY if field in table.columns]
    titles = [table.header[index] for index in money if index < len(table.header)]
    return next(filter(None, map(currency_in_header, titles)), default)


def _date_format(file: DecodedFile, table: CsvTable) -> str:
    def every_cell() -> Iterator[str]:
        with file.open_text() as text:
            records = read_records(table_lines(file, text, table.first_line), table.delimiter)
            rows = (record[1] for record in records if not isinstance(record, RowError))
            yield from _cells(rows, table.columns, ["date"])

    sample = list(_cells((cells for _, cells in table.rows), table.columns, ["date"]))
    order = file.source.date_order
    try:
        return ordered_format(choose_format(sample, every_cell), order, sample)
    except AmbiguousDatesError as ambiguous:
        formats = {"day_first": ambiguous.day_first, "month_first": ambiguous.month_first}
        if order in formats:
            return formats[order]
        raise ambiguous_dates(ambiguous, sample) from None


def _decimal(table: CsvTable, rows: Sequence[Sequence[str]], currency: str) -> str:
    cells = [cell for cell in _cells(rows, table.columns, _MONEY) if looks_like_money(cell)]
    has_cents = currency.upper() not in WITHOUT_DECIMALS
    # Files with decimal commas use another delimiter than the comma.
    mark = decimal_mark(cells, has_cents=has_cents, is_point_usual=table.delimiter == ",")
    if mark:
        return mark
    raise ambiguous_amounts(cells)


def _debit_factor(columns: Columns, rows: Sequence[Sequence[str]]) -> int:
    """Return -1 if most debits have no minus sign, so that a negative one is a reversal; otherwise 1."""
    debits = list(_cells(rows, columns, ["debit"]))
    return 1 if sum(map(_is_negative, debits)) * 2 > len(debits) else -1


def _is_negative(cell: str) -> bool:
    text = fold(cell)
    return text.startswith("(") or "-" in text


def _has_sign_words(columns: Columns, rows: Sequence[Sequence[str]]) -> bool:
    """Return True if no amount is negative and most rows contain a word for debit or credit in the type column."""
    if "type" not in columns or "amount" not in columns or any(map(_is_negative, _cells(rows, columns, ["amount"]))):
        return False
    words = [plain_key(word) for word in _cells(rows, columns, ["type"])]
    return sum(word in SIGN_WORDS for word in words) * 2 > len(words)
