"""Reading of positions and changes, and their retention."""

from collections.abc import Collection
from typing import Any, NamedTuple
from uuid import UUID

from django.db import connection
from django.db.models import BigIntegerField, Func

from core.postgres.partitions import MONTHS_AHEAD

RETENTION_DAYS = 90
MAX_CHANGES = 1_000
RELATED = "related"
POSITION = "SELECT coalesce((SELECT position FROM core_position WHERE user_id = %s), 0)"
# One statement, so that the last position is that of the entries. The bound on the position alone is for the index.
CHANGES = """
SELECT last.position, (SELECT min(position) FROM core_changeset WHERE user_id = %(user)s), found.*
  FROM (SELECT coalesce((SELECT position FROM core_position WHERE user_id = %(user)s), 0) AS position) AS last
  LEFT JOIN LATERAL (
           SELECT changeset.position, change.table_name, change.row_key, change.action, change.id
             FROM core_changeset AS changeset
             JOIN core_change AS change USING (user_id, transaction_id)
            WHERE user_id = %(user)s AND changeset.position >= %(position)s
              AND (changeset.position, change.id) > (%(position)s, %(after)s)
              AND (%(tables)s::text[] IS NULL OR change.table_name = ANY (%(tables)s))
            ORDER BY changeset.position, change.id
            LIMIT %(limit)s
       ) AS found ON true
 ORDER BY found.position, found.id
"""
LAST_ID = UUID(int=2**128 - 1)


class Position(Func):
    """The position of the user whose key is the argument, 0 before the first change, for a query."""

    template = "coalesce((SELECT position FROM core_position WHERE user_id = %(expressions)s), 0)"
    output_field = BigIntegerField()


class PositionExpiredError(Exception):
    """The changes since this position are no longer retained. The client has to read everything again."""


class Change(NamedTuple):
    """A changed row. A row that changed several times is listed several times.

    `action` is insert, update or delete; it is RELATED if another row changed that a value of this one is computed from.
    """

    position: int
    table_name: str
    row_key: str
    action: str
    id: UUID


class Changes(NamedTuple):
    """Changes of a user, oldest first, and the user's last position when they were read."""

    last_position: int
    entries: list[Change]


def position_of(user_id: UUID) -> int:
    """Return the user's position, 0 before the first change."""
    with connection.cursor() as cursor:
        cursor.execute(POSITION, [user_id])
        return int(cursor.fetchone()[0])


def changes_since(
    user_id: UUID, position: int, *, after: UUID = LAST_ID, limit: int = MAX_CHANGES, tables: Collection[str] | None = None
) -> Changes:
    """Return the first `limit` changes after a position, or after the change `after` of that position, of some tables.

    If there are fewer, there are no further ones up to the last position. Raise PositionExpiredError if changes after the
    position are no longer retained, or if the position was not reached, as after the database was restored.
    """
    named = None if tables is None else list(tables)
    values: dict[str, Any] = {"user": user_id, "position": position, "after": after, "limit": limit, "tables": named}
    with connection.cursor() as cursor:
        cursor.execute(CHANGES, values)
        rows = cursor.fetchall()
    last, first_retained = rows[0][:2]
    if position > last or (position < last and (first_retained is None or position + 1 < first_retained)):
        raise PositionExpiredError(f"The changes since position {position} are no longer retained.")
    return Changes(last, [Change._make(row[2:]) for row in rows if row[2] is not None])


def keep_months() -> int:
    """Create the coming partitions of the change log and drop those past retention. Return the number of dropped ones."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT core_keep_change_months(%s, %s)", [MONTHS_AHEAD, RETENTION_DAYS])
        return int(cursor.fetchone()[0])
