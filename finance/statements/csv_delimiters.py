"""Delimiters that are not quoted: in texts, whose columns may be joined, and in amounts, which are never joined."""

import re
from collections.abc import Mapping, Sequence

from finance.statements.csv_cells import Columns

_continues_number = re.compile(r"[0-9]{2,3}(?:[.,][0-9]+| ?[-+)€$£%]| ?[A-Za-z]{0,3})?").fullmatch
_MONEY = ("amount", "debit", "credit", "balance")


def joinable_columns(cells: Columns, columns: Mapping[str, int], texts: Sequence[int], width: int) -> tuple[int, ...]:
    """Return the columns of texts, which may contain delimiters."""
    named = {columns[field] for field in ("merchant_name", "payer", "payee", "category") if field in columns}
    others = (index for index in range(width) if index not in columns.values() and cells[index].is_text)
    return tuple(sorted({*texts, *named, *others}))


def are_halves(delimiter: str, columns: Mapping[str, int], rows: Sequence[Sequence[str]]) -> bool:
    """Return True if most rows have an amount without quotes that the delimiter, its decimal mark, cuts in halves."""
    if delimiter not in ",.":
        return False
    money = [columns[field] for field in _MONEY if field in columns]
    halved = (any(len(row) > index + 1 and may_be_halves(row[index], row[index + 1]) for index in money) for row in rows)
    return sum(halved) * 2 > len(rows)


def may_be_halves(left: str, right: str) -> bool:
    """Return True if two neighboring cells may be an amount that the delimiter cuts, such as "12" and "50"."""
    return left.strip()[-1:].isdigit() and _continues_number(right.strip()) is not None
