"""Result of an import, read from the temporary tables so that a dry run reports the same as a real import."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID

import orjson

from core.currencies import rounded
from core.models.validators import has_null_character
from finance.models import EncryptedFinancialProfile
from finance.models.imports import RowVerdict
from finance.services.import_balance import StatementBalance, fetch_staged, why_not_set
from finance.services.import_sources import TEXT_OPTIONS
from finance.services.import_warnings import MAX_ERRORS, SIGNS_LOOK_INVERTED, list_warnings
from finance.services.import_writes import ROW_AS_JSON
from finance.statements.rows import Statement, StatementWarning
from finance.statements.source import StatementSource

PREVIEW_ROWS = 100
SHOWN_CELL = 200
COUNTERS = {
    RowVerdict.CREATED: "created",
    RowVerdict.DUPLICATE: "duplicates",
    RowVerdict.TOMBSTONED: "tombstoned",
    RowVerdict.SUPERSEDED: "superseded",
    RowVerdict.REVIEW: "review",
    RowVerdict.ERROR: "failed",
}

COUNTS = """
SELECT verdict, count(*) FROM import_verdict GROUP BY verdict
UNION ALL SELECT 'created', (SELECT count(*) FROM import_staged) - (SELECT count(*) FROM import_verdict)
"""
REASONS = "SELECT reason, count(*) FROM import_verdict WHERE reason <> '' GROUP BY reason ORDER BY reason"

PROBLEMS = """
SELECT number, problem ->> 'field', problem ->> 'code', problem ->> 'message'
  FROM import_staged WHERE problem IS NOT NULL ORDER BY number LIMIT %(limit)s
"""

# The numbers are selected first, because a plain LIMIT would convert every row of the file to JSON.
PREVIEW = f"""
SELECT number, coalesce(verdict, 'created'), coalesce(reason, ''), import_verdict.transaction_id,
       coalesce(problem, {ROW_AS_JSON} || CASE WHEN verdict = 'review'
                                               THEN jsonb_build_object('candidates', candidates) ELSE '{{}}' END)::text
  FROM import_staged staged LEFT JOIN import_verdict USING (number)
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
    """A row, its verdict, and the reason of a review. `data` is the row as JSON, or its problem."""

    number: int
    verdict: str
    reason: str
    transaction_id: UUID | None
    data: dict[str, Any]


@dataclass(frozen=True, slots=True)
class ImportResult:
    """Counts and details of an import. With `dry_run`, `id` is None and `preview` contains the first 100 rows.

    `errors` contains the first 1,000 invalid rows; `failed` counts all of them. `statement` has opening, closing, computed
    and gap as strings with the decimals of their currency, or None, and that currency. `balance_reason` says why the account
    did not take over the closing balance. `options` and `mapping` are those that were used; `first_rows` is empty unless it
    is a dry run.
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
    review_reasons: dict[str, int]
    failed: int
    errors: list[RowProblem]
    statement: dict[str, str | None]
    balance_set: bool
    balance_reason: str
    options: dict[str, bool | str]
    mapping: dict[str, Any]
    unused_columns: list[str]
    first_rows: list[list[str]]
    warnings: list[StatementWarning]
    preview: list[PreviewRow]


def build_result(
    statement: Statement, source: StatementSource, account: EncryptedFinancialProfile, balance: StatementBalance
) -> ImportResult:
    """Return the result of the staged rows as that of a dry run, without the preview."""
    check = balance.check
    found: dict[str, int] = dict(fetch_staged(COUNTS))
    counts = {name: found.get(verdict, 0) for verdict, name in COUNTERS.items()}
    warnings = list_warnings(statement, source, account, balance, failed=counts["failed"])
    reason = why_not_set(balance, account, is_in_doubt=any(each.code == SIGNS_LOOK_INVERTED for each in warnings))
    return ImportResult(
        id=None,
        format=statement.format,
        account=account.pk,
        dry_run=True,
        errors=[RowProblem(*line) for line in fetch_staged(PROBLEMS, {"limit": MAX_ERRORS})],
        statement={
            "opening": as_text(check.opening, check.currency),
            "closing": as_text(check.closing, check.currency),
            "computed": as_text(check.computed, check.currency),
            "gap": as_text(check.gap, check.currency),
            "currency": check.currency,
        },
        balance_set=reason is None,
        balance_reason=reason or "",
        options={"invert": bool(source.invert)} | {name: getattr(source, name) for name in TEXT_OPTIONS},
        mapping=storable_mapping(statement),
        unused_columns=[_storable(title) for title in statement.unused_columns],
        first_rows=[[_storable(cell) for cell in row] for row in statement.first_rows],
        warnings=warnings,
        review_reasons=dict(fetch_staged(REASONS)),
        preview=[],
        **counts,
    )


def list_preview() -> list[PreviewRow]:
    """Return the first 100 rows of the file with their verdicts."""
    lines = fetch_staged(PREVIEW, {"limit": PREVIEW_ROWS})
    return [PreviewRow(number, verdict, reason, key, orjson.loads(data)) for number, verdict, reason, key, data in lines]


def storable_mapping(statement: Statement) -> dict[str, Any]:
    """Return the mapping, or {} if it contains the null character, which jsonb cannot store."""
    mapping = dict(statement.mapping)
    return {} if has_null_character(mapping) else mapping


def _storable(cell: str) -> str:
    return cell.replace("\0", "")[:SHOWN_CELL]


def as_text(amount: Decimal | None, currency: str) -> str | None:
    """Return the amount as a string with the decimals of its currency; None stays None."""
    return None if amount is None else str(rounded(amount, currency))
