"""Rules on transactions: what they would change, and runs that can be undone, on demand and after an import."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import count
from typing import Any
from uuid import UUID

import orjson
from django.db import connection
from django.db.models import QuerySet

from core import clock
from core.api.filters.compilation import matching
from core.api.filters.periods import Calendar
from core.api.filters.searches import read_search
from core.api.filters.tree import Search
from core.errors import ConflictError, DomainError
from finance.models import EditRun, FinancialTransaction, Rule, StatementImport, StatementImportRow
from finance.models.edit_runs import EditKind
from finance.models.imports import RowVerdict
from finance.models.rules import ShownActions
from finance.services.divisions import check_sums
from finance.services.edit_runs import recorded_run
from finance.services.import_staging import joins_for
from finance.services.rule_plans import CHANGE, ROW, SAME, Plan
from finance.sources import SourceKind, source
from finance.transaction_fields import TRANSACTION_FIELDS
from users.models import User

MAX_CHANGED = 100_000
BATCH = 5_000
PLACEHOLDER = re.compile("%(%|s)")

# With one row of NULL for a page without transactions, so that the numbers are always there.
PAGE = """
, page AS MATERIALIZED (
    SELECT * FROM plan WHERE {is_touched} ORDER BY id LIMIT %(limit)s OFFSET %(offset)s
), numbers AS (
    SELECT count(*) FILTER (WHERE {is_changed}) AS transactions, coalesce(sum({changes}), 0) AS changes,
           coalesce(sum({skipped}), 0) AS skipped
      FROM plan
)
SELECT numbers.*, fields.id, fields.field, fields.state, fields.before, fields.after
  FROM numbers
  LEFT JOIN (SELECT plan.id, each.* FROM page AS plan, {fields} WHERE each.state <> '{same}') AS fields ON true
 ORDER BY fields.id, fields.place
"""
KEYS = "SELECT id FROM plan WHERE {is_changed} ORDER BY id"
LOCK = """
SELECT FROM finance_financialtransaction
 WHERE user_id = %(user)s AND id IN (SELECT unnest(%(only)s::uuid[])) ORDER BY id FOR NO KEY UPDATE
"""
UPDATE = """
, updated AS (
    UPDATE finance_financialtransaction AS entry
       SET {assignments}
      FROM plan
     WHERE entry.user_id = %(user)s AND entry.id = plan.id AND {is_changed}
 RETURNING entry.id
){parts}
SELECT count(*) FROM updated
"""
INSERT_PARTS = """, parts AS (
    INSERT INTO finance_transactionsplit (id, user_id, transaction_id, number, amount, currency, category, note, tags)
    SELECT core_uuid7(clock_timestamp()), plan.user_id, plan.id, part.number, (part.value ->> 'amount')::numeric, plan.currency,
           nullif(part.value ->> 'category', ''), part.value ->> 'note',
           ARRAY(SELECT jsonb_array_elements_text(part.value -> 'tags'))
      FROM plan, jsonb_array_elements(plan.new_splits) WITH ORDINALITY AS part (value, number)
     WHERE plan.splits_state = 'change'
)"""
# The trigger that records the run sees the columns of transactions only.
RECORD_PARTS = """
UPDATE finance_editedrow
   SET before = before || '{"splits": []}',
       after = after || jsonb_build_object('splits', finance_parts_of(user_id, transaction_id))
 WHERE user_id = %(user)s AND run_id = %(run)s AND after ->> 'divided_by' = 'splits'
"""
# What a rule does with new transactions of an import belongs to their creation: the undo of the import removes them.
CREATED_NOW = ", created_at = statement_timestamp(), updated_at = statement_timestamp()"
MATCHED = "SELECT id FROM found"

Progress = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class FieldChange:
    """A field of a transaction that a rule would change, with its values, or would leave for a reason."""

    transaction: UUID
    field: str
    state: str
    before: Any
    after: Any


@dataclass(frozen=True, slots=True)
class Preview:
    """A page of what a rule would change and skip, and the numbers of transactions, changes and skipped fields on all pages.

    `next` is the offset of the next page, None on the last one.
    """

    count: int
    change_count: int
    skipped_count: int
    changes: list[FieldChange]
    skipped: list[FieldChange]
    next: int | None


class RuleOnRows:
    """A rule as it is now, and the transactions that it finds: of its owner or of an import, `without` some.

    Raise DomainError (404) if the rule was deleted.
    """

    def __init__(
        self, rule: Rule, *, now: datetime, record: StatementImport | None = None, without: Sequence[UUID] = ()
    ) -> None:
        self.rule, self.now, self.record = rule, now, record
        present = Rule.objects.filter(user_id=rule.user_id, pk=rule.pk)
        found = present.values_list(ShownActions(), "search", "version").first()
        if found is None:
            raise DomainError("not_found", "This rule was deleted.", status=404)
        actions, rule.search, rule.version = found
        entry = source(SourceKind.RULE, key=rule.pk, version=rule.version)
        self.plan = Plan(actions, rule=str(rule.pk), source=entry)
        if record is not None and record.move is not None:  # what the person has chosen in the other app
            self.plan.parameters["chosen"].append(SourceKind.IMPORT)
        self.found, parameters = self._found()
        self.parameters = {"user": rule.user_id, "without": list(without), **self.plan.parameters, **parameters}

    def preview(self, *, offset: int, limit: int) -> Preview:
        """Return what the rule would change, with the changes of `limit` transactions from the one with the number `offset`."""
        states = [change.state for change in self.plan.changes]
        sums = {
            "changes": " + ".join(f"({state} = '{CHANGE}')::integer" for state in states),
            "skipped": " + ".join(f"({state} NOT IN ('{CHANGE}', '{SAME}'))::integer" for state in states),
        }
        parts = {"is_touched": self.plan.is_touched(), "fields": self.plan.fields(), "same": SAME}
        sql = PAGE.format(is_changed=self.plan.is_changed(), **parts, **sums)
        rows = self._rows(sql, offset=offset, limit=limit + 1)
        found = [
            FieldChange(key, field, state, orjson.loads(before), orjson.loads(new))
            for *_, key, field, state, before, new in rows
            if key is not None
        ]
        keys = list(dict.fromkeys(each.transaction for each in found))
        shown = set(keys[:limit])
        page = [each for each in found if each.transaction in shown]
        changes = [each for each in page if each.state == CHANGE]
        skipped = [each for each in page if each.state != CHANGE]
        transactions, changed, left, *_ = rows[0]
        return Preview(transactions, changed, left, changes, skipped, offset + limit if len(keys) > limit else None)

    def changed_keys(self) -> list[UUID]:
        """Return the ids of the transactions that the rule would change."""
        return [key for (key,) in self._rows(KEYS.format(is_changed=self.plan.is_changed()))]

    def matched_keys(self) -> list[UUID]:
        return [key for (key,) in self._rows(MATCHED)]

    def apply(self, *, expected_count: int | None = None, on_progress: Progress = lambda percent: None) -> EditRun | None:
        """Make the changes in the present transaction, and return the edit; None if there is nothing to change.

        Raise ConflictError if another number of transactions than `expected_count` would change.
        """
        keys = self.changed_keys()
        require_count(len(keys), expected_count)
        if not keys:
            return None
        if self.record is None and len(keys) > MAX_CHANGED:
            message = f"The rule would change more than {MAX_CHANGED:,} transactions. Let its search find fewer."
            raise DomainError("too_many_rows", message)
        self._execute(LOCK, {"user": self.rule.user_id, "only": keys})
        with recorded_run(EditKind.RULE, user_id=self.rule.user_id, now=self.now, rule=self.rule) as run:
            for start in range(0, len(keys), BATCH):
                self._update(keys[start : start + BATCH])
                on_progress(100 * start // len(keys))
            if self.plan.is_split:
                self._execute(RECORD_PARTS, {"user": self.rule.user_id, "run": run.pk})
                check_sums()
        run.refresh_from_db(fields=["row_count", "updated_at"])
        require_count(run.row_count, expected_count)
        return run

    def _update(self, keys: list[UUID]) -> None:
        sql = UPDATE.format(
            assignments=self.plan.assignments() + (CREATED_NOW if self.record else ""),
            is_changed=self.plan.is_changed(),
            parts=INSERT_PARTS if self.plan.is_split else "",
        )
        self._rows(sql, only=keys)

    def _found(self) -> tuple[str, dict[str, Any]]:
        """Return the SQL of the ids of the transactions that the search finds, with the names of its parameters."""
        user: Any = self.rule.user
        rows = FinancialTransaction.objects.filter(user_id=user.pk)
        if self.record is not None:
            lines = StatementImportRow.objects.filter(user_id=user.pk, statement_import=self.record, verdict=RowVerdict.CREATED)
            rows = rows.filter(pk__in=lines.values("transaction_id"))
        found = found_in(rows, read_search(self.rule.search, TRANSACTION_FIELDS), user=user, now=self.now)
        sql, values = found.order_by().values("id", *ROW).query.sql_with_params()
        numbers = count()
        named = PLACEHOLDER.sub(lambda sign: "%%" if sign[1] == "%" else f"%(search_{next(numbers)})s", sql)
        parameters = {f"search_{number}": value for number, value in enumerate(values)}
        return f"SELECT * FROM ({named}) AS found (id, {', '.join(ROW)})", parameters  # noqa: S608 - compiled by the ORM

    def _rows(self, sql: str, *, only: list[UUID] | None = None, **parameters: Any) -> list[tuple[Any, ...]]:
        """Return the rows of a query on the plan of all found transactions, or of `only` some."""
        conditions = "id <> ALL (%(without)s::uuid[])" + (" AND id = ANY (%(only)s::uuid[])" if only is not None else "")
        plan = f"WITH found AS MATERIALIZED ({self.found} WHERE {conditions}), {self.plan.ctes()} "
        with joins_for(self.record.created if self.record else len(only or ())):
            return self._execute(plan + sql, {**self.parameters, "only": only, **parameters})

    def _execute(self, sql: str, parameters: dict[str, Any]) -> list[tuple[Any, ...]]:
        with connection.cursor() as cursor:
            cursor.execute(sql, parameters)
            return cursor.fetchall() if cursor.description else []


def found_in(rows: QuerySet[Any], search: Search, *, user: User, now: datetime) -> QuerySet[Any]:
    """Return the rows of a user that a search finds on the user's present day."""
    today = clock.day_in(user.zone, now)
    return matching(rows, search, TRANSACTION_FIELDS, owner=user.pk, calendar=lambda: Calendar(today, user.zone))


def require_count(found: int, expected: int | None) -> None:
    """Raise ConflictError if another number of transactions would change than the client expects."""
    if expected is not None and found != expected:
        message = f"You expected changes of {expected} transactions, but there are {found}. Nothing was changed."
        raise ConflictError("unexpected_count", message)
