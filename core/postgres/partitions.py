"""Tables whose rows come and go by the month: one partition a month, found by the time that is in a row's UUIDv7 key.

A month that nobody needs any more is dropped with its table, in an instant, where deleting its rows would take hours. Such a
table is created by `core.postgres.operations.CreatePartitionedModel`; the functions of the database are in
`core/migrations/sql/partitions.sql`. Only a bound on the key spares the other months, so `PartitionedQuerySet` adds one to each
bound on the time.
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
MAX_DAYS_AFTER_KEY = 1  # how long after its key a row may have been made
LOWER_BOUND_LOOKUPS = ("gt", "gte", "", "exact", "range")  # lookups that say how early a row can have been made
IS_MIGRATED = "SELECT to_regprocedure('core_wall_in(regclass)') IS NOT NULL"
CREATE_MONTH_PARTITIONS = """
SELECT core_make_months(partrelid, %s) FROM pg_partitioned_table JOIN pg_class ON pg_class.oid = partrelid
 WHERE relnamespace = current_schema()::regnamespace
"""


def create_month_partitions(connection: BaseDatabaseWrapper) -> None:
    """Make the months to come of every table that has them. For the tables' owner, after a migration."""
    with connection.cursor() as cursor:
        cursor.execute(IS_MIGRATED)
        if cursor.fetchone()[0]:
            cursor.execute(CREATE_MONTH_PARTITIONS, [MONTHS_AHEAD])


def min_uuid7_at(at: datetime) -> UUID:
    """The lowest UUIDv7 that a row made at `at` can have, for `id__gte` beside a filter by time."""
    return UUID(int=int(at.timestamp() * 1000) << 80)


class MinUuid7(Func):
    """`min_uuid7_at` in the database, so many days later. Folded while a statement is planned, also where it is prepared."""

    function = "core_first_key_at"

    def __init__(self, at: Combinable | datetime, days_later: int) -> None:
        instant = at if hasattr(at, "resolve_expression") else Value(at, output_field=models.DateTimeField())
        super().__init__(instant, Value(days_later), output_field=models.UUIDField())


def created_at_matches_key(table: str) -> models.CheckConstraint:
    """Return a CHECK that `created_at` is at most a day after the time in the key, as PartitionedQuerySet assumes.

    It may be long before: the rows of an account that was brought back have new keys and their old times.
    """
    condition = Q(id__gte=MinUuid7(F("created_at"), -MAX_DAYS_AFTER_KEY))
    return models.CheckConstraint(
        condition=condition,
        name=f"{table}_created_at_near_id",
        violation_error_message="Must be at most a day after the time in the id.",
    )


class PartitionedQuerySet(models.QuerySet[Any]):
    """Rows of a table with months. Those made since an instant have keys since then, too, so that only its months are read.

    `partition_time_field` names the column, which `created_at_matches_key` must hold for. Nothing may refer to such rows,
    since months are dropped whole.
    """

    partition_time_field: ClassVar[str] = "created_at"

    def filter(self, *args: object, **kwargs: object) -> Self:
        bounds = [bound for condition in (*kwargs.items(), *args) for bound in _bounds(self.partition_time_field, condition)]
        return super().filter(*args, *bounds, **kwargs)


def _bounds(partition_time_field: str, condition: object) -> Iterator[Q]:
    """What a condition that must hold says about the key: a pair of a lookup and its value, or a Q of such."""
    if isinstance(condition, Q):
        if condition.connector == Q.AND and not condition.negated:
            yield from (bound for part in condition.children for bound in _bounds(partition_time_field, part))
    elif isinstance(condition, tuple) and condition[1] is not None:
        name, _, lookup = condition[0].partition("__")
        if name == partition_time_field and lookup in LOWER_BOUND_LOOKUPS:
            yield Q(pk__gte=MinUuid7(condition[1][0] if lookup == "range" else condition[1], -MAX_DAYS_AFTER_KEY))
