"""Undo of an import, except for transactions that were changed after it."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any
from uuid import UUID

from django.db import connection

from core.errors import ConflictError
from core.postgres.limits import job_time
from core.postgres.local_settings import FORGET_SETTING, local_setting
from finance.models import EncryptedFinancialProfile, ExchangeRate, FinancialTransaction, StatementImport
from finance.models.imports import RowVerdict
from finance.services.balances import COLUMNS, STORED, restore_balance
from finance.services.import_writes import ALLOW_REFUNDS, KEEP_DIVIDED
from finance.services.move_links import unlink_pairs
from finance.services.transactions import restore_from_tombstones

BATCH = 5_000

# An entry is unchanged if `updated_at` is the stored value: the trigger `touch_updated_at` sets it on every change.
RESTORE_SUPERSEDED = """
WITH line AS MATERIALIZED (
    SELECT user_id, transaction_id, before -> 'transaction' AS was, (before ->> 'changed_at')::timestamptz AS changed_at
      FROM finance_statementimportrow
     WHERE user_id = %(user)s AND statement_import_id = %(import)s AND verdict = 'superseded'
)
UPDATE finance_financialtransaction entry
   SET amount = (was ->> 'amount')::numeric, currency = was ->> 'currency',
       transaction_date = (was ->> 'transaction_date')::date, posted_date = (was ->> 'posted_date')::date,
       status = was ->> 'status', transaction_type = was ->> 'transaction_type',
       reference_number = CASE WHEN EXISTS (
               SELECT FROM finance_financialtransaction holder
                WHERE holder.user_id = entry.user_id AND holder.financial_profile_id = entry.financial_profile_id
                  AND holder.reference_number = was ->> 'reference_number' AND holder.reference_number <> ''
                  AND holder.id <> entry.id) THEN '' ELSE was ->> 'reference_number' END,
       description = was ->> 'description', merchant_name = was ->> 'merchant_name',
       payee = (SELECT coalesce(target.name, former.name) FROM finance_payee former
                  LEFT JOIN finance_payee target ON target.user_id = former.user_id AND target.id = former.merged_into_id
                 WHERE former.user_id = entry.user_id AND former.name = was ->> 'payee'),
       updated_at = (was ->> 'updated_at')::timestamptz
  FROM line
 WHERE entry.id = line.transaction_id AND entry.user_id = line.user_id AND entry.updated_at = line.changed_at
RETURNING entry.id
"""

CHANGED = """
WITH line AS MATERIALIZED (
    SELECT user_id, transaction_id, number, verdict
      FROM finance_statementimportrow
     WHERE user_id = %(user)s AND statement_import_id = %(import)s AND verdict IN ('created', 'superseded')
)
SELECT entry.id
  FROM line JOIN finance_financialtransaction entry ON entry.id = line.transaction_id AND entry.user_id = line.user_id
 WHERE verdict = 'created' AND entry.updated_at <> entry.created_at
    OR verdict = 'superseded' AND NOT entry.id = ANY (%(restored)s)
 ORDER BY number
"""

# The transactions that the bank has deleted, unless the user has restored them or deleted them again.
REMOVED = """
SELECT line.transaction_id
  FROM finance_statementimportrow line
  JOIN finance_statementimportrow claim ON claim.user_id = line.user_id AND claim.transaction_id = line.transaction_id
 WHERE line.user_id = %(user)s AND line.statement_import_id = %(import)s AND line.verdict = 'superseded'
   AND line.before ? 'removed_at' AND claim.is_claim AND claim.deleted_at = (line.before ->> 'removed_at')::timestamptz
 GROUP BY line.transaction_id
"""

# Runs before the transactions are deleted, so that they leave no tombstones. The claims of later imports of a transaction are
# freed with it. Rows that the user deleted, ignored or changed keep their claims.
FREE_CLAIMS_OF_REMOVED = """
WITH line AS MATERIALIZED (
    SELECT user_id, transaction_id
      FROM finance_statementimportrow
     WHERE user_id = %(user)s AND statement_import_id = %(import)s AND is_claim AND verdict = 'created'
       AND deleted_at IS NULL AND NOT transaction_id = ANY (%(changed)s)
)
UPDATE finance_statementimportrow claim
   SET is_claim = false
  FROM line
 WHERE claim.user_id = line.user_id AND claim.transaction_id = line.transaction_id AND claim.is_claim
"""
FREE_CLAIMS = """
UPDATE finance_statementimportrow
   SET is_claim = false
 WHERE user_id = %(user)s AND statement_import_id = %(import)s AND is_claim
   AND deleted_at IS NULL AND (verdict <> 'tombstoned' OR reason = '')
   AND (transaction_id IS NULL OR NOT transaction_id = ANY (%(changed)s))
"""


@dataclass(frozen=True, slots=True)
class KeptTransaction:
    """A transaction that the undo does not remove; the only reason is `changed` (after the import)."""

    transaction: UUID
    reason: str


@dataclass(frozen=True, slots=True)
class UndoResult:
    """The number of removed and of restored (superseded) transactions, and the transactions that stay."""

    id: UUID
    removed: int
    restored: int
    kept: list[KeptTransaction]


@job_time()
def undo_import(*, record: StatementImport, now: datetime) -> UndoResult:
    """Remove the transactions that `record` created and that are unchanged; the file can be imported again afterwards.

    Raise ConflictError if the import was undone before.
    """
    account = EncryptedFinancialProfile.objects.select_for_update().get(pk=record.account_id)
    record = StatementImport.objects.select_for_update().get(pk=record.pk)
    if record.undone_at is not None:
        raise ConflictError("already_undone", "This import is already undone.")
    parameters: dict[str, Any] = {"user": record.user_id, "import": record.pk}
    if record.move is not None:
        unlink_pairs(user_id=record.user_id, statement_import=record.pk)
    with connection.cursor() as cursor:
        cursor.execute(ALLOW_REFUNDS.format(stated="before -> 'transaction'"), parameters)
    restored = _ids(RESTORE_SUPERSEDED, parameters)
    with connection.cursor() as cursor:
        cursor.execute(KEEP_DIVIDED, parameters)
    removed_by_bank = _ids(REMOVED, parameters)
    restore_from_tombstones(user_id=record.user_id, keys=removed_by_bank)
    restored += removed_by_bank
    changed = _ids(CHANGED, parameters | {"restored": restored})
    with connection.cursor() as cursor:
        for step in (FREE_CLAIMS_OF_REMOVED, FREE_CLAIMS):
            cursor.execute(step, parameters | {"changed": changed})
    with local_setting(FORGET_SETTING, "on"):  # the file can be imported again instead
        removed = _delete_freed(record)
    _restore_balance(account, record)
    ExchangeRate.objects.filter(user_id=record.user_id, statement_import=record).delete()
    record.undone_at = now
    record.save(update_fields=["undone_at"])
    return UndoResult(record.pk, removed, len(restored), [KeptTransaction(key, "changed") for key in changed])


def _delete_freed(record: StatementImport) -> int:
    """Delete by key and in batches, because one statement over all rows would be planned with outdated statistics."""
    freed = record.rows.filter(user_id=record.user_id, verdict=RowVerdict.CREATED, is_claim=False)
    keys: Iterator[Any] = iter(freed.values_list("transaction_id", flat=True).order_by("number").iterator(BATCH))
    removed = 0
    while batch := list(islice(keys, BATCH)):
        removed += FinancialTransaction.objects.filter(user_id=record.user_id, pk__in=batch).delete()[0]
    return removed


def _restore_balance(account: EncryptedFinancialProfile, record: StatementImport) -> None:
    """Restore the account's former balance if it is still the one that the import set.

    If the next import has replaced it, the undo of that one restores the former balance.
    """
    before = record.account_before
    if before is None:
        return
    if restore_balance(account, before):
        account.save(update_fields=COLUMNS)
        return
    later = StatementImport.objects.filter(user_id=record.user_id, account=account, undone_at=None, pk__gt=record.pk)
    following = later.filter(account_before__isnull=False).order_by("pk").first()
    replaced = following.account_before if following else None
    if following and replaced and {name: replaced[name] for name in STORED} == before["set_to"]:
        following.account_before = before | {"set_to": replaced["set_to"]}
        following.save(update_fields=["account_before"])


def _ids(sql: str, parameters: dict[str, Any]) -> list[UUID]:
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        return [line[0] for line in cursor.fetchall()]
