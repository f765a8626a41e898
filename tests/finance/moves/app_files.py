"""Files as the apps write them, with rows that each test gives."""

import csv
import io
from collections.abc import Iterable, Sequence

YNAB = (
    "Account", "Flag", "Date", "Payee", "Category Group/Category", "Category Group", "Category", "Memo", "Outflow", "Inflow",
    "Cleared",
)  # fmt: skip
MINT = (
    "Date", "Description", "Original Description", "Amount", "Transaction Type", "Category", "Account Name", "Labels", "Notes"
)  # fmt: skip
ACTUAL = ("Account", "Date", "Payee", "Notes", "Category", "Amount", "Split_Amount", "Cleared")
FIREFLY = (
    "user_id", "group_id", "journal_id", "created_at", "updated_at", "group_title", "type", "currency_code", "amount",
    "foreign_currency_code", "foreign_amount", "primary_currency_code", "pc_amount", "pc_foreign_amount", "description", "date",
    "source_name", "source_iban", "source_type", "destination_name", "destination_iban", "destination_type", "reconciled",
    "category", "budget", "bill", "tags", "notes",
)  # fmt: skip


def ynab_row(
    account: str = "Checking",
    date: str = "03/15/2025",
    payee: str = "Corner Shop",
    out: str = "$0.00",
    into: str = "$0.00",
    *,
    flag: str = "",
    category: str = "",
    memo: str = "",
) -> tuple[str, ...]:
    """Return a row of a register; `category` is written as "Group: Name"."""
    group, _, name = category.rpartition(": ")
    return account, flag, date, payee, category, group, name, memo, out, into, "Cleared"


def ynab_file(*rows: Sequence[str]) -> bytes:
    return "\ufeff".encode() + _csv(YNAB, rows)


def mint_row(
    account: str = "Everyday",
    date: str = "3/15/2023",
    amount: str = "12.50",
    kind: str = "debit",
    *,
    description: str = "Corner Shop",
    original: str = "CORNER SHOP 0815",
    category: str = "Groceries",
    labels: str = "",
    notes: str = "",
) -> tuple[str, ...]:
    return date, description, original, amount, kind, category, account, labels, notes


def mint_file(*rows: Sequence[str]) -> bytes:
    return _csv(MINT, rows)


def actual_row(
    account: str = "Bank",
    date: str = "2025-03-15",
    payee: str = "Corner Shop",
    amount: str = "-12.5",
    *,
    notes: str = "",
    category: str = "",
    split: str = "0",
) -> tuple[str, ...]:
    return account, date, payee, notes, category, amount, split, "Cleared"


def actual_file(*rows: Sequence[str]) -> bytes:
    return _csv(ACTUAL, rows)


def firefly_row(**values: str) -> tuple[str, ...]:
    """Return a withdrawal of 12.50 EUR from the asset account Giro, with `values` of other columns."""
    row = {
        "user_id": "1",
        "group_id": "1",
        "journal_id": "1",
        "type": "Withdrawal",
        "currency_code": "EUR",
        "amount": "-12.50",
        "description": "Weekly shop",
        "date": "2025-03-15T00:00:00+01:00",
        "source_name": "Giro",
        "source_type": "Asset account",
        "destination_name": "Corner Shop",
        "destination_type": "Expense account",
    } | values
    return tuple(row.get(title, "") for title in FIREFLY)


def firefly_file(*rows: Sequence[str]) -> bytes:
    return _csv(FIREFLY, rows)


def _csv(titles: Sequence[str], rows: Iterable[Sequence[str]]) -> bytes:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([titles, *rows])
    return text.getvalue().encode()
