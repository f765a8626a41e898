"""Tables that are partitioned by the month of the time in a row's UUIDv7 key.

An old month is dropped with its partition at once, where deleting its rows would take hours.
`core.postgres.operations.CreatePartitionedModel` creates such a table, and the functions of the database are in
`core/migrations/sql/partitions.sql`. PostgreSQL skips partitions only by a bound on the key, so `PartitionedQuerySet` adds one
to each bound on the time.
"""

from collections.abc import Iterator
from datetime import datetime
from typing import Any, ClassVar, Self
from uuid import UUID

from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import F, Func, Q, Value
from django.db.models.expressions import Combinable

MONTHS_AHEAD = 3
MAX_DAYS_AFTER_KEY = 1  # days that `created_at` may be later than the time in the key
LOWER_BOUND_LOOKUPS = ("gt", "gte", "", "exact", "range")  # lookups that imply an earliest time
IS_MIGRATED = "SELECT to_regprocedure('core_secure_partitions(regclass)') IS NOT NULL"
CREATE_MONTH_PARTITIONS = """
SELECT core_make_months(partrelid, %s) FROM pg_partitioned_table JOIN pg_class ON pg_class.oid = partrelid
 WHERE relnamespace = current_schema()::regnamespace
"""


def create_month_partitions(connection: BaseDatabaseWrapper) -> None:
    """Create the coming months of every partitioned table. The connection must be that of the tables' owner."""
    with connection.cursor() as cursor:
        cursor.execute(IS_MIGRATED)
        if cursor.fetchone()[0]:
            cursor.execute(CREATE_MONTH_PARTITIONS, [MONTHS_AHEAD])


def min_uuid7_at(at: datetime) -> UUID:
    """Return the lowest UUIDv7 of the time `at`."""
    return UUID(int=int(at.timestamp() * 1000) << 80)


class MinUuid7(Func):
    """`min_uuid7_at` in SQL, `days_later` days later. It is immutable, so that a prepared statement skips partitions, too."""

    function = "core_first_key_at"

    def __init__(self, at: Combinable | datetime, days_later: int) -> None:
        instant = at if hasattr(at, "resolve_expression") else Value(at, output_field=models.DateTimeField())
        super().__init__(instant, Value(days_later), output_field=models.UUIDField())


def created_at_matches_key(table: str) -> models.CheckConstraint:
    """Return a CHECK that `created_at` is at most a day after the time in the key, as PartitionedQuerySet assumes.

    It may be much earlier, because the rows of a restored account have new keys and their old times.
    """
    condition = Q(id__gte=MinUuid7(F("created_at"), -MAX_DAYS_AFTER_KEY))
    return models.CheckConstraint(
        condition=condition,
        name=f"{table}_created_at_near_id",
        violation_error_message="Must be at most a day after the time in the id.",
    )


class PartitionedQuerySet(models.QuerySet[Any]):
    """A QuerySet whose filters by `partition_time_field` also bound the key, so that older partitions are not read.

    The table must have the constraint `created_at_matches_key`. No foreign key may refer to the table, because partitions are
    dropped.
    """

    partition_time_field: ClassVar[str] = "created_at"

    def filter(self, *args: object, **kwargs: object) -> Self:
        bounds = [bound for condition in (*kwargs.items(), *args) for bound in _bounds(self.partition_time_field, condition)]
        return super().filter(*args, *bounds, **kwargs)


def _bounds(partition_time_field: str, condition: object) -> Iterator[Q]:
    """Yield the bounds on the key that a condition implies; a condition is a pair of lookup and value, or a Q."""
    if isinstance(condition, Q):
        if condition.connector == Q.AND and not condition.negated:
            yield from (bound for part in condition.children for bound in _bounds(partition_time_field, part))
    elif isinstance(condition, tuple) and condition[1] is not None:
        name, _, lookup = condition[0].partition("__")
        if name == partition_time_field and lookup in LOWER_BOUND_LOOKUPS:
            yield Q(pk__gte=MinUuid7(condition[1][0] if lookup == "range" else condition[1], -MAX_DAYS_AFTER_KEY))
