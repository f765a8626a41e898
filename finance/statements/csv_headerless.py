"""Detection of the columns of a CSV file without a header, by its cells only. What is not proved is refused."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from itertools import permutations

from finance.statements.amounts import decimal_mark, fold, read_money
from finance.statements.csv_cells import Columns
from finance.statements.csv_columns import Found
from finance.statements.csv_texts import find_texts
from finance.statements.rows import BrokenCellError, StatementError

_PROOF = 3
_SHORT_PROOF = 2
# More columns of numbers than this are not compared with each other.
_MAX_MONEY = 12
_ONE_OF_TWO = {(True, False), (False, True)}


def guess_by_cells(rows: Sequence[Sequence[str]], width: int, taken: Mapping[str, int | None]) -> tuple[Found, tuple[int, ...]]:
    """Return the columns, and the columns of the description. Ambiguous ones are left out; `taken` ones are fixed."""
    cells = Columns(rows)
    found: Found = {field: index for field, index in taken.items() if index is not None}
    free = [index for index in range(width) if index not in found.values()]
    dates = [index for index in free if cells[index].is_dates]
    money = [index for index in free if index not in dates and cells[index].is_money]
    texts = [index for index in free if index not in dates and index not in money and cells[index].filled]
    if "date" not in taken and dates:
        found["date"] = dates[0]
    if not {"amount", "debit", "credit"} & taken.keys():
        found |= _money(rows, cells, money, free)
    currencies = [index for index in texts if cells[index].is_currencies]
    if "currency" not in taken and "amount" in found:
        beside = [index for index in (found["amount"] + 1, found["amount"] - 1) if index in currencies]
        found |= dict(zip(("currency",), beside, strict=False))
    signs = [index for index in texts if cells[index].is_signs]
    if "type" not in taken and len(signs) == 1:
        found["type"] = signs[0]
    return found, find_texts((), cells, found, width)


def _money(rows: Sequence[Sequence[str]], cells: Columns, money: Sequence[int], free: Sequence[int]) -> Found:
    """Return the columns of the amount and the balance, or of debit, credit and the balance."""
    if len(money) == 1:
        _refuse_lone_half(cells, money[0], free)
        return {"amount": money[0]}
    full = [index for index in money if all(row[index].strip() for row in rows)][:_MAX_MONEY]
    halves = _halves(rows, money, full)
    if halves:
        return halves
    values = _values(rows, full)
    proved = [
        (amount, balance, after)
        for amount, balance in permutations(values, 2)
        if (after := _proves(values[amount], values[balance])) is not None
    ]
    amounts = {amount for amount, _, _ in proved}
    if len(amounts) == 1:
        amount, balance, after = proved[0]
        return {"amount": amount, "balance": balance} if after else {"amount": amount}
    # the others are numbers of checks or terminals, which never have decimals
    decimals = [index for index in money if any(map(_has_decimals, cells[index].filled))]
    return {"amount": decimals[0]} if not proved and len(decimals) == 1 and cells[decimals[0]].all_are(_has_decimals) else {}


def _refuse_lone_half(cells: Columns, amount: int, free: Sequence[int]) -> None:
    """Raise StatementError if amounts without a sign may be debits beside a column of credits that is empty."""
    if amount + 1 in free and not cells[amount + 1].filled and not any(map(_is_signed, cells[amount].filled)):
        raise StatementError(
            "unknown_columns",
            f"The file has no header, and its amounts have no sign: column {amount} may contain debits and the empty column "
            f'{amount + 1} credits. Send mapping {{"date": …, "debit": {amount}, "credit": {amount + 1}}}, '
            f'or {{"date": …, "amount": {amount}}}.',
        )


def _is_signed(cell: str) -> bool:
    return any(not character.isdigit() and character not in ".,' $€£" for character in fold(cell))


def _has_decimals(cell: str) -> bool:
    return fold(cell)[-3:-2] in (".", ",")


def _is_zero(cell: str) -> bool:
    return not cell.strip(" 0.,")


def _halves(rows: Sequence[Sequence[str]], money: Sequence[int], full: Sequence[int]) -> Found:
    """Return debit and credit, two neighboring columns of which each row fills one, and the balance right of them.

    A zero counts as empty if no column is empty in some rows.
    """
    neighbors = [(debit, credit) for debit, credit in zip(money, money[1:], strict=False) if credit == debit + 1]
    pairs = [
        (debit, credit)
        for debit, credit in neighbors
        if all(bool(row[debit].strip()) != bool(row[credit].strip()) for row in rows)
    ]
    pairs = pairs or [
        (debit, credit)
        for debit, credit in neighbors
        if {(_is_zero(row[debit]), _is_zero(row[credit])) for row in rows} == _ONE_OF_TWO
    ]
    if len(pairs) != 1:
        return {}
    debit, credit = pairs[0]
    # every bank without a header writes debits first
    balance = {"balance": credit + 1} if credit + 1 in full else {}
    return {"debit": debit, "credit": credit} | balance


def _proves(parts: Sequence[Decimal], totals: Sequence[Decimal]) -> bool | None:
    """Return True if each balance is the one before plus the amount, False if it is the one before the amount, else None."""
    if not all(parts) or len(parts) < (_SHORT_PROOF if any(part % 1 for part in parts) else _PROOF):
        return None
    steps = [later - earlier for earlier, later in zip(totals, totals[1:], strict=False)]
    downward = [-step for step in steps]
    if steps == parts[1:] or downward == parts[:-1]:
        return True
    return False if steps == parts[:-1] or downward == parts[1:] else None


def _values(rows: Sequence[Sequence[str]], columns: Sequence[int]) -> dict[int, list[Decimal]]:
    """Return the amounts of the columns that have only amounts."""
    mark = decimal_mark([row[index] for row in rows for index in columns], decimals=2, is_point_usual=True) or "."
    values: dict[int, list[Decimal]] = {}
    for index in columns:
        try:
            values[index] = [read_money(row[index], mark).amount for row in rows]
        except BrokenCellError:
            continue
    return values
