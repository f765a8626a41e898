"""Keeping the audit log: sealing it into its chain, forgetting the erased, dropping what is too old.

All of it is done by functions of the database, since no role may write to the log; see `system/migrations/sql/`.
"""

from typing import Any

from django.conf import settings
from django.db import connection, transaction

from core import rls
from core.postgres.partitions import MONTHS_AHEAD


def seal_audit() -> int:
    """Bind every finished change that is in no block yet into the chain; gives how many. At once with another: 0."""
    return _call("SELECT system_seal_audit()")


def forget_changes_of(user: Any) -> int:
    """Take from the log what the rows of an erased user (or of the one with this key) held; gives how many changes.

    That they were changed, when and by whom stays, and the digests still hold. Call it last, after the user's rows are deleted:
    their deletion is a change, too. `verify_audit` complains while the account is still there and active.
    """
    with rls.as_staff(reason="erasure"):
        return _call("SELECT system_forget_changes(%s)", getattr(user, "pk", user))


def maintain_audit_partitions() -> int:
    """Make the partitions of the months to come, and drop those older than `AUDIT_RETENTION_MONTHS`; gives how many dropped."""
    return _call("SELECT system_keep_audit_months(%s, %s)", MONTHS_AHEAD, settings.AUDIT_RETENTION_MONTHS)


def _call(sql: str, *values: Any) -> int:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql, values)
        return int(cursor.fetchone()[0])
