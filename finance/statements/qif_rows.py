"""Conversion of QIF records to statement rows."""

from collections.abc import Iterator
from decimal import Decimal

from finance.statements.file_amounts import AmountReader
from finance.statements.qif_dates import QifDates
from finance.statements.qif_records import Record
from finance.statements.row_validation import Draft, checked
from finance.statements.rows import BrokenCellError, RowError, RowOrError
from finance.statements.text import clean_text, join_texts

_SPLIT_CATEGORY = frozenset({"--split--", "|--split--|", "-split-"})
_OPENING = frozenset({"opening balance", "anfangsbestand", "solde initial", "saldo iniziale", "beginsaldo"})
_MAX_TEXT = 4_000
_SHOWN = 40


def read_record(record: Record, dates: QifDates, amounts: AmountReader, currency: str) -> RowOrError:
    """Return the row of `record`, or its error."""
    if not record.is_complete:
        return RowError(record.number, "row", "truncated", "This transaction is incomplete. Export the file again.")
    try:
        return checked(_draft(record, dates, amounts, currency))
    except BrokenCellError as broken:
        return broken.at(record.number)


def _draft(record: Record, dates: QifDates, amounts: AmountReader, currency: str) -> Draft:
    cell = record.first("D")
    day = dates.read(cell)
    if day is None:
        shown = clean_text(cell, _SHOWN)
        code = "bad_date" if shown else "missing_date"
        raise BrokenCellError("date", code, f"“{shown}” is not a date." if shown else "The date is missing.")
    money = amounts.read(_amount_of(record))
    splits = list(_splits(record))
    _check_splits(splits, amounts, money.amount)
    payee = clean_text(record.first("P"), _MAX_TEXT)
    category = clean_text(record.first("L"), _MAX_TEXT)
    transfer = transfer_account(category)
    return Draft(
        number=record.number,
        date=day,
        amount=money.amount,
        currency=money.currency or currency,
        description=_description(record, payee, transfer, splits),
        merchant_name=payee,
        posted_date=day,
        kind="transfer" if transfer else "",
        category="" if transfer or category.lower() in _SPLIT_CATEGORY else category,
    )


def _amount_of(record: Record) -> str:
    return (record.first("T") or record.first("U")).strip()


def read_opening(record: Record, amounts: AmountReader) -> Decimal | None:
    """Return the balance in the record with which Quicken begins an account; None for a transaction."""
    if clean_text(record.first("P"), _SHOWN).lower() not in _OPENING or not transfer_account(record.first("L").strip()):
        return None
    try:
        return amounts.read(_amount_of(record)).amount
    except BrokenCellError:
        return None


def transfer_account(category: str) -> str:
    """Return the other account of a transfer, such as L[Savings/Joint]; "" for a category."""
    end = category.rfind("]")
    return category[1:end].strip() if category.startswith("[") and end > 0 else ""


def _splits(record: Record) -> Iterator[tuple[str, str, str]]:
    """Yield category, memo and amount of each split."""
    category, memo, amount = "", "", ""
    is_open = False
    for letter, value in record.lines:
        if letter == "S":
            if is_open:
                yield category, memo, amount
            category, memo, amount, is_open = value.strip(), "", "", True
        elif letter == "E" and is_open:
            memo = value.strip()
        elif letter == "$" and is_open:
            amount = value.strip()
    if is_open:
        yield category, memo, amount


def _check_splits(splits: list[tuple[str, str, str]], amounts: AmountReader, total: Decimal) -> None:
    parts = [amounts.read(amount).amount for _, _, amount in splits if amount]
    if parts and sum(parts) != total:
        message = f"The splits add up to {sum(parts)}, but the amount is {total}. Correct the transaction and export it again."
        raise BrokenCellError("amount", "splits_differ", message)


def _description(record: Record, payee: str, transfer: str, splits: list[tuple[str, str, str]]) -> str:
    """Return payee and memo, or what else is known, with the lines of the splits."""
    text = join_texts(payee, clean_text(record.first("M"), _MAX_TEXT))
    number = clean_text(record.first("N"), _SHOWN)
    if not text and transfer:
        text = f"Transfer: {transfer}"
    if not text and number.isdigit():
        text = f"Check {number}"
    lines = ["; ".join(filter(None, split)) for split in splits if any(split)]
    return " | ".join(filter(None, [text, *lines]))
