"""Tables whose rows come and go by the month: one partition a month, found by the time that is in a row's UUIDv7 key.

A month that nobody needs any more is dropped with its table, in an instant, where deleting its rows would take hours. The
functions of the database are made by kit's migration `0004_audit`. A query is quick when it bounds the key, see `since`.
"""

from datetime import datetime
from uuid import UUID

from django.db import migrations

MONTHS_AHEAD = 3


def partition_by_month(table: str) -> migrations.RunSQL:
    """Turn an empty table whose primary key `id` is a UUIDv7 into one with a partition a month, from this month on.

    Its indexes, triggers and policies are made afterwards. What fits no month falls into `<table>_default`, so nothing is
    refused. `kit_make_months` is to be called again by a daily job.
    """
    return migrations.RunSQL(f"SELECT kit_partition_by_month('{table}', {MONTHS_AHEAD})", migrations.RunSQL.noop)


def first_key_at(at: datetime) -> UUID:
    """The lowest UUIDv7 that a row made at `at` can have, for `id__gte` beside a filter by time."""
    return UUID(int=int(at.timestamp() * 1000) << 80)
