"""Detection of the table in a CSV file: its delimiter, its header below any preamble, and its first row."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from finance.statements.amounts import looks_like_money
from finance.statements.csv_accounts import find_account
from finance.statements.csv_cells import Columns
from finance.statements.csv_columns import Found, columns_titled, guess_columns, listed, resolve
from finance.statements.csv_headerless import guess_by_cells
from finance.statements.csv_mapping import DELIMITERS, ColumnMapping
from finance.statements.csv_records import Record, read_records
from finance.statements.csv_texts import find_texts
from finance.statements.dates import looks_like_date
from finance.statements.rows import RowError, StatementError

# Some banks print their address, the account and the period above the table, but never this many lines.
_MAX_PREAMBLE = 60
_MAX_COLUMNS = 256
_MIN_COLUMNS = 2


@dataclass(frozen=True, slots=True)
class CsvTable:
    """A table. `header` is empty if there is none, `first_line` is the line of the first row, `rows` is a sample.

    `columns` are those of all fields except the description, whose columns are `texts`.
    """

    delimiter: str
    header: tuple[str, ...]
    columns: Found
    texts: tuple[int, ...]
    first_line: int
    rows: tuple[Record, ...]


def find_table(lines: Sequence[str], wanted: ColumnMapping) -> CsvTable:
    """Return the table in `lines`, the beginning of a file, according to the mapping `wanted`.

    Raise StatementError with the columns found if those for date and amount cannot be determined.
    """
    readings = [(delimiter, _records(lines, delimiter)) for delimiter in wanted.delimiter or DELIMITERS]
    tables = [table for delimiter, records in readings if (table := _table(delimiter, records, wanted))]
    if not tables:
        raise _not_found([records for _, records in readings], wanted)
    return max(tables, key=lambda table: (len(table.columns), len(table.texts)))


def _records(lines: Iterable[str], delimiter: str) -> list[Record]:
    records = [record for record in read_records(lines, delimiter) if not isinstance(record, RowError)]
    return [record for record in records if len(record[1]) <= _MAX_COLUMNS]


def _table(delimiter: str, records: Sequence[Record], wanted: ColumnMapping) -> CsvTable | None:
    if wanted.is_by_number and not wanted.titles:
        return _by_number(delimiter, records, wanted)
    return _with_header(delimiter, records, wanted) or _without_header(delimiter, records, wanted)


def _with_header(delimiter: str, records: Sequence[Record], wanted: ColumnMapping) -> CsvTable | None:
    """Return the table below the first record that is a header; if its cells are invalid, below the first that may be one."""
    for strict in (True, False):
        for position, (line, header) in enumerate(records[:_MAX_PREAMBLE]):
            if not _reaches(wanted, len(header)) or not all(columns_titled(title, header) for title in wanted.titles):
                continue
            rows = records[position + 1 :]
            cells = Columns([cells for _, cells in rows])
            resolved = resolve(wanted, header, len(header))
            columns = guess_columns(header, cells, _single(resolved), strict=strict)
            if _is_complete(columns, wanted):
                # not the line of the next valid record, because invalid ones before it would not be reported
                first_line = line + 1 + sum(cell.count("\n") for cell in header)
                if "account" not in resolved and (account := find_account(header, cells, columns)) is not None:
                    columns["account"] = account
                texts = resolved.get("description")
                if texts is None:
                    texts = find_texts(header, cells, columns, len(header))
                return CsvTable(delimiter, tuple(header), columns, texts, first_line, tuple(rows))
    return None


def _single(resolved: Mapping[str, tuple[int, ...]]) -> dict[str, int | None]:
    """Return the fields that have one column, or none."""
    return {field: next(iter(indexes), None) for field, indexes in resolved.items() if field != "description"}


def _is_complete(columns: Found, wanted: ColumnMapping) -> bool:
    """Return True for sufficient columns; only a mapping may have debit without credit or vice versa, a guess may not."""
    lone_half = bool(wanted.columns.get("debit") or wanted.columns.get("credit"))
    return "date" in columns and (lone_half or "amount" in columns or {"debit", "credit"} <= columns.keys())


def _reaches(wanted: ColumnMapping, width: int) -> bool:
    """Return True if `width` suffices for a date and an amount and for all columns given by number."""
    return width >= _MIN_COLUMNS and all(number < width for number in wanted.numbers)


def _without_header(delimiter: str, records: Sequence[Record], wanted: ColumnMapping) -> CsvTable | None:
    """Return the table if the first record is a row; otherwise an unknown header would be read as an invalid row."""
    if wanted.titles or not records or not any(map(looks_like_date, records[0][1])):
        return None
    width = Counter(len(cells) for _, cells in records).most_common(1)[0][0]
    if not _reaches(wanted, width):
        return None
    resolved = resolve(wanted, (), width)
    columns, texts = guess_by_cells([cells for _, cells in records if len(cells) == width], width, _single(resolved))
    if not _is_complete(columns, wanted):
        return None
    return CsvTable(delimiter, (), columns, resolved.get("description", texts), records[0][0], tuple(records))


def _by_number(delimiter: str, records: Sequence[Record], wanted: ColumnMapping) -> CsvTable | None:
    """Return the table that begins at the first record with a date or an amount in its column."""
    width = _breadth(records)
    if not _reaches(wanted, width):
        return None
    resolved = resolve(wanted, (), width)
    columns = {field: index for field, index in _single(resolved).items() if index is not None}
    money = [columns[field] for field in ("amount", "debit", "credit") if field in columns]
    for position, (line, cells) in enumerate(records[:_MAX_PREAMBLE]):
        if _is_row(cells, columns["date"], money):
            return CsvTable(delimiter, (), columns, resolved.get("description", ()), line, tuple(records[position:]))
    return None


def _is_row(cells: Sequence[str], date: int, money: Sequence[int]) -> bool:
    if len(cells) > date and looks_like_date(cells[date]):
        return True
    return any(looks_like_money(cells[index]) for index in money if index < len(cells))


def _not_found(readings: Sequence[Sequence[Record]], wanted: ColumnMapping) -> StatementError:
    """Return the error to report, with the columns of the likeliest header; raise the error of an invalid mapping."""
    records = max(readings, key=_breadth)
    candidates = [cells for _, cells in records[:_MAX_PREAMBLE]]
    header = max(candidates, key=len, default=[])
    if wanted.columns:
        resolve(wanted, header, len(header))
    message = f"The columns of the date and the amount were not found. {listed(header)} Send a mapping that names them."
    return StatementError("unknown_columns", message)


def _breadth(records: Sequence[Record]) -> int:
    return max((len(cells) for _, cells in records), default=0)
