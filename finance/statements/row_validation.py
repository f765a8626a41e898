"""Validation of parsed rows against the constraints of transactions, for all statement formats."""

import datetime
from dataclasses import dataclass
from decimal import Decimal

from core.currencies import AMOUNT_LIMIT, MINOR_UNITS, TooManyDecimalsError, in_minor_units, minor_units, rounded
from finance.statements.rows import BrokenCellError, Correction, StatementRow, TransactionType
from finance.statements.text import clean_text

FIRST_DAY = datetime.date(1900, 1, 1)
LAST_DAY = datetime.date(2200, 12, 31)
SHOWN_DIGITS = 20
DESCRIPTION_LENGTH = 2_000
NAME_LENGTH = 255
CATEGORY_LENGTH = 100
PAYEE_LENGTH = 100
NOTE_LENGTH = 2_000
TAG_LENGTH = 50
MAX_TAGS = 30
MAX_PARTS = 50

_TYPES: dict[str, TransactionType] = {
    "income": "income", "expense": "expense", "transfer": "transfer", "refund": "refund", "fee": "fee"
}  # fmt: skip
_NEEDS_POSITIVE = frozenset({"income", "refund"})
_NEEDS_NEGATIVE = frozenset({"expense", "fee"})


@dataclass(slots=True)
class Draft:
    """A parsed row before validation; `kind` is the preferred transaction type or ""."""

    number: int
    date: datetime.date
    amount: Decimal
    currency: str
    description: str = ""
    merchant_name: str = ""
    provider_id: str = ""
    posted_date: datetime.date | None = None
    is_pending: bool = False
    kind: str = ""
    category: str = ""
    correction: Correction | None = None


def checked(draft: Draft) -> StatementRow:
    """Return `draft` as a valid row; raise BrokenCellError for the first rule that it violates."""
    correction = draft.correction
    if correction is not None:
        correction = correction._replace(provider_id=checked_provider_id(correction.provider_id))
    is_deletion = correction is not None and correction.action == "delete"
    currency = checked_currency(draft.currency)
    amount = rounded(Decimal(0), currency) if is_deletion else checked_amount(draft.amount, currency)
    return StatementRow(
        number=draft.number,
        date=checked_date(draft.date, "date"),
        amount=amount,
        currency=currency,
        description=clean_text(draft.description, DESCRIPTION_LENGTH),
        merchant_name=clean_text(draft.merchant_name, NAME_LENGTH),
        provider_id=checked_provider_id(draft.provider_id),
        posted_date=draft.posted_date and checked_date(draft.posted_date, "posted_date"),
        is_pending=draft.is_pending,
        transaction_type=type_of(draft.kind, amount),
        category=clean_text(draft.category, CATEGORY_LENGTH),
        correction=correction,
        kind=draft.kind,
    )


def checked_amount(amount: Decimal, currency: str) -> Decimal:
    """Return `amount` with the decimals of its currency; raise BrokenCellError if it is invalid or would have to be rounded."""
    if not amount.is_finite():
        raise BrokenCellError("amount", "bad_amount", f"“{amount}” is not an amount of money.")
    if not amount:
        raise BrokenCellError("amount", "zero_amount", "The amount is zero, so there is nothing to import.")
    if amount.copy_abs() >= AMOUNT_LIMIT:
        raise BrokenCellError("amount", "amount_too_large", f"The amount must be smaller than {AMOUNT_LIMIT:,}.")
    try:
        return in_minor_units(amount, currency)
    except TooManyDecimalsError:
        shown = str(amount) if len(str(amount)) <= SHOWN_DIGITS else "The amount"
        message = f"{shown} has more decimals than {currency}, which has {minor_units(currency) or 'none'}."
        raise BrokenCellError("amount", "too_many_decimals", message) from None


def checked_balance(amount: Decimal, currency: str) -> Decimal | None:
    """Return a balance with the decimals of its currency; None if it has more or is too large."""
    if not amount.is_finite() or amount.copy_abs() >= AMOUNT_LIMIT:
        return None
    try:
        return in_minor_units(amount, currency)
    except TooManyDecimalsError:
        return None


def checked_date(day: datetime.date, field: str) -> datetime.date:
    """Return `day`; raise BrokenCellError at `field` unless it is between 1900 and 2200."""
    if FIRST_DAY <= day <= LAST_DAY:
        return day
    raise BrokenCellError(field, "date_out_of_range", f"{day.isoformat()} is not between 1900 and 2200.")


def checked_currency(code: str) -> str:
    """Return `code` in upper case; raise BrokenCellError unless it is an ISO 4217 code."""
    if code in MINOR_UNITS:
        return code
    upper = code.strip().upper()
    if upper in MINOR_UNITS:
        return upper
    raise BrokenCellError("currency", "unknown_currency", f"“{clean_text(code, 20)}” is not an ISO 4217 currency code.")


def checked_provider_id(text: str) -> str:
    """Return the bank's id, cleaned but never truncated: two long ids with the same start would become one transaction."""
    clean = clean_text(text, NAME_LENGTH + 1)
    if len(clean) <= NAME_LENGTH:
        return clean
    raise BrokenCellError("provider_id", "provider_id_too_long", f"The bank's id is longer than {NAME_LENGTH} characters.")


def type_of(kind: str, amount: Decimal) -> TransactionType:
    """Return `kind` if the sign of `amount` allows it, otherwise income or expense; a positive fee is a refund."""
    if kind == "fee" and amount > 0:
        return "refund"
    wanted = _TYPES.get(kind)
    if wanted is None or wanted in (_NEEDS_NEGATIVE if amount > 0 else _NEEDS_POSITIVE):
        return "income" if amount > 0 else "expense"
    return wanted
