"""Detection of the columns of a CSV file by the caller's mapping, by their titles, or without a header by their cells."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from finance.statements.amounts import decimal_mark, looks_like_money, read_money
from finance.statements.csv_mapping import MAX_TITLE_LENGTH, ColumnMapping
from finance.statements.csv_names import COLUMN_NAMES
from finance.statements.csv_records import Record
from finance.statements.currencies import currency_in_header, currency_named
from finance.statements.dates import looks_like_date
from finance.statements.rows import BrokenCellError, StatementError
from finance.statements.text import clean_text, plain_key

_IN_BRACKETS = re.compile(rf"[(\[][^)\]]{{0,{MAX_TITLE_LENGTH}}}[)\]]")
_SHOWN_COLUMNS = 40
_SHOWN = 40
# "Valuta" means currency in Italian and Dutch and value date in German, so it is decided by the cells.
_AMBIGUOUS_TITLE = "valuta"
_PROOF = 2

Columns = dict[str, int]
Cells = Sequence[Sequence[str]]


def guess_columns(header: Sequence[str], rows: Cells = (), taken: Mapping[str, int | None] | None = None) -> Columns:
    """Return {field: index} of the columns with known titles. `taken` fields are fixed; None means that there is no column."""
    keys = _positions(header)
    columns: Columns = {field: index for field, index in (taken or {}).items() if index is not None}
    for field in _guess_order(taken or {}):
        found = (index for name in COLUMN_NAMES[field] for index in keys.get(name, ()))
        index = next((index for index in found if _is_free(field, index, columns, header, rows)), None)
        if index is not None:
            columns[field] = index
    return columns


def _positions(header: Sequence[str]) -> dict[str, list[int]]:
    keys: dict[str, list[int]] = {}
    for index, title in enumerate(header):
        keys.setdefault(_key(title), []).append(index)
    return keys


def _guess_order(taken: Mapping[str, int | None]) -> list[str]:
    """Return the fields to guess: currency first because of "Valuta", and either amount or debit and credit."""
    order = ["currency", *(field for field in COLUMN_NAMES if field != "currency")]
    if taken.get("amount") is not None:
        order = [field for field in order if field not in ("debit", "credit")]
    if taken.get("debit") is not None or taken.get("credit") is not None:
        order = [field for field in order if field != "amount"]
    return [field for field in order if field not in taken]


def _key(title: str) -> str:
    """Return the key of a title without its currency: "Betrag (EUR)", "Amount in USD" and "Amount USD" are amounts."""
    title = title[:MAX_TITLE_LENGTH]
    key = plain_key(_IN_BRACKETS.sub(" ", title)) or plain_key(title)
    currency = currency_in_header(title).lower()
    return key.removesuffix(currency).strip().removesuffix(" in").strip() if currency and key != currency else key


def _is_free(field: str, index: int, columns: Columns, header: Sequence[str], rows: Cells) -> bool:
    if index in columns.values():
        return False
    if field == "currency" and _key(header[index]) == _AMBIGUOUS_TITLE:
        return any(currency_named(row[index].strip()) is not None for row in rows if index < len(row))
    if field != "provider_id":
        return True
    # Rows with the same id become one transaction, so an "ID" that different rows share (a customer id) must not be used.
    rows_by_id: dict[str, Sequence[str]] = {}
    return all(rows_by_id.setdefault(row[index], row) == row for row in rows if index < len(row) and row[index].strip())


def choose_amount_columns(columns: Columns) -> Columns:
    """Return `columns` with either debit and credit, preferred because they define the sign, or amount."""
    if "debit" in columns and "credit" in columns:
        return {field: index for field, index in columns.items() if field != "amount"}
    if "amount" in columns:
        return {field: index for field, index in columns.items() if field not in ("debit", "credit")}
    return columns


def is_enough(columns: Columns) -> bool:
    """Return True if the columns suffice to read rows: date, and amount or both debit and credit."""
    return "date" in columns and ("amount" in columns or {"debit", "credit"} <= columns.keys())


def columns_titled(title: str, header: Sequence[str]) -> list[int]:
    """Return the indexes of the columns with exactly this title, or else those equal except for case and punctuation."""
    key = plain_key(title)
    exact = [index for index, cell in enumerate(header) if cell.strip() == title.strip()]
    return exact or [index for index, cell in enumerate(header) if plain_key(cell[:MAX_TITLE_LENGTH]) == key != ""]


def resolve(wanted: ColumnMapping, header: Sequence[str], width: int) -> dict[str, int | None]:
    """Return the mapping's columns as indexes; raise StatementError with the key whose column is not in the file."""
    return {field: _index(field, value, header, width) for field, value in wanted.columns.items()}


def _index(field: str, value: str | int | None, header: Sequence[str], width: int) -> int | None:
    if value is None:
        return None
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


@dataclass(frozen=True, slots=True)
class _Column:
    index: int
    cells: list[str]

    def all_are(self, test: Callable[[str], bool]) -> bool:
        filled = [cell for cell in self.cells if cell.strip()]
        return bool(filled) and all(map(test, filled))

    def length(self) -> int:
        return sum(map(len, self.cells))


def guess_by_cells(records: Sequence[Record]) -> Columns:
    """Return the columns of a file without a header; ambiguous ones are left out."""
    width = min((len(cells) for _, cells in records), default=0)
    columns = [_Column(index, [cells[index] for _, cells in records]) for index in range(width)]
    dates = [column for column in columns if column.all_are(looks_like_date)]
    money = [column for column in columns if column not in dates and column.all_are(looks_like_money)]
    texts = [column for column in columns if column not in dates and column not in money]
    found: Columns = {"date": dates[0].index} if dates else {}
    found.update(_amount_and_balance(money))
    if texts:
        found["description"] = max(texts, key=_Column.length).index
    return found


def _amount_and_balance(money: Sequence[_Column]) -> Columns:
    if len(money) == 1:
        return {"amount": money[0].index}
    for amount in money:
        for balance in money:
            if amount is not balance and _proves(amount.cells, balance.cells):
                return {"amount": amount.index, "balance": balance.index}
    return {}


def _proves(amounts: Sequence[str], balances: Sequence[str]) -> bool:
    """Return True if each balance is the previous one (newest first: the next one) plus its amount in three rows or more."""
    mark = decimal_mark([*amounts, *balances], has_cents=True, is_point_usual=True) or "."
    try:
        parts = [_value(cell, mark) for cell in amounts]
        totals = [_value(cell, mark) for cell in balances]
    except BrokenCellError:
        return False
    steps = range(1, len(totals))
    oldest_first = all(totals[step] - totals[step - 1] == parts[step] for step in steps)
    newest_first = all(totals[step - 1] - totals[step] == parts[step - 1] for step in steps)
    return len(totals) > _PROOF and (oldest_first or newest_first)


def _value(cell: str, mark: str) -> Decimal:
    return read_money(cell, mark).amount
