"""Restoration of deleted transactions."""

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
from django.db import IntegrityError, connection, transaction
from django.db.models.expressions import DatabaseDefault

from core.errors import ConflictError
from core.models.base import json_ready
from finance.models import DeletedTransaction, EncryptedFinancialProfile, FinancialTransaction, StatementImportRow
from finance.models.deleted_transactions import RETENTION
from finance.services.names import current_names
from finance.services.restored_parts import MissingReference, restore_parts
from finance.services.transfers import former_state

# Columns that were added to the table after the deletion are filled with the defaults of a new row.
RESTORE = """
INSERT INTO finance_financialtransaction ({columns})
SELECT {columns}
  FROM finance_deletedtransaction AS deleted, jsonb_populate_record(
           NULL::finance_financialtransaction,
           %(defaults)s::jsonb || row || coalesce(%(changes)s::jsonb -> deleted.id::text, '{{}}')
           || jsonb_build_object('id', deleted.id, 'user_id', deleted.user_id)
       ) AS restored
 WHERE deleted.user_id = %(user)s AND deleted.id = ANY (%(keys)s)
"""
# The undo of an import restores what the bank has deleted, also after the time in which the user can.
FROM_TOMBSTONES = """
INSERT INTO finance_deletedtransaction (id, user_id, row, parts, deleted_at, created_at, updated_at)
SELECT DISTINCT ON (transaction_id) transaction_id, user_id, deleted_row, '{}', deleted_at, now(), now()
  FROM finance_statementimportrow
 WHERE user_id = %(user)s AND transaction_id = ANY (%(keys)s) AND is_claim AND deleted_row IS NOT NULL
ON CONFLICT (id) DO NOTHING
"""


@dataclass(frozen=True, slots=True)
class Restored:
    """The ids of restored transactions, and what they referred to and what does not exist any more, which stays empty."""

    keys: list[UUID]
    missing: list[MissingReference]


class ReferenceTakenError(ConflictError):
    """Other transactions have the reference numbers of deleted ones by now. `taken` has the numbers by id."""

    def __init__(self, taken: dict[UUID, str]) -> None:
        self.taken = taken
        super().__init__("reference_number_taken", self.sentence(next(iter(taken.values()))))

    def sentence(self, number: str) -> str:
        return f"Another transaction of this account has the reference number {number}. Change or delete that one first."


def restorable(user: Any, *, now: datetime) -> Any:
    """Return the deleted transactions that a user can restore."""
    return DeletedTransaction.objects.for_user(user).filter(deleted_at__gt=now - RETENTION)


@transaction.atomic
def restore_transactions(rows: Any) -> Restored:
    """Restore deleted transactions unchanged and under their ids, all or none.

    Raise ReferenceTakenError if another transaction has the reference number of one of them.
    """
    deleted = list(rows.order_by("pk").select_for_update())
    if not deleted:
        return Restored([], [])
    owner, keys = deleted[0].user_id, [row.pk for row in deleted]
    restoration = _Restoration(owner, deleted)
    restoration.require_free_reference_numbers()
    parameters: dict[str, Any] = {"user": owner, "keys": keys}
    _insert_again(parameters | {"changes": orjson.dumps(restoration.changes).decode()})
    missing = [*restoration.missing, *restore_parts(deleted, parameters)]
    DeletedTransaction.objects.filter(user_id=owner, pk__in=keys).delete()
    claims = StatementImportRow.objects.filter(user_id=owner, transaction_id__in=keys, is_claim=True)
    claims.update(deleted_at=None, deleted_row=None)
    return Restored(keys, missing)


def restore_from_tombstones(*, user_id: UUID, keys: Collection[UUID]) -> None:
    """Restore imported transactions from their statement rows. Raise as `restore_transactions` does."""
    with connection.cursor() as cursor:
        cursor.execute(FROM_TOMBSTONES, {"user": user_id, "keys": list(keys)})
    restore_transactions(DeletedTransaction.objects.filter(user_id=user_id, pk__in=keys))


class _Restoration:
    """Deleted rows of one owner, with the `changes` by id that replace what is `missing` by now."""

    def __init__(self, owner: UUID, deleted: list[DeletedTransaction]) -> None:
        self.owner, self.deleted = owner, deleted
        self.changes: dict[str, dict[str, Any]] = {str(row.pk): former_state(row.row) for row in deleted}
        self.missing: list[MissingReference] = []
        for name in ("category", "payee"):
            self._replace(name, current_names(owner, name, {row.row[name] for row in deleted if row.row.get(name)}))
        accounts = EncryptedFinancialProfile.objects.filter(user_id=owner).values_list("pk", flat=True)
        self._replace("financial_profile_id", {str(key): str(key) for key in accounts})
        tags = current_names(owner, "tags", {tag for row in deleted for tag in row.row.get("tags", ())})
        for row in deleted:
            self._replace_tags(row, tags)
            if not row.parts:  # restored from a statement row, which has no parts
                self.changes[str(row.pk)]["divided_by"] = ""

    def _replace(self, column: str, present: dict[str, str]) -> None:
        for row in self.deleted:
            before = row.row.get(column)
            if before:
                value = self.changes[str(row.pk)][column] = present.get(before)
                if value is None:
                    if column == "financial_profile_id":  # what the bank has confirmed is on that account
                        self.changes[str(row.pk)]["reconciled_date"] = None
                    self.missing.append(MissingReference(row.pk, column.removesuffix("_id"), before))

    def _replace_tags(self, row: DeletedTransaction, present: dict[str, str]) -> None:
        before = row.row.get("tags") or []
        self.changes[str(row.pk)]["tags"] = list(dict.fromkeys(present[tag] for tag in before if tag in present))
        self.missing += [MissingReference(row.pk, "tags", tag) for tag in before if tag not in present]

    def require_free_reference_numbers(self) -> None:
        """Raise ReferenceTakenError if a reference number is used in its account, or twice among the deleted rows."""
        numbers = {
            row.pk: (self.changes[str(row.pk)].get("financial_profile_id"), row.row["reference_number"]) for row in self.deleted
        }
        wanted = {key: place for key, place in numbers.items() if all(place)}
        entries = FinancialTransaction.objects.filter(
            user_id=self.owner, reference_number__in={number for _, number in wanted.values()}
        )
        used = {(str(account), number) for account, number in entries.values_list("financial_profile_id", "reference_number")}
        times = Counter(wanted.values())
        taken = {key: place[1] for key, place in wanted.items() if place in used or times[place] > 1}
        if taken:
            raise ReferenceTakenError(taken)


def _insert_again(parameters: dict[str, Any]) -> None:
    blank = FinancialTransaction()
    stored = [field for field in blank._meta.concrete_fields if not field.generated]
    columns = ", ".join(f"restored.{connection.ops.quote_name(str(field.column))}" for field in stored)
    values = {str(field.column): getattr(blank, field.attname) for field in stored}
    defaults = {name: json_ready(value) for name, value in values.items() if not isinstance(value, DatabaseDefault)}
    sql = RESTORE.replace("({columns})", f"({columns.replace('restored.', '')})").format(columns=columns)
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(sql, parameters | {"defaults": orjson.dumps(defaults).decode()})
    except IntegrityError as error:
        message = "What a transaction refers to was changed at the same time. Send the request again."
        raise ConflictError("place_taken", message) from error
