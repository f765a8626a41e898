"""Triggers of transactions that store what an edit or a deletion changes, so that it can be undone.

They are triggers, so that every way of changing rows counts: API, admin, bulk, jobs and raw SQL.
"""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

import pgtrigger

from core.postgres.local_settings import FORGET_SETTING

RUN_SETTING = "app.edit_run"
"""While it is the id of an EditRun, every UPDATE of transactions is recorded as a part of the run."""
DIVISION = "division"
"""The key in `EditedRow.after` of a row whose parts or shares a person replaced, which an undo does not restore."""
PARTS = "splits"
"""The key in `EditedRow.after` of the parts that a rule gave to a row that had none."""
BESIDE_VALUES = ("id", "user_id", "created_at", "updated_at", "sources")


@dataclass(frozen=True)
class Part:
    """A table with rows that belong to a transaction, by the column with its id.

    The rows of a table with links remain when their transaction is deleted, without the link, which a restoration sets again.
    """

    table: str
    column: str

    @property
    def name(self) -> str:
        return f"{self.table}.{self.column}"


# The rows that a deleted transaction takes along. Their table must be emptied by a foreign key in the database and not by
# Django, which would delete them before the transaction, and with it the trigger would no longer find them.
LINKS = (Part("finance_duedatepayment", "transaction_id"), Part("finance_attachment", "transaction_id"))
# Those that are deleted with it, and stored with all their columns.
CONTENTS = (
    Part("finance_transactionsplit", "transaction_id"),
    Part("finance_refundshare", "refund_id"),
    Part("finance_refundshare", "expense_id"),
    Part("finance_transfer", "outgoing_id"),
    Part("finance_transfer", "incoming_id"),
)


# Python reads a JSON number as a float, without the zeros at its end.
AMOUNT_AS_TEXT = " || jsonb_build_object('amount', part.amount::text)"


def edited_columns(model: Any) -> list[str]:
    """Return the columns of transactions whose changes are recorded."""
    columns = [str(field.column) for field in model._meta.concrete_fields if not field.generated]
    return [name for name in columns if name not in BESIDE_VALUES]


def source_key(column: str) -> str:
    """Return the key of a field's source in `EditedRow.before` and `after`."""
    return f"sources.{column}"


class RecordEdits(pgtrigger.Trigger):
    """The trigger that records the changed fields of a statement's rows, if it is a part of an EditRun.

    `with_sources` are the fields that have a source, which is recorded with the value, or on its own if the value is in other
    columns, as that of splits and transfers. A second change of a row in the same
    run keeps the values before the first one. The FULL JOIN is never a nested loop, which the planner would choose without
    statistics and which takes hours for 100,000 rows.
    """

    name = "record_edits"
    level = pgtrigger.Statement
    when = pgtrigger.After
    operation = pgtrigger.Update
    referencing = pgtrigger.Referencing(old="old_rows", new="new_rows")
    condition = pgtrigger.Condition(f"current_setting('{RUN_SETTING}', true) <> ''")

    def __init__(self, with_sources: Collection[str]) -> None:
        super().__init__()
        self.with_sources = with_sources

    def get_func(self, model: Any) -> str:
        columns = edited_columns(model)
        others = [name for name in self.with_sources if name not in columns]
        before, after = (
            " || ".join([self._change(name, side) for name in columns] + [self._source_change(name, side) for name in others])
            for side in ("former", "present")
        )
        return f"""
        INSERT INTO finance_editedrow AS known
               (id, user_id, run_id, transaction_id, before, after, created_at, updated_at)
        SELECT core_uuid7(clock_timestamp()), user_id, current_setting('{RUN_SETTING}')::uuid, id, before, after, now(), now()
          FROM (SELECT id, coalesce(present.user_id, former.user_id) AS user_id, {before} AS before, {after} AS after
                  FROM new_rows AS present FULL JOIN old_rows AS former USING (id)) AS changed
         WHERE after <> '{{}}'
        ON CONFLICT (user_id, run_id, transaction_id) DO UPDATE
           SET before = excluded.before || known.before, after = known.after || excluded.after;
        RETURN NULL;"""  # noqa: S608 - names of our columns

    def _change(self, name: str, side: str) -> str:
        """Return the SQL of {name: value} if a statement changes the column or its source, else of {}."""
        cast = "::text" if name == "amount" else ""  # the decimals of 5.00 and 5 differ
        is_changed = f"former.{name}{cast} IS DISTINCT FROM present.{name}{cast}"
        pairs = f"'{name}', {side}.{name}{cast}"
        if name in self.with_sources:
            is_changed += f" OR former.sources -> '{name}' IS DISTINCT FROM present.sources -> '{name}'"
            pairs += f", '{source_key(name)}', {side}.sources -> '{name}'"
        return f"CASE WHEN {is_changed} THEN jsonb_build_object({pairs}) ELSE '{{}}' END"

    def _source_change(self, name: str, side: str) -> str:
        """Return the SQL of {source: value} if a statement changes the source of a value in other columns, else of {}."""
        is_changed = f"former.sources -> '{name}' IS DISTINCT FROM present.sources -> '{name}'"
        pair = f"'{source_key(name)}', {side}.sources -> '{name}'"
        return f"CASE WHEN {is_changed} THEN jsonb_build_object({pair}) ELSE '{{}}' END"


class KeepDeleted(pgtrigger.Trigger):
    """The trigger that stores a transaction in DeletedTransaction, before other tables lose their links to it."""

    name = "keep_deleted"
    when = pgtrigger.Before
    operation = pgtrigger.Delete
    condition = pgtrigger.Condition(f"coalesce(current_setting('{FORGET_SETTING}', true), '') <> 'on'")

    def get_func(self, model: Any) -> str:
        kept = [(part.table, "id", part) for part in LINKS]
        kept += [(part.name, f"to_jsonb(part){'' if 'transfer' in part.table else AMOUNT_AS_TEXT}", part) for part in CONTENTS]
        parts = ", ".join(
            f"'{name}', (SELECT coalesce(jsonb_agg({value}), '[]') FROM {part.table} AS part"  # noqa: S608 - names of our tables
            f" WHERE user_id = OLD.user_id AND {part.column} = OLD.id)"
            for name, value, part in kept
        )
        return f"""
        INSERT INTO finance_deletedtransaction (id, user_id, row, parts, deleted_at, created_at, updated_at)
        VALUES (OLD.id, OLD.user_id, {row_as_json(model)}, jsonb_build_object({parts}), now(), now(), now())
        ON CONFLICT (id) DO UPDATE SET row = excluded.row, parts = excluded.parts, deleted_at = now();
        RETURN OLD;"""  # noqa: S608 - names of our tables


class RememberDeleted(pgtrigger.Trigger):
    """The trigger that stores a deleted transaction in its statement rows, so that it is not imported again."""

    name = "remember_deleted"
    when = pgtrigger.After
    operation = pgtrigger.Delete

    def get_func(self, model: Any) -> str:
        return f"""
        UPDATE finance_statementimportrow SET deleted_at = now(), deleted_row = {row_as_json(model)}
         WHERE user_id = OLD.user_id AND transaction_id = OLD.id AND is_claim;
        RETURN NULL;"""  # noqa: S608 - names of our columns


def row_as_json(model: Any) -> str:
    """Return the SQL of the deleted row as JSON, without generated columns.

    The amount is text, as above, also in an export.
    """
    generated = ",".join(str(field.column) for field in model._meta.concrete_fields if field.generated)
    return f"to_jsonb(OLD) - '{{{generated}}}'::text[] || jsonb_build_object('amount', OLD.amount::text)"
