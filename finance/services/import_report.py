"""Result of an import, read from the temporary tables so that a dry run reports the same as a real import."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

import orjson
from django.db import connection

from core.currencies import ISO_4217
from finance.balance_check import BalanceCheck
from finance.models import EncryptedFinancialProfile
from finance.models.imports import RowVerdict
from finance.services.import_writes import ROW_AS_JSON
from finance.statements.rows import Balances, Statement, StatementWarning
from finance.statements.source import StatementSource

MAX_ERRORS = 1_000
PREVIEW_ROWS = 100
SHOWN_DIGITS = 4
CENT = Decimal("0.01")
COUNTERS = {
    RowVerdict.CREATED: "created",
    RowVerdict.DUPLICATE: "duplicates",
    RowVerdict.TOMBSTONED: "tombstoned",
    RowVerdict.SUPERSEDED: "superseded",
    RowVerdict.REVIEW: "review",
    RowVerdict.ERROR: "failed",
}

COUNTS = "SELECT coalesce(verdict, 'created'), count(*) FROM import_verdict GROUP BY 1"

PROBLEMS = """
SELECT number, problem ->> 'field', problem ->> 'code', problem ->> 'message'
  FROM import_staged WHERE problem IS NOT NULL ORDER BY number LIMIT %(limit)s
"""

# Banks do not include pending rows in balances, and an id that occurs twice is one transaction.
MOVED = """
SELECT coalesce(sum(amount) FILTER (WHERE currency = %(currency)s), 0), max(day)
  FROM import_staged JOIN import_verdict USING (number)
 WHERE problem IS NULL AND NOT is_pending AND coalesce(original, number) = number
"""

SEEN = "SELECT DISTINCT currency FROM import_staged WHERE problem IS NULL ORDER BY currency"

# The numbers are selected first, because a plain LIMIT would convert every row of the file to JSON.
PREVIEW = f"""
SELECT number, coalesce(verdict, 'created'), import_verdict.transaction_id,
       coalesce(problem, {ROW_AS_JSON} || CASE WHEN verdict = 'review'
                                               THEN jsonb_build_object('candidates', candidates) ELSE '{{}}' END)::text
  FROM import_staged staged JOIN import_verdict USING (number)
 WHERE number <= (SELECT max(number) FROM (SELECT number FROM import_staged ORDER BY number LIMIT %(limit)s) AS first)
 ORDER BY number
"""  # noqa: S608 - put together from constants


@dataclass(frozen=True, slots=True)
class RowProblem:
    """A row that can't be imported, with the invalid field, a stable code and a message for the user."""

    row: int
    field: str
    code: str
    message: str


@dataclass(frozen=True, slots=True)
class PreviewRow:
    """A row and its verdict. `data` is the row as JSON, or its problem."""

    number: int
    verdict: str
    transaction_id: UUID | None
    data: dict[str, Any]


@dataclass(frozen=True, slots=True)
class ImportResult:
    """Counts and details of an import. With `dry_run`, `id` is None and `preview` contains the first 100 rows.

    `errors` contains the first 1,000 invalid rows; `failed` counts all of them. `statement` has opening, closing, computed
    and gap as strings with two decimals or None, and their currency.
    """

    id: UUID | None
    format: str
    account: UUID
    dry_run: bool
    created: int
    duplicates: int
    tombstoned: int
    superseded: int
    review: int
    failed: int
    errors: list[RowProblem]
    statement: dict[str, str | None]
    warnings: list[StatementWarning]
    preview: list[PreviewRow]


def build_result(
    statement: Statement, source: StatementSource, account: EncryptedFinancialProfile, check: BalanceCheck
) -> ImportResult:
    """Return the result of the staged rows as that of a dry run, without the preview."""
    found: dict[str, int] = dict(_lines(COUNTS))
    counts = {name: found.get(verdict, 0) for verdict, name in COUNTERS.items()}
    return ImportResult(
        id=None,
        format=statement.format,
        account=account.pk,
        dry_run=True,
        errors=[RowProblem(*line) for line in _lines(PROBLEMS, {"limit": MAX_ERRORS})],
        statement={
            "opening": as_text(check.opening),
            "closing": as_text(check.closing),
            "computed": as_text(check.computed),
            "gap": as_text(check.gap),
            "currency": check.currency,
        },
        warnings=list_warnings(statement, source, account, check, counts["failed"]),
        preview=[],
        **counts,
    )


def list_preview() -> list[PreviewRow]:
    """Return the first 100 rows of the file with their verdicts."""
    lines = _lines(PREVIEW, {"limit": PREVIEW_ROWS})
    return [PreviewRow(number, verdict, key, orjson.loads(data)) for number, verdict, key, data in lines]


def check_balance(
    statement: Statement, source: StatementSource, account: EncryptedFinancialProfile
) -> tuple[BalanceCheck, date | None]:
    """Return the statement's balance check, and the day of its last booked row or None."""
    balances = statement.balances
    currency = _currency(balances, account)
    moved, last_day = _lines(MOVED, {"currency": currency})[0]
    opening = source.opening_balance if balances.opening is None else balances.opening
    closing = source.closing_balance if balances.closing is None else balances.closing
    return BalanceCheck(opening, closing, moved, currency), last_day


def _currency(balances: Balances, account: EncryptedFinancialProfile) -> str:
    """Return the currency of the balance check: that of the file's balances, or of all its rows, or of the account."""
    named = balances.currency.upper()
    has_balances = balances.opening is not None or balances.closing is not None
    seen = {line[0] for line in _lines(SEEN)}
    is_sure = has_balances or seen <= {named}
    return named if is_sure and named in ISO_4217 else account.currency


def as_text(amount: Decimal | None) -> str | None:
    """Return the amount as a string with two decimals; None stays None."""
    return None if amount is None else str(amount.quantize(CENT))


def list_warnings(
    statement: Statement, source: StatementSource, account: EncryptedFinancialProfile, check: BalanceCheck, failed: int
) -> list[StatementWarning]:
    """Return warnings about currencies, the account's number, balances sent by the user and truncated errors."""
    found = [*statement.warnings, _of_currency(account, check), _of_number(statement, account)]
    balances = statement.balances
    for name, given, stated in (
        ("opening", source.opening_balance, balances.opening),
        ("closing", source.closing_balance, balances.closing),
    ):
        if given is not None and stated is not None and given != stated:
            message = f"You sent {given} as the {name} balance, but the file states {stated}. The value of the file was used."
            found.append(StatementWarning("balance_differs", message))
    if failed > MAX_ERRORS:
        message = f"{failed:,} rows can't be read. The first {MAX_ERRORS:,} are listed here, all of them in rows/."
        found.append(StatementWarning("errors_cut", message))
    return [warning for warning in found if warning is not None]


def _of_currency(account: EncryptedFinancialProfile, check: BalanceCheck) -> StatementWarning | None:
    seen = {check.currency, *(line[0] for line in _lines(SEEN))}
    foreign = sorted(seen - {account.currency})
    if not foreign:
        return None
    left_out = sorted(seen - {check.currency})
    message = f"The account is in {account.currency}. Amounts in {', '.join(foreign)} are not converted."
    if left_out:
        message += f" Amounts in {', '.join(left_out)} are not included in the computed balance in {check.currency}."
    return StatementWarning("foreign_currency", message)


def _of_number(statement: Statement, account: EncryptedFinancialProfile) -> StatementWarning | None:
    """Return a warning if the file names another account: the import is allowed, but probably a mistake."""
    named = statement.accounts[0].masked if len(statement.accounts) == 1 else ""
    own = account.account_number_masked
    digits = named[-SHOWN_DIGITS:]
    if not own or not digits.isalnum() or own.endswith(digits):
        return None
    message = f"The file is for account {named}, but was imported into {own}. Undo the import if this is a mistake."
    return StatementWarning("other_account", message)


def _lines(sql: str, parameters: dict[str, Any] | None = None) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        return list(cursor.fetchall())
