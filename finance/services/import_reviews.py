"""Resolution of rows in review, which may be duplicates of existing transactions."""

from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Any

from django.db import transaction
from django.db.models import F

from core.errors import ConflictError, DomainError
from finance.models import FinancialTransaction, StatementImport, StatementImportRow
from finance.models.imports import RowVerdict
from finance.models.transactions import TransactionStatus
from finance.services.accounts import lock_open_account
from finance.services.import_report import COUNTERS
from finance.services.import_writes import supersede


class ReviewDecision(StrEnum):
    """The user's decision: create a transaction, match the row with an existing one, or ignore it."""

    CREATE = "create"
    MATCH = "match"
    IGNORE = "ignore"


@transaction.atomic
def resolve_row(
    *, row: StatementImportRow, decision: ReviewDecision, match: FinancialTransaction | None = None
) -> StatementImportRow:
    """Apply `decision` to a row in review; `match` is the existing transaction for ReviewDecision.MATCH.

    An ignored row is not imported again. Raise ConflictError if the row is not in review, its import is undone or the
    account is closed. Raise DomainError at `transaction` if it is missing or belongs to another account.
    """
    lock_open_account(row.account_id)
    record = StatementImport.objects.select_for_update().get(pk=row.statement_import_id)
    row = StatementImportRow.objects.select_for_update().get(pk=row.pk)
    if record.undone_at is not None or row.verdict != RowVerdict.REVIEW:
        raise ConflictError("already_settled", "This row is no longer in review.")
    _apply(row, decision, match)
    row.save(update_fields=["verdict", "transaction_id"])
    if row.verdict == RowVerdict.SUPERSEDED:
        supersede(record)
        row.refresh_from_db()
    counter = COUNTERS[RowVerdict(row.verdict)]
    setattr(record, counter, F(counter) + 1)
    record.review = F("review") - 1
    record.save(update_fields=["review", counter])
    return row


def _apply(row: StatementImportRow, decision: ReviewDecision, match: FinancialTransaction | None) -> None:
    data: dict[str, Any] = row.data or {}
    if decision is ReviewDecision.IGNORE:
        row.verdict = RowVerdict.TOMBSTONED
    elif decision is ReviewDecision.CREATE:
        row.verdict, row.transaction_id = RowVerdict.CREATED, _create(row, data).pk
    elif match is None:
        raise DomainError("required", "Send the id of the transaction that the row matches.", field="transaction")
    elif match.financial_profile_id != row.account_id:
        raise DomainError("other_account", "Choose a transaction of the account that the row is in.", field="transaction")
    else:
        is_superseded = match.status == TransactionStatus.PENDING and not data["is_pending"]
        row.verdict = RowVerdict.SUPERSEDED if is_superseded else RowVerdict.DUPLICATE
        row.transaction_id = match.pk


def _create(row: StatementImportRow, data: dict[str, Any]) -> FinancialTransaction:
    on_account = FinancialTransaction.objects.filter(user_id=row.user_id, financial_profile_id=row.account_id)
    is_taken = on_account.filter(reference_number=data["provider_id"]).exists()
    created = FinancialTransaction(
        user_id=row.user_id,
        financial_profile_id=row.account_id,
        transaction_type=data["transaction_type"],
        amount=Decimal(data["amount"]),
        currency=data["currency"],
        description=data["description"],
        category=data["category"],
        merchant_name=data["merchant_name"],
        transaction_date=date.fromisoformat(data["date"]),
        posted_date=data["posted_date"] and date.fromisoformat(data["posted_date"]),
        reference_number="" if is_taken else data["provider_id"],
        status=TransactionStatus.PENDING if data["is_pending"] else TransactionStatus.COMPLETED,
    )
    created.save(force_insert=True)
    # Django reads the clock once per field, and an undo treats a row with different timestamps as changed.
    on_account.filter(pk=created.pk).update(updated_at=F("created_at"))
    return created
