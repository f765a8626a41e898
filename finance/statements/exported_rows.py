"""Conversion of the rows of our account exports to statement rows, with their texts unchanged."""

import datetime
import re
from collections.abc import Mapping
from decimal import Decimal

from finance.statements.row_validation import CATEGORY_LENGTH, NAME_LENGTH, Draft, checked, checked_balance
from finance.statements.rows import Balances, BrokenCellError, RowError, RowOrError
from finance.statements.text import clean_text

SCHEME = "mingus"  # the kind of ids of all exports: the reference numbers of the exported transactions
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}").fullmatch
_AMOUNT = re.compile(r"-?[0-9]{1,12}(?:\.[0-9]{1,4})?").fullmatch
# Characters that PostgreSQL can't store; a file that was edited may have them.
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
_SHOWN = 40
# The statuses of transactions that move money, by whether they are pending; an import does not know disputes.
STATUSES = {"completed": False, "pending": True, "disputed": False}
_LENGTHS = {"merchant_name": NAME_LENGTH, "reference_number": NAME_LENGTH, "category": CATEGORY_LENGTH}


def exported_row(number: int, fields: Mapping[str, str], default_currency: str) -> RowOrError:
    """Return row `number` of an export, or its error. `fields` have the names of a transaction's; a missing one is empty."""
    try:
        texts = {name: storable(fields.get(name, "")) for name in ("description", *_LENGTHS)}
        for name, length in _LENGTHS.items():
            if len(texts[name]) > length:
                raise BrokenCellError(name, "max_length", f"The text is longer than {length} characters.")
        status = fields.get("status") or "completed"
        if status not in STATUSES:
            message = f"“{clean_text(status, _SHOWN)}” is not one of {', '.join(STATUSES)}, so no money moved."
            raise BrokenCellError("status", "not_executed", message)
        posted = fields.get("posted_date", "")
        row = checked(
            Draft(
                number=number,
                date=_day(fields.get("transaction_date", ""), "date"),
                amount=_amount(fields.get("amount", "")),
                currency=fields.get("currency") or default_currency,
                posted_date=_day(posted, "posted_date") if posted else None,
                is_pending=STATUSES[status],
                kind=fields.get("transaction_type", ""),
            )
        )
    except BrokenCellError as broken:
        return broken.at(number)
    return row._replace(
        description=texts["description"],
        merchant_name=texts["merchant_name"],
        provider_id=texts["reference_number"],
        category=texts["category"],
        kind="",
    )


def storable(text: str) -> str:
    """Return `text` without the characters that PostgreSQL can't store."""
    return _UNSTORABLE.sub("", text)


def exported_balance(ledger: object, day: object, currency: str) -> Balances:
    """Return the closing balance that an export states, with its day if there is one; none if one of them is not valid."""
    try:
        closing = checked_balance(_amount(str(ledger)), currency)
        return Balances(None, closing, currency, closing_date=_day(str(day), "as_of") if day else None, has_accounts_sign=True)
    except BrokenCellError:
        return Balances(None, None, currency)


def incomplete(number: int) -> RowError:
    """Return the error of a row that is cut."""
    return RowError(number, "row", "truncated", "This transaction is incomplete. Export the account again.")


def _day(text: str, field: str) -> datetime.date:
    try:
        if _DAY(text):
            return datetime.date.fromisoformat(text)
    except ValueError:
        pass
    shown = clean_text(text, _SHOWN)
    raise BrokenCellError(field, "bad_date", f"“{shown}” is not a date such as 2026-03-02.")


def _amount(text: str) -> Decimal:
    if _AMOUNT(text):
        return Decimal(text)
    raise BrokenCellError("amount", "bad_amount", f"“{clean_text(text, _SHOWN)}” is not an amount such as -12.50.")
