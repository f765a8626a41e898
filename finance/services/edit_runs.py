"""Recording of edits of transactions, so that they can be undone, and deletion of old records."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import Count, Subquery
from django.db.models.functions import Coalesce

from core.postgres.local_settings import local_setting
from finance.models import DeletedTransaction, EditedRow, EditRun, Rule
from finance.models.deleted_transactions import RETENTION
from finance.models.edit_runs import EditKind
from finance.models.transaction_triggers import RUN_SETTING

UNDO_TIMES = dict.fromkeys(EditKind, RETENTION) | {EditKind.BULK: timedelta(days=1)}


@contextmanager
def recorded_run(kind: EditKind, *, user_id: UUID, now: datetime, rule: Rule | None = None) -> Iterator[EditRun]:
    """Run a block as a transaction, and record each UPDATE of transactions in it as a part of the edit that it yields."""
    version = rule.version if rule else None
    run = EditRun(user_id=user_id, kind=kind, undo_until=now + UNDO_TIMES[kind], rule=rule, rule_version=version)
    run.save(force_insert=True)
    with local_setting(RUN_SETTING, str(run.pk)):
        yield run
    rows = (
        EditedRow.objects.filter(user_id=user_id, run=run)
        .order_by()
        .values("run")
        .annotate(number=Count("pk"))
        .values("number")
    )
    EditRun.objects.filter(user_id=user_id, pk=run.pk).update(row_count=Coalesce(Subquery(rows), 0), details=run.details)


def delete_old_edits(*, now: datetime) -> int:
    """Delete the edits and the deleted transactions of 30 days ago. Return the number of both."""
    edits = EditRun.objects.filter(created_at__lte=now - RETENTION).delete()[0]
    return edits + DeletedTransaction.objects.filter(deleted_at__lte=now - RETENTION).delete()[0]
