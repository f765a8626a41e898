"""Which column of a CSV file holds what: by its title, by the caller's mapping, or, without a header, by its cells."""

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

_IN_BRACKETS = re.compile(r"[(\[].*?[)\]]")
_SHOWN_COLUMNS = 40
_SHOWN = 40
# "Valuta" is a currency in Italian and Dutch and a day in German; only the cells can tell.
_AMBIGUOUS_TITLE = "valuta"
_PROOF = 2

Columns = dict[str, int]
Cells = Sequence[Sequence[str]]


def guess_columns(header: Sequence[str], rows: Cells = (), taken: Mapping[str, int | None] | None = None) -> Columns:
    """Field to index of the columns whose titles are known; `taken` are fields that are settled, None for "has none"."""
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
    """Currency first, because of "Valuta"; an amount is not looked for twice, nor a lone half of debit and credit."""
    order = ["currency", *(field for field in COLUMN_NAMES if field != "currency")]
    if taken.get("amount") is not None:
        order = [field for field in order if field not in ("debit", "credit")]
    if taken.get("debit") is not None or taken.get("credit") is not None:
        order = [field for field in order if field != "amount"]
    return [field for field in order if field not in taken]


def _key(title: str) -> str:
    """A title without what is added to it: "Betrag (EUR)", "Amount in USD" and "Amount USD" are amounts."""
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
    # Rows with one id become one transaction, so an "ID" that several rows share (a customer's) must not be taken.
    rows_by_id: dict[str, Sequence[str]] = {}
    return all(rows_by_id.setdefault(row[index], row) == row for row in rows if index < len(row) and row[index].strip())


def settle_amount(columns: Columns) -> Columns:
    """`columns` with one way of saying amounts: debit and credit where both exist, as they carry the sign."""
    if "debit" in columns and "credit" in columns:
        return {field: index for field, index in columns.items() if field != "amount"}
    if "amount" in columns:
        return {field: index for field, index in columns.items() if field not in ("debit", "credit")}
    return columns


def is_enough(columns: Columns) -> bool:
    """Whether rows can be read: a date, and an amount or both debit and credit."""
    return "date" in columns and ("amount" in columns or {"debit", "credit"} <= columns.keys())


def columns_titled(title: str, header: Sequence[str]) -> list[int]:
    """Return the indexes of the columns with this title: to the letter, else but for case and punctuation."""
    key = plain_key(title)
    exact = [index for index, cell in enumerate(header) if cell.strip() == title.strip()]
    return exact or [index for index, cell in enumerate(header) if plain_key(cell[:MAX_TITLE_LENGTH]) == key != ""]


def resolve(wanted: ColumnMapping, header: Sequence[str], width: int) -> dict[str, int | None]:
    """The mapping's columns as indexes; raises `StatementError` naming the key whose column is not in the file."""
    return {field: _index(field, value, header, width) for field, value in wanted.columns.items()}


def _index(field: str, value: str | int | None, header: Sequence[str], width: int) -> int | None:
    if value is None:
        return None
    if isinstance(value, int):
        if value < width:
            return value
        raise StatementError("unknown_columns", f"mapping.{field}: there is no column {value}; the last one is {width - 1}.")
    matching = columns_titled(value, header)
    if len(matching) == 1:
        return matching[0]
    problem = "is several columns; give its number from 0" if matching else "is not a column of the file"
    shown = clean_text(value, _SHOWN)
    raise StatementError("unknown_columns", f"mapping.{field}: “{shown}” {problem}. {listed(header)}")


def listed(header: Sequence[str]) -> str:
    """A sentence with the columns found, so that a mapping can be written from the error alone."""
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
    """Columns of a file without a header, where only one reading is possible; incomplete where several are."""
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
    """Whether each balance is the one before (or after, newest first) plus its amount; two rows or more must agree."""
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
