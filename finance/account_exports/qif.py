"""QIF exports. QIF has neither currencies nor ids, so that an export has one currency, and reference numbers as N."""

from collections.abc import Iterator
from datetime import datetime

from core.errors import DomainError
from finance.account_exports.rows import ExportedRow, Selection
from finance.models.accounts import AccountType
from finance.statements.exported_qif import CLEARED, DESCRIPTION, LETTERS
from finance.statements.exported_texts import escaped

MEDIA_TYPE = "application/qif; charset=utf-8"
TYPES = {
    AccountType.CREDIT: "CCard", AccountType.INVESTMENT: "Oth A", AccountType.LOAN: "Oth L", AccountType.MORTGAGE: "Oth L",
}  # fmt: skip


def write(selection: Selection, now: datetime) -> Iterator[str]:
    """Yield the parts of the file; raise DomainError if the transactions are in several currencies."""
    rows = selection.rows()
    row = next(rows, None)
    currency = row.currency if row else selection.currency or selection.account.currency
    kind = TYPES.get(AccountType(selection.account.profile_type), "Bank")
    yield f"!Account\nD{DESCRIPTION}{currency}\nN{_line(selection.account.profile_name)}\nT{kind}\n^\n!Type:{kind}\n"
    while row:
        if row.currency != currency:
            message = (
                f"The account has transactions in {currency} and {row.currency}, and QIF can't state currencies. Send "
                f"currency={currency}, or use another format."
            )
            raise DomainError("several_currencies", message, field="currency")
        yield _record(row)
        row = next(rows, None)


def _record(row: ExportedRow) -> str:
    lines = [f"{letter}{text}" for letter, name in LETTERS.items() if (text := _line(str(getattr(row, name))))]
    if row.status != "pending":
        lines.append(f"{CLEARED}*")
    return "\n".join([*lines, "^\n"])


def _line(text: str) -> str:
    """Return `text` as one line without the mark that ends a record."""
    return escaped(text).replace("^", r"\u005e")
