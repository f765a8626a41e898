"""What an import has to say about itself; read from the temporary tables, so a dry run says the same as a real one."""

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
from finance.statements.rows import Balances, Statement
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

# Pending rows are in no bank's balance, and one id twice is one row.
MOVED = """
SELECT coalesce(sum(amount) FILTER (WHERE currency = %(currency)s), 0), max(day)
  FROM import_staged JOIN import_verdict USING (number)
 WHERE problem IS NULL AND NOT is_pending AND coalesce(original, number) = number
"""

SEEN = "SELECT DISTINCT currency FROM import_staged WHERE problem IS NULL ORDER BY currency"

# Chosen by number before they are put into JSON: with a plain LIMIT every row of the file would be.
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
    """A row that can't go in: its number, the field to blame, a stable code and a sentence."""

    row: int
    field: str
    code: str
    message: str


@dataclass(frozen=True, slots=True)
class PreviewRow:
    """A row and what would become of it. `data` is the row as JSON, or what is wrong with it."""

    number: int
    verdict: str
    transaction_id: UUID | None
    data: dict[str, Any]


@dataclass(frozen=True, slots=True)
class ReportWarning:
    """Something that did not stop the import, and that its owner should know."""

    code: str
    message: str


@dataclass(frozen=True, slots=True)
class ImportResult:
    """What an import did or, with `dry_run`, would do; `id` is None then, and `preview` has the first 100 rows.

    `errors` are the first 1,000, `failed` counts all. `statement` holds opening, closing, computed and gap as texts with
    two decimals or None, and their currency.
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
    warnings: list[ReportWarning]
    preview: list[PreviewRow]


def build_result(
    statement: Statement, source: StatementSource, account: EncryptedFinancialProfile, check: BalanceCheck
) -> ImportResult:
    """Return what the staged rows have become, as the result of a dry run without its preview."""
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
    """The first 100 rows of the file with their verdicts."""
    lines = _lines(PREVIEW, {"limit": PREVIEW_ROWS})
    return [PreviewRow(number, verdict, key, orjson.loads(data)) for number, verdict, key, data in lines]


def check_balance(
    statement: Statement, source: StatementSource, account: EncryptedFinancialProfile
) -> tuple[BalanceCheck, date | None]:
    """The statement's balances against its rows, and the day of its last booked row (None when it has none)."""
    balances = statement.balances
    currency = _currency(balances, account)
    moved, last_day = _lines(MOVED, {"currency": currency})[0]
    opening = source.opening_balance if balances.opening is None else balances.opening
    closing = source.closing_balance if balances.closing is None else balances.closing
    return BalanceCheck(opening, closing, moved, currency), last_day


def _currency(balances: Balances, account: EncryptedFinancialProfile) -> str:
    """The currency to prove the file in: that of its balances, else the one of all its rows, else the account's."""
    named = balances.currency.upper()
    has_balances = balances.opening is not None or balances.closing is not None
    seen = {line[0] for line in _lines(SEEN)}
    is_sure = has_balances or seen <= {named}
    return named if is_sure and named in ISO_4217 else account.currency


def as_text(amount: Decimal | None) -> str | None:
    """An amount as JSON carries it: a text with two decimals; None stays None."""
    return None if amount is None else str(amount.quantize(CENT))


def list_warnings(
    statement: Statement, source: StatementSource, account: EncryptedFinancialProfile, check: BalanceCheck, failed: int
) -> list[ReportWarning]:
    """Return what the user should know: of currencies, the account's number, the balances they gave, and cut errors."""
    found = [_of_currency(account, check), _of_number(statement, account)]
    balances = statement.balances
    for name, given, stated in (
        ("opening", source.opening_balance, balances.opening),
        ("closing", source.closing_balance, balances.closing),
    ):
        if given is not None and stated is not None and given != stated:
            message = f"You gave {given} as the {name} balance; the file says {stated}, which was used."
            found.append(ReportWarning("balance_differs", message))
    if failed > MAX_ERRORS:
        message = f"{failed:,} rows can't be read; the first {MAX_ERRORS:,} are listed here, all of them in rows/."
        found.append(ReportWarning("errors_cut", message))
    return [warning for warning in found if warning is not None]


def _of_currency(account: EncryptedFinancialProfile, check: BalanceCheck) -> ReportWarning | None:
    seen = {check.currency, *(line[0] for line in _lines(SEEN))}
    foreign = sorted(seen - {account.currency})
    if not foreign:
        return None
    left_out = sorted(seen - {check.currency})
    message = (
        f"The account is in {account.currency}; amounts in {', '.join(foreign)} came in as they are and were not converted."
    )
    if left_out:
        message += f" Amounts in {', '.join(left_out)} are left out of the computed balance in {check.currency}."
    return ReportWarning("foreign_currency", message)


def _of_number(statement: Statement, account: EncryptedFinancialProfile) -> ReportWarning | None:
    """A file of one account goes into any, but a number that is not the account's is probably a slip."""
    named = statement.accounts[0].masked if len(statement.accounts) == 1 else ""
    own = account.account_number_masked
    digits = named[-SHOWN_DIGITS:]
    if not own or not digits.isalnum() or own.endswith(digits):
        return None
    return ReportWarning(
        "other_account", f"The file is of account {named}; this one is {own}. Undo the import if that is a slip."
    )


def _lines(sql: str, parameters: dict[str, Any] | None = None) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        return list(cursor.fetchall())
