"""Layout of a CSV file, determined before its rows are read: columns, date format, decimal mark, signs and widths."""

import io
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

from finance.statements.amounts import decimal_mark, looks_like_money
from finance.statements.csv_accounts import Accounts
from finance.statements.csv_cells import Columns
from finance.statements.csv_delimiters import are_halves, joinable_columns
from finance.statements.csv_mapping import COLUMNS, MAX_TITLE_LENGTH, read_mapping
from finance.statements.csv_records import physical_lines, read_records
from finance.statements.csv_signs import (
    are_only_credits_marked,
    credit_factor,
    debit_factor,
    has_memo_words,
    has_negative_credits,
    has_sign_words,
    is_flag_pending,
    own_name,
)
from finance.statements.csv_table import CsvTable, find_table
from finance.statements.csv_texts import first_rows, unused_columns, unused_texts
from finance.statements.currencies import currency_in_header, usual_decimals
from finance.statements.dates import AmbiguousDatesError, choose_format
from finance.statements.rows import AccountInfo, MappingValue, RowError, StatementWarning
from finance.statements.source import DecodedFile
from finance.statements.text import plain_key
from finance.statements.text_options import ambiguous_amounts, ambiguous_dates, ordered_format

_SAMPLE_LINES = 1_000
_SAMPLE_CHARACTERS = 1 << 20
_SHOWN_ROWS = 40
_MONEY = ("amount", "debit", "credit", "balance")


@dataclass(frozen=True, slots=True)
class CsvLayout:
    """Parameters for reading rows. `columns` are those of all fields except the description, whose columns are `texts`.

    - `absent` are the fields for which the caller's mapping says that there is no column.
    - `widths` is the minimum and maximum number of cells of a row; a wider one may have delimiters in a `joinable` text.
    - `debit_factor` is -1 if debits have no sign, `credit_factor` is -1 if credits have a minus sign.
    - `has_sign_words` is true if the type column defines the sign, `has_memo_words` if it also says which rows move no money.
    - `has_negative_credits` is true if credits also have a minus sign beside that word.
    - `are_only_credits_marked` is true if amounts without a sign are debits, because credits have one.
    - `is_flag_pending` is the meaning of "yes" in the column of pending rows.
    - `own_name` is the customer's name among payers and payees; "" if it is not clear.
    - `account` is the key of the selected account of a file with several; "" if there is only one.
    """

    delimiter: str
    header: tuple[str, ...]
    columns: Mapping[str, int]
    texts: tuple[int, ...]
    absent: frozenset[str]
    joinable: tuple[int, ...]
    first_line: int
    widths: tuple[int, int]
    date_format: str
    decimal: str
    currency: str
    debit_factor: int
    credit_factor: int
    has_sign_words: bool
    has_memo_words: bool
    has_negative_credits: bool
    are_only_credits_marked: bool
    is_flag_pending: bool
    own_name: str
    account: str
    accounts: tuple[AccountInfo, ...]
    unused: tuple[str, ...]
    first_rows: tuple[tuple[str, ...], ...]
    warnings: tuple[StatementWarning, ...]

    def as_mapping(self) -> dict[str, MappingValue]:
        """Return a mapping that results in this layout: unique titles, otherwise column numbers from 0."""
        columns: dict[str, MappingValue] = {}
        for field in COLUMNS:
            if field in self.columns:
                columns[field] = self._named(self.columns[field])
            elif field == "description" and self.texts:
                names = [self._named(index) for index in self.texts]
                columns[field] = names[0] if len(names) == 1 else names
            elif field in self.absent:
                columns[field] = None
        return columns | {"date_format": self.date_format, "decimal": self.decimal, "delimiter": self.delimiter}

    def _named(self, index: int) -> str | int:
        title = self.header[index].strip() if index < len(self.header) else ""
        twins = [other for other in self.header if plain_key(other) == plain_key(title)]
        return title if title and len(title) <= MAX_TITLE_LENGTH and len(twins) == 1 else index


def discover(file: DecodedFile) -> CsvLayout:
    """Return the layout of `file`; raise StatementError if its columns, dates, amounts or accounts are ambiguous."""
    wanted = read_mapping(file.source.mapping)
    with file.open_text() as text:
        lines = _sample(text)
    table = find_table(lines, wanted)
    rows = [cells for _, cells in table.rows]
    cells = Columns(rows)
    used = {*table.columns.values(), *table.texts}
    currency = _currency(table, file.default_currency)
    is_whole = len(lines) < _SAMPLE_LINES and sum(map(len, lines)) <= _SAMPLE_CHARACTERS
    accounts = _accounts(file, table, currency, is_whole=is_whole)
    width = max(map(len, rows[:_SHOWN_ROWS]), default=len(table.header))
    return CsvLayout(
        delimiter=table.delimiter,
        header=table.header,
        columns=table.columns,
        texts=table.texts,
        absent=frozenset(field for field, columns in wanted.columns.items() if not columns),
        joinable=joinable_columns(cells, table.columns, table.texts, len(table.header)),
        first_line=table.first_line,
        widths=_widths(table, rows),
        date_format=wanted.date_format or _date_format(file, table),
        decimal=wanted.decimal or file.source.decimal or _decimal(table, rows, currency),
        currency=currency,
        debit_factor=debit_factor(table.columns, rows),
        credit_factor=credit_factor(table.columns, rows),
        has_sign_words=has_sign_words(table.header, table.columns, rows),
        has_memo_words=has_memo_words(table.columns, rows),
        has_negative_credits=has_negative_credits(table.columns, rows),
        are_only_credits_marked=are_only_credits_marked(table.columns, rows),
        is_flag_pending=is_flag_pending(table.header, table.columns),
        own_name=own_name(table.columns, rows),
        account=accounts.choose(file.source.account_hint),
        accounts=accounts.infos,
        unused=unused_columns(table.header, cells, used),
        first_rows=first_rows(rows),
        warnings=tuple(unused_texts(table.header, cells, used, width)),
    )


def _accounts(file: DecodedFile, table: CsvTable, currency: str, *, is_whole: bool) -> Accounts:
    """Return the accounts that the rows of the whole file name."""
    if "account" not in table.columns:
        return Accounts((), currency)
    sample = list(_cells((cells for _, cells in table.rows), table.columns, ["account"]))
    if is_whole or _is_in_every_line(file, table.first_line, set(sample)):
        return Accounts(sample, currency)
    return Accounts(_column(file, table, "account"), currency)


def _is_in_every_line(file: DecodedFile, first_line: int, found: set[str]) -> bool:
    """Return True if the only account of the sample is in every line, so that there is no other; far faster than reading."""
    if len(found) != 1:
        return False
    account = found.pop()
    with file.open_text() as text:
        return all(account in line for line in table_lines(file, text, first_line) if not line.isspace())


def _column(file: DecodedFile, table: CsvTable, field: str) -> Iterator[str]:
    """Yield the filled cells of a column of the whole file."""
    with file.open_text() as text:
        records = read_records(table_lines(file, text, table.first_line), table.delimiter)
        rows = (record[1] for record in records if not isinstance(record, RowError))
        yield from _cells(rows, table.columns, [field])


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


def _cells(rows: Iterable[Sequence[str]], columns: Mapping[str, int], fields: Iterable[str]) -> Iterator[str]:
    indexes = [columns[field] for field in fields if field in columns]
    return (row[index] for row in rows for index in indexes if index < len(row) and row[index].strip())


def _widths(table: CsvTable, rows: Sequence[Sequence[str]]) -> tuple[int, int]:
    """Return the minimum and maximum width; banks may omit trailing cells in all rows or in the header."""
    usual = Counter(map(len, rows)).most_common(1)[0][0] if rows else len(table.header)
    titled = max((index + 1 for index, title in enumerate(table.header) if title.strip()), default=usual)
    needed = max((*table.columns.values(), *table.texts)) + 1
    most = usual
    if table.header and usual > len(table.header) and are_halves(table.delimiter, table.columns, rows):
        most = len(table.header)
    return max(needed, min(titled, usual)), max(needed, len(table.header), most)


def _currency(table: CsvTable, default: str) -> str:
    money = [table.columns[field] for field in _MONEY if field in table.columns]
    titles = [table.header[index] for index in money if index < len(table.header)]
    return next(filter(None, map(currency_in_header, titles)), default)


def _date_format(file: DecodedFile, table: CsvTable) -> str:
    sample = list(_cells((cells for _, cells in table.rows), table.columns, ["date"]))
    order = file.source.date_order
    try:
        return ordered_format(choose_format(sample, lambda: _column(file, table, "date")), order, sample)
    except AmbiguousDatesError as ambiguous:
        formats = {"day_first": ambiguous.day_first, "month_first": ambiguous.month_first}
        if order in formats:
            return formats[order]
        raise ambiguous_dates(ambiguous, sample) from None


def _decimal(table: CsvTable, rows: Sequence[Sequence[str]], currency: str) -> str:
    cells = [cell for cell in _cells(rows, table.columns, _MONEY) if looks_like_money(cell)]
    # Files with decimal commas use another delimiter than the comma.
    mark = decimal_mark(cells, decimals=usual_decimals(currency), is_point_usual=table.delimiter == ",")
    if mark:
        return mark
    raise ambiguous_amounts(cells)
