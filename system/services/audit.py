"""Maintenance of the audit log: extending its hash chain, erasing users' values, dropping old partitions.

Database functions do all of it, since no role may write to the log; see `system/migrations/sql/`.
"""

from typing import Any

from django.conf import settings
from django.db import connection, transaction

from core import rls
from core.postgres.partitions import MONTHS_AHEAD
from system.audit_signatures import sign_new_blocks


def seal_audit() -> int:
    """Add the finished events that are in no block yet to the chain. Return their number, or 0 if another call is running.

    The new blocks are signed in the same transaction. Raise DomainError if the chain before them was altered.
    """
    with transaction.atomic():
        events = _call("SELECT system_seal_audit()")
        sign_new_blocks()
    return events


def forget_changes_of(user: Any) -> int:
    """Erase the recorded values of an erased user's rows, and return the number of events. `user` may be the key.

    The events stay with their actor and time, and their digests stay valid. Call this after the user's rows are deleted,
    because their deletion is recorded, too. `verify_audit` reports an error while the account is active.
    """
    with rls.as_staff(reason="erasure"):
        return _call("SELECT system_forget_changes(%s)", getattr(user, "pk", user))


def maintain_audit_partitions() -> int:
    """Create coming partitions and drop those older than `AUDIT_RETENTION_MONTHS`. Return the number dropped."""
    return _call("SELECT system_keep_audit_months(%s, %s)", MONTHS_AHEAD, settings.AUDIT_RETENTION_MONTHS)


def _call(sql: str, *values: Any) -> int:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql, values)
        return int(cursor.fetchone()[0])
