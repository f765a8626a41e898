"""Undo of an edit of many transactions, except for those that were changed after it."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
from django.db import IntegrityError, connection, transaction

from core import clock
from core.errors import ConflictError
from core.postgres.limits import job_time
from finance.models import EditRun, EncryptedFinancialProfile, FinancialTransaction
from finance.models.edit_runs import EditKind
from finance.models.transaction_triggers import DIVISION, PARTS, edited_columns, source_key
from finance.models.transactions import MACHINE_FIELDS
from finance.services.divisions import check_sums
from finance.services.import_staging import joins_for
from finance.services.name_merges import NAMES_LOCK, show_again
from finance.services.names import current_names
from finance.services.reconciliation import take_back
from finance.sources import TRANSFER
from users.locks import lock

MAX_KEPT = 1_000
NAMES = ("category", "payee", "tags")

KEYS = """
SELECT DISTINCT key FROM finance_editedrow, jsonb_object_keys(after) AS key WHERE user_id = %(user)s AND run_id = %(run)s
"""
NAMES_BEFORE = """
SELECT DISTINCT name
  FROM finance_editedrow, LATERAL (
           SELECT jsonb_array_elements_text(CASE jsonb_typeof(before -> %(column)s)
                  WHEN 'array' THEN before -> %(column)s ELSE jsonb_build_array(before -> %(column)s) END) AS name) AS each
 WHERE user_id = %(user)s AND run_id = %(run)s AND name IS NOT NULL
"""

# Locks the transactions in the order of their keys, to avoid deadlocks, and compares them with the values of the edit.
COMPARE = """
WITH edited AS MATERIALIZED (
    SELECT transaction_id, before, after FROM finance_editedrow WHERE user_id = %(user)s AND run_id = %(run)s
), present AS MATERIALIZED (
    SELECT entry.* FROM finance_financialtransaction AS entry JOIN edited ON entry.id = edited.transaction_id
     WHERE entry.user_id = %(user)s ORDER BY entry.id FOR UPDATE OF entry
)
SELECT transaction_id,
       CASE WHEN present.id IS NULL THEN 'deleted' WHEN NOT ({is_same}) THEN 'changed' WHEN {is_missing} THEN 'missing'
            WHEN after ? %(division)s THEN 'conflict' END
  FROM edited FULL JOIN present ON present.id = edited.transaction_id  -- never a nested loop, as LEFT JOIN could be
 CROSS JOIN LATERAL jsonb_populate_record(NULL::finance_financialtransaction, after) AS written
 CROSS JOIN LATERAL jsonb_populate_record(NULL::finance_financialtransaction, before) AS former
 ORDER BY transaction_id
"""
# Those that a rule has added to rows without parts.
REMOVE_PARTS = """
DELETE FROM finance_transactionsplit
 WHERE user_id = %(user)s AND transaction_id IN (
           SELECT transaction_id FROM finance_editedrow
            WHERE user_id = %(user)s AND run_id = %(run)s AND after ? %(parts)s
              AND transaction_id IN (SELECT unnest(%(rows)s::uuid[])))
"""
RESTORE = """
UPDATE finance_financialtransaction AS entry
   SET {changes}
  FROM finance_editedrow AS edited
 CROSS JOIN LATERAL jsonb_populate_record(NULL::finance_financialtransaction, edited.before) AS former
 WHERE edited.user_id = %(user)s AND edited.run_id = %(run)s
   AND edited.transaction_id IN (SELECT unnest(%(rows)s::uuid[]))  -- hashed, where = ANY may compare every pair
   AND entry.user_id = %(user)s AND entry.id = edited.transaction_id
"""
# A row that only rules at its import have changed stays one that no person has changed, which an undo of the import removes.
AS_CREATED = ", ".join(
    f"{name} = CASE WHEN entry.updated_at = entry.created_at THEN statement_timestamp() ELSE entry.{name} END"
    for name in ("created_at", "updated_at")
)


@dataclass(frozen=True, slots=True)
class KeptRow:
    """A row that an undo leaves as it is.

    The reason is `changed` or `deleted` (after the edit), `missing` (what it referred to was deleted), or `conflict` (its
    values before the edit are refused now, such as a reference number that another transaction has, or the edit replaced its
    parts or the expenses that it refunds).
    """

    id: UUID
    reason: str


@dataclass(frozen=True, slots=True)
class UndoneEdit:
    """The number of transactions that an undo has restored and that it has kept, and the first of those that it has kept."""

    id: UUID
    restored: int
    kept_count: int
    kept: list[KeptRow]


@job_time()
def undo_edit(*, run: EditRun, now: datetime) -> UndoneEdit:
    """Restore the transactions that `run` changed and that still have its values, with their sources.

    Raise ConflictError if the edit was undone before, or is too old.
    """
    if run.kind == EditKind.MERGE:
        lock(NAMES_LOCK.format(run.user_id))
    run = EditRun.objects.select_for_update().get(user_id=run.user_id, pk=run.pk)
    if run.undone_at is not None:
        raise ConflictError("already_undone", "This edit is already undone.")
    if now >= run.undo_until:
        raise ConflictError("undo_expired", f"This edit could be undone until {clock.text_in(run.user.zone, run.undo_until)}.")
    kept = [KeptRow(key, "changed") for key in show_again(run)] if run.kind == EditKind.MERGE else []
    restored, kept_rows = _RowsOfRun(run).restore()
    kept += kept_rows
    if run.kind == EditKind.RECONCILIATION:
        take_back(run)
    run.undone_at = now
    run.save(update_fields=["undone_at"])
    return UndoneEdit(run.pk, restored, len(kept), kept[:MAX_KEPT])


class _RowsOfRun:
    """The rows of an edit, and the SQL for the fields that it has changed."""

    def __init__(self, run: EditRun) -> None:
        self.run = run
        self.parameters: dict[str, Any] = {
            "user": run.user_id,
            "run": run.pk,
            "division": DIVISION,
            "parts": PARTS,
        }
        self.keys = {key for (key,) in self._rows(KEYS, self.parameters)}
        self.columns = [name for name in edited_columns(FinancialTransaction) if name in self.keys]
        self.with_source = [name for name in (*MACHINE_FIELDS, TRANSFER) if source_key(name) in self.keys]

    def restore(self) -> tuple[int, list[KeptRow]]:
        """Restore the rows that still have the values of the edit. Return their number, and the rows that are kept."""
        if not self.keys:
            return 0, []
        missing = [f"({condition})" for condition in self._missing_conditions()]
        sql = COMPARE.format(
            is_same=" AND ".join(self._same_conditions()) or "true", is_missing=" OR ".join(missing) or "false"
        )
        with joins_for(self.run.row_count):
            found = self._rows(sql, self.parameters)
        kept = [KeptRow(key, reason) for key, reason in found if reason]
        wanted = [key for key, reason in found if not reason]
        refused = self._restored_or_refused(wanted)
        return len(wanted) - len(refused), [*kept, *(KeptRow(key, "conflict") for key in refused)]

    def _same_conditions(self) -> Iterable[str]:
        for name in self.columns:
            yield f"(NOT after ? '{name}' OR present.{name} IS NOT DISTINCT FROM written.{name})"
        for name in self.with_source:
            key = source_key(name)
            yield f"(NOT after ? '{key}' OR coalesce(present.sources -> '{name}', 'null') = after -> '{key}')"
        if PARTS in self.keys:
            yield f"(NOT after ? '{PARTS}' OR finance_parts_of(present.user_id, present.id) = after -> '{PARTS}')"

    def _missing_conditions(self) -> Iterable[str]:
        """Yield conditions for rows whose former account, category, payee or tag does not exist any more."""
        for name in (name for name in NAMES if name in self.columns):
            before = {text for (text,) in self._rows(NAMES_BEFORE, self.parameters | {"column": name})}
            now = current_names(self.run.user_id, name, before)
            self.parameters |= {f"{name}_now": orjson.dumps(now).decode(), f"{name}_missing": sorted(before - now.keys())}
            yield f"former.{name} && %({name}_missing)s" if name == "tags" else f"former.{name} = ANY (%({name}_missing)s)"
        if "financial_profile_id" in self.columns:
            accounts = EncryptedFinancialProfile.objects.filter(user_id=self.run.user_id)
            self.parameters["accounts"] = list(accounts.values_list("pk", flat=True))
            yield "former.financial_profile_id <> ALL (%(accounts)s::uuid[])"

    def _changes(self) -> str:
        changes = [
            f"{name} = CASE WHEN edited.before ? '{name}' THEN {self._former(name)} ELSE entry.{name} END"
            for name in self.columns
        ]
        return ", ".join([*changes, "sources = finance_sources_before(entry.sources, edited.before)", AS_CREATED])

    def _former(self, name: str) -> str:
        """Return the SQL of the former value of a column. What was merged since is replaced by what it was merged into."""
        if name not in NAMES:
            return f"former.{name}"
        if name != "tags":
            return f"%({name}_now)s::jsonb ->> former.{name}"
        return (
            "ARRAY(SELECT tag FROM (SELECT %(tags_now)s::jsonb ->> tag AS tag, min(place) AS place"
            " FROM unnest(former.tags) WITH ORDINALITY AS each (tag, place) GROUP BY 1) AS tags ORDER BY place)"
        )

    def _restored_or_refused(self, keys: list[UUID]) -> list[UUID]:
        """Restore rows, and return those that the database refuses.

        The restoration of one may allow that of another, such as of two that exchange their reference numbers, so that those
        that were refused are tried again.
        """
        refused = self._restore_parts(keys)
        while refused:
            again = self._restore_parts(refused)
            if len(again) == len(refused):
                break
            refused = again
        return refused

    def _restore_parts(self, keys: list[UUID]) -> list[UUID]:
        """Restore rows with one statement. If the database refuses it, restore each half on its own."""
        if not keys:
            return []
        try:
            with transaction.atomic(), joins_for(len(keys)), connection.cursor() as cursor:
                if PARTS in self.keys:
                    cursor.execute(REMOVE_PARTS, self.parameters | {"rows": keys})
                cursor.execute(RESTORE.format(changes=self._changes()), self.parameters | {"rows": keys})
                check_sums()
        except IntegrityError:
            if len(keys) == 1:
                return keys
            half = len(keys) // 2
            return [*self._restore_parts(keys[:half]), *self._restore_parts(keys[half:])]
        return []

    def _rows(self, sql: str, parameters: dict[str, Any]) -> list[tuple[Any, ...]]:
        with connection.cursor() as cursor:
            cursor.execute(sql, parameters)
            return cursor.fetchall()
