"""Reading of positions and changes, and their retention."""

from typing import NamedTuple
from uuid import UUID

from django.db import connection
from django.db.models import BigIntegerField, Func

from core.postgres.partitions import MONTHS_AHEAD

RETENTION_DAYS = 90
MAX_CHANGES = 1_000
RANGE = """
SELECT coalesce((SELECT position FROM core_position WHERE user_id = %(user)s), 0),
       (SELECT min(position) FROM core_changeset WHERE user_id = %(user)s)
"""
CHANGES = """
SELECT changeset.position, change.table_name, change.row_key, change.action, change.id
  FROM core_changeset AS changeset
  JOIN core_change AS change USING (user_id, transaction_id)
 WHERE user_id = %(user)s AND (changeset.position, change.id) > (%(position)s, %(after)s)
 ORDER BY changeset.position, change.id
 LIMIT %(limit)s
"""
LAST_ID = UUID(int=2**128 - 1)


class Position(Func):
    """The position of the user whose key is the argument, 0 before the first change, for a query."""

    template = "coalesce((SELECT position FROM core_position WHERE user_id = %(expressions)s), 0)"
    output_field = BigIntegerField()


class PositionExpiredError(Exception):
    """The changes since this position are no longer retained. The client has to read everything again."""


class Change(NamedTuple):
    """A changed row: `action` is insert, update or delete. A row that changed several times is listed several times."""

    position: int
    table_name: str
    row_key: str
    action: str
    id: UUID


def position_of(user_id: UUID) -> int:
    """Return the user's position, 0 before the first change."""
    return _range_of(user_id)[0]


def changes_since(user_id: UUID, position: int, *, after: UUID = LAST_ID, limit: int = MAX_CHANGES) -> list[Change]:
    """Return the first `limit` changes after a position, or after the change `after` of that position, oldest first.

    Read the position and the changes in this order: a change that is committed in between is then read again, never missed.
    Raise PositionExpiredError if changes after the position are no longer retained.
    """
    last, first_retained = _range_of(user_id)
    if position < last and (first_retained is None or position + 1 < first_retained):
        raise PositionExpiredError(f"The changes since position {position} are no longer retained.")
    with connection.cursor() as cursor:
        cursor.execute(CHANGES, {"user": user_id, "position": position, "after": after, "limit": limit})
        return [Change._make(row) for row in cursor]


def keep_months() -> int:
    """Create the coming partitions of the change log and drop those past retention. Return the number of dropped ones."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT core_keep_change_months(%s, %s)", [MONTHS_AHEAD, RETENTION_DAYS])
        return int(cursor.fetchone()[0])


def _range_of(user_id: UUID) -> tuple[int, int | None]:
    """Return the last position, and the first one whose changes are retained."""
    with connection.cursor() as cursor:
        cursor.execute(RANGE, {"user": user_id})
        last, first_retained = cursor.fetchone()
    return last, first_retained
