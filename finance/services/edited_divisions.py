"""Recording of edits that replace parts and shares, which an undo does not restore."""

from collections import defaultdict
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID

from django.db import connection

from finance.models import FinancialTransaction, RefundShare, TransactionSplit
from finance.models.transaction_triggers import DIVISION, RUN_SETTING

RUN = f"SELECT coalesce(current_setting('{RUN_SETTING}', true), '')"
RECORD = f"""
INSERT INTO finance_editedrow AS known (id, user_id, run_id, transaction_id, before, after, created_at, updated_at)
SELECT core_uuid7(clock_timestamp()), user_id, %s, id, '{{}}', '{{"{DIVISION}": true}}', now(), now()
  FROM unnest(%s::uuid[], %s::uuid[]) AS edited (user_id, id)
ON CONFLICT (user_id, run_id, transaction_id) DO UPDATE SET after = known.after || excluded.after
"""  # noqa: S608 - put together from constants


@contextmanager
def recorded_divisions(rows: Collection[FinancialTransaction]) -> Iterator[None]:
    """Run a block, and record the rows whose parts or shares it has changed in the present edit, if there is one."""
    with connection.cursor() as cursor:
        cursor.execute(RUN)
        [run] = cursor.fetchone()
        if not run:
            yield
            return
        before = _divisions(rows)
        yield
        after = _divisions(rows)
        changed = [row for row in rows if before[row.pk] != after[row.pk]]
        if changed:
            cursor.execute(RECORD, [run, [row.user_id for row in changed], [row.pk for row in changed]])


def _divisions(rows: Collection[FinancialTransaction]) -> dict[UUID, list[tuple[Any, ...]]]:
    found = defaultdict[UUID, list[tuple[Any, ...]]](list)
    owners = {row.user_id for row in rows}
    parts = TransactionSplit.objects.filter(user_id__in=owners, transaction__in=rows).order_by("number")
    shares = RefundShare.objects.filter(user_id__in=owners, refund__in=rows).order_by("expense_id")
    for key, *values in parts.values_list("transaction_id", "amount", "currency", "category", "note", "tags"):
        found[key].append(tuple(values))
    for key, *values in shares.values_list("refund_id", "expense_id", "amount", "currency", "allows_excess"):
        found[key].append(tuple(values))
    return found
