"""Payee, note, tags and parts that a person has added to transactions, and how our own exports state them."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import NamedTuple

from finance.statements.exported_rows import exported_row, storable
from finance.statements.row_validation import CATEGORY_LENGTH, MAX_PARTS, MAX_TAGS, NOTE_LENGTH, PAYEE_LENGTH, TAG_LENGTH
from finance.statements.rows import BrokenCellError, RowError, StatementRow

READ_AGAIN = "Send the export as it was downloaded."
ANY_DAY = "2000-01-01"


class MovedPart(NamedTuple):
    """A part of a transaction. `category` is a name, "" if there is none; `amount` has the decimals of the currency."""

    amount: Decimal
    category: str
    note: str
    tags: tuple[str, ...] = ()


class MovedRow(NamedTuple):
    """A transaction of another app or of our own export with what a person has added to it; "" if nothing.

    `transfer_to` is the account that the file names as the other side of a transfer. The `parts` add up to the amount of `row`,
    whose category is "" then.
    """

    row: StatementRow
    payee: str = ""
    note: str = ""
    tags: tuple[str, ...] = ()
    parts: tuple[MovedPart, ...] = ()
    transfer_to: str = ""


def with_additions(row: StatementRow, values: Mapping[str, object], parts: Sequence[Mapping[str, object]]) -> MovedRow:
    """Return a row of our own export with its payee, note, tags and parts. Raise BrokenCellError if one is invalid."""
    stored = tuple(_part(part, row.currency) for part in parts)
    total = sum((part.amount for part in stored), Decimal(0))
    if stored and total != row.amount:
        message = f"The parts add up to {total}, but the transaction is {row.amount}. {READ_AGAIN}"
        raise BrokenCellError("amount", "other_sum", message)
    if len(stored) > MAX_PARTS or (stored and row.transaction_type == "transfer"):
        message = f"A transaction has at most {MAX_PARTS} parts, and a transfer none. {READ_AGAIN}"
        raise BrokenCellError("splits", "too_many_parts", message)
    return MovedRow(
        row._replace(category="") if stored else row,
        payee=_text(values.get("payee"), "payee", PAYEE_LENGTH),
        note=_text(values.get("note"), "note", NOTE_LENGTH),
        tags=_tags(values.get("tags")),
        parts=stored,
    )


def _part(part: Mapping[str, object], currency: str) -> MovedPart:
    amount = part.get("amount")
    stated = exported_row(0, {"transaction_date": ANY_DAY, "amount": amount if isinstance(amount, str) else ""}, currency)
    if isinstance(stated, RowError):
        raise BrokenCellError("amount", stated.code, stated.message)
    category = _text(part.get("category"), "category", CATEGORY_LENGTH)
    return MovedPart(stated.amount, category, _text(part.get("note"), "note", NOTE_LENGTH), _tags(part.get("tags")))


def _text(value: object, field: str, limit: int) -> str:
    """Return a text, "" for None; raise BrokenCellError at `field` for another type or a text that is too long."""
    text = "" if value is None else value
    if not isinstance(text, str) or len(text) > limit:
        raise BrokenCellError(field, "max_length", f"{field} is no text of at most {limit:,} characters. {READ_AGAIN}")
    return storable(text)


def _tags(value: object) -> tuple[str, ...]:
    """Return tags; raise BrokenCellError if they are no list of names."""
    tags = [] if value is None else value
    if not isinstance(tags, list) or len(tags) > MAX_TAGS:
        raise BrokenCellError("tags", "bad_tags", f"tags is no list of at most {MAX_TAGS} names. {READ_AGAIN}")
    return tuple(filter(None, (_text(tag, "tags", TAG_LENGTH).strip() for tag in tags)))
