"""Validation of parsed rows against the constraints of transactions, for all statement formats."""

import datetime
from dataclasses import dataclass
from decimal import Context, Decimal

from core.currencies import ISO_4217
from finance.statements.rows import BrokenCellError, Correction, StatementRow, TransactionType
from finance.statements.text import clean_text

FIRST_DAY = datetime.date(1900, 1, 1)
LAST_DAY = datetime.date(2200, 12, 31)
# decimal(12, 2) in the database has ten digits before the decimal point.
INTEGER_DIGITS = 10
_CENT = Decimal("0.01")
_NOTHING = Decimal("0.00")
_EXACT = Context(prec=40)
DESCRIPTION_LENGTH = 2_000
NAME_LENGTH = 255
CATEGORY_LENGTH = 100

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
    amount = _NOTHING if is_deletion else checked_amount(draft.amount)
    return StatementRow(
        number=draft.number,
        date=checked_date(draft.date, "date"),
        amount=amount,
        currency=checked_currency(draft.currency),
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


def checked_amount(amount: Decimal) -> Decimal:
    """Return `amount` with exactly two decimals; raise BrokenCellError if it is invalid or would have to be rounded."""
    if not amount.is_finite():
        raise BrokenCellError("amount", "bad_amount", f"“{amount}” is not an amount of money.")
    if not amount:
        raise BrokenCellError("amount", "zero_amount", "The amount is zero, so there is nothing to import.")
    if amount.adjusted() >= INTEGER_DIGITS:
        raise BrokenCellError("amount", "amount_too_large", "The amount must be smaller than 10,000,000,000.")
    cents = amount.quantize(_CENT, context=_EXACT)
    if cents != amount:
        shown = str(amount) if len(str(amount)) <= INTEGER_DIGITS * 2 else "The amount"
        raise BrokenCellError("amount", "too_many_decimals", f"{shown} has more than two decimals.")
    return cents


def checked_balance(amount: Decimal) -> Decimal | None:
    """Return a balance with exactly two decimals; None if it has more or is unrealistically large."""
    if not amount.is_finite() or amount.adjusted() > INTEGER_DIGITS * 2:
        return None
    cents = amount.quantize(_CENT, context=_EXACT)
    return cents if cents == amount else None


def checked_date(day: datetime.date, field: str) -> datetime.date:
    """Return `day`; raise BrokenCellError at `field` unless it is between 1900 and 2200."""
    if FIRST_DAY <= day <= LAST_DAY:
        return day
    raise BrokenCellError(field, "date_out_of_range", f"{day.isoformat()} is not between 1900 and 2200.")


def checked_currency(code: str) -> str:
    """Return `code` in upper case; raise BrokenCellError unless it is an ISO 4217 code."""
    if code in ISO_4217:
        return code
    upper = code.strip().upper()
    if upper in ISO_4217:
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
