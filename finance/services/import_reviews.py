"""Resolution of rows in review, one by one or all rows of an import that are in review for the same reason."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from uuid import UUID

import orjson
from django.db import connection, transaction
from django.db.models import F
from uuid_utils.compat import uuid7

from core.errors import ConflictError, DomainError
from core.postgres.limits import job_time
from finance.models import FinancialTransaction, StatementImport, StatementImportRow
from finance.models.imports import ReviewReason, RowVerdict
from finance.models.transactions import TransactionStatus
from finance.services.accounts import lock_open_account
from finance.services.import_names import names_of
from finance.services.import_report import COUNTERS
from finance.services.import_writes import supersede

# A row that the user matches for one of these reasons is a newer report of the transaction, and updates it.
NEWER_REPORTS = {ReviewReason.SAME_ID_OTHER_CONTENT, ReviewReason.SAME_ROW_OTHER_TEXT, ReviewReason.CORRECTION}

CREATE = """
INSERT INTO finance_financialtransaction
       (id, user_id, financial_profile_id, transaction_type, amount, currency, description, category, merchant_name, payee,
        transaction_date, posted_date, reference_number, status, tags, note, metadata, sources, created_at, updated_at)
WITH line AS MATERIALIZED (
    SELECT chosen.transaction_id, user_id, account_id, provider_id, data,
           row_number() OVER (PARTITION BY provider_id ORDER BY number) AS rank
      FROM jsonb_to_recordset(%(outcomes)s::jsonb) AS chosen (id uuid, transaction_id uuid)
      JOIN finance_statementimportrow USING (id)
     WHERE user_id = %(user)s
)
SELECT transaction_id, user_id, account_id, data ->> 'transaction_type', (data ->> 'amount')::numeric, data ->> 'currency',
       data ->> 'description', category.slug, data ->> 'merchant_name', payee.name, (data ->> 'date')::date,
       (data ->> 'posted_date')::date,
       CASE WHEN rank > 1 OR EXISTS (SELECT FROM finance_financialtransaction holder
                                      WHERE holder.user_id = line.user_id AND holder.financial_profile_id = line.account_id
                                        AND holder.reference_number <> '' AND holder.reference_number = line.provider_id)
            THEN '' ELSE provider_id END,
       CASE WHEN (data ->> 'is_pending')::boolean THEN 'pending' ELSE 'completed' END,
       '{}', '', '{}',
       CASE WHEN category.slug IS NULL THEN '{}' ELSE %(source_of_category)s::jsonb END
           || CASE WHEN payee.name IS NULL THEN '{}' ELSE %(source_of_payee)s::jsonb END,
       statement_timestamp(), statement_timestamp()
  FROM line
  LEFT JOIN unnest(%(category_texts)s::text[], %(categories)s::text[]) AS category (text, slug)
    ON category.text = data ->> 'category'
  LEFT JOIN unnest(%(merchant_names)s::text[], %(payees)s::text[]) AS payee (merchant, name)
    ON payee.merchant = data ->> 'merchant_name'
"""

SETTLE = """
UPDATE finance_statementimportrow line
   SET verdict = chosen.verdict, transaction_id = chosen.transaction_id
  FROM jsonb_to_recordset(%(outcomes)s::jsonb) AS chosen (id uuid, verdict text, transaction_id uuid)
 WHERE line.id = chosen.id AND line.user_id = %(user)s
"""


class ReviewDecision(StrEnum):
    """The user's decision: create a transaction, match the row with an existing one, or ignore it."""

    CREATE = "create"
    MATCH = "match"
    IGNORE = "ignore"


@dataclass(frozen=True, slots=True)
class Resolution:
    """The number of rows that a decision gave each verdict; `left` counts those that need a decision of their own."""

    created: int
    duplicates: int
    tombstoned: int
    superseded: int
    left: int


@transaction.atomic
def resolve_row(
    *, row: StatementImportRow, decision: ReviewDecision, match: FinancialTransaction | None = None
) -> StatementImportRow:
    """Apply `decision` to a row in review; `match` is the existing transaction for ReviewDecision.MATCH.

    An ignored row is not imported again. Raise ConflictError if the row is not in review, its import is undone or the
    account is closed. Raise DomainError at `transaction` if it is missing or belongs to another account, and at `decision` if
    the row is the deletion of a transaction and can't create one.
    """
    record = _locked(row.statement_import_id, row.account_id)
    row = StatementImportRow.objects.select_for_update().get(pk=row.pk)
    if row.verdict != RowVerdict.REVIEW:
        raise ConflictError("already_settled", "This row is no longer in review.")
    if decision is ReviewDecision.CREATE and _is_deletion(row):
        raise DomainError(
            "is_deletion", "This row deletes a transaction. Match it with that one, or ignore it.", field="decision"
        )
    if decision is ReviewDecision.MATCH:
        if match is None:
            raise DomainError("required", "Send the id of the transaction that the row matches.", field="transaction")
        if match.financial_profile_id != row.account_id:
            raise DomainError("other_account", "Choose a transaction of the account that the row is in.", field="transaction")
    _settle(record, [row], decision, {row.pk: (match.pk, match.status)} if match else {})
    row.refresh_from_db()
    return row


@transaction.atomic
def resolve_reviews(*, record: StatementImport, reason: ReviewReason, decision: ReviewDecision) -> Resolution:
    """Apply `decision` to all rows of an import that are in review for `reason`.

    ReviewDecision.MATCH matches each row with its first candidate that still exists. Rows without one stay in review, and so do
    rows whose transaction another row has updated. Raise ConflictError if the import is undone or the account is closed.
    """
    with job_time():
        record = _locked(record.pk, record.account_id)
        rows = record.rows.filter(user_id=record.user_id, verdict=RowVerdict.REVIEW, reason=reason)
        found = list(rows.select_for_update().order_by("number"))
        return _settle(record, found, decision, _first_candidates(record, found, reason))


def _locked(import_id: UUID, account_id: UUID) -> StatementImport:
    lock_open_account(account_id)
    record: StatementImport = StatementImport.objects.select_for_update().get(pk=import_id)
    if record.undone_at is not None:
        raise ConflictError("already_settled", "This import is undone, so none of its rows is in review.")
    return record


def _is_deletion(row: StatementImportRow) -> bool:
    return (row.data or {}).get("correction") == "delete"


Match = tuple[UUID, str]  # a transaction and its status


def _first_candidates(record: StatementImport, rows: Sequence[StatementImportRow], reason: ReviewReason) -> dict[UUID, Match]:
    """Return for each row the first candidate that exists and that no other row takes."""
    wanted = {UUID(key) for row in rows for key in (row.data or {})["candidates"]}
    on_account = FinancialTransaction.objects.filter(user_id=record.user_id, financial_profile_id=record.account_id)
    status = dict(on_account.filter(pk__in=wanted).values_list("pk", "status"))
    taken: set[UUID] = set()
    if reason == ReviewReason.PENDING_MAY_HAVE_POSTED:
        used = record.rows.filter(user_id=record.user_id, transaction_id__in=wanted)
        taken.update(row.transaction_id for row in used.only("transaction_id") if row.transaction_id)
    matches: dict[UUID, Match] = {}
    for row in rows:
        there = [key for key in map(UUID, (row.data or {})["candidates"]) if key in status]
        free = [key for key in there if key not in taken] or (there if reason == ReviewReason.POSSIBLE_DUPLICATE else [])
        if free:
            matches[row.pk] = free[0], status[free[0]]
            taken.add(free[0])
    return matches


def _settle(
    record: StatementImport, rows: Sequence[StatementImportRow], decision: ReviewDecision, matches: Mapping[UUID, Match]
) -> Resolution:
    outcomes: list[dict[str, Any]] = []
    for row in rows:
        if decision is ReviewDecision.IGNORE:
            outcomes.append({"id": row.pk, "verdict": RowVerdict.TOMBSTONED, "transaction_id": None})
        elif decision is ReviewDecision.CREATE and not _is_deletion(row):
            outcomes.append({"id": row.pk, "verdict": RowVerdict.CREATED, "transaction_id": uuid7()})
        elif decision is ReviewDecision.MATCH and row.pk in matches:
            key, status = matches[row.pk]
            outcomes.append({"id": row.pk, "verdict": _verdict_of_match(row, status), "transaction_id": key})
    parameters: dict[str, Any] = {"user": record.user_id, "outcomes": orjson.dumps(outcomes).decode()}
    with connection.cursor() as cursor:
        if decision is ReviewDecision.CREATE:
            cursor.execute(CREATE, parameters | _names(record, rows))
        cursor.execute(SETTLE, parameters)
    counts = Counter(outcome["verdict"] for outcome in outcomes)
    if counts[RowVerdict.SUPERSEDED]:
        supersede(record)
    changes = {COUNTERS[verdict]: count for verdict, count in counts.items()}
    for name, count in (changes | {"review": -len(outcomes)}).items():
        setattr(record, name, F(name) + count)
    record.save(update_fields=["review", *changes])
    named = {name: changes.get(name, 0) for name in ("created", "duplicates", "tombstoned", "superseded")}
    return Resolution(**named, left=len(rows) - len(outcomes))


def _names(record: StatementImport, rows: Sequence[StatementImportRow]) -> dict[str, Any]:
    found = [row.data for row in rows if row.data]
    return names_of(
        record,
        [(data["category"], data["transaction_type"]) for data in found if data["category"]],
        {data["merchant_name"] for data in found if data["merchant_name"]},
    )


def _verdict_of_match(row: StatementImportRow, status: str) -> RowVerdict:
    is_posted = status == TransactionStatus.PENDING and not (row.data or {})["is_pending"]
    return RowVerdict.SUPERSEDED if is_posted or row.reason in NEWER_REPORTS else RowVerdict.DUPLICATE
