"""Pages of the changes of a user: first all objects, then what was changed since.

A page has the newest state of each object. A change that is committed while the page is read is in it, in a later page, or in
both, but never in none.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, NamedTuple
from uuid import UUID

from core.changes.cursors import ChangeCursor
from core.changes.log import LAST_ID, changes_since, position_of
from core.changes.types import ChangeType, read_objects


class ChangedObject(NamedTuple):
    """An object as the API shows it, or None if the user has no such object any more."""

    type: str
    key: UUID
    shown: dict[str, Any] | None


class ChangesPage(NamedTuple):
    """Changed objects, each once, and the cursor of the next page."""

    objects: list[ChangedObject]
    cursor: ChangeCursor
    has_more: bool


def read_page(user_id: UUID, cursor: ChangeCursor | None, types: Sequence[ChangeType], *, limit: int) -> ChangesPage:
    """Return the page after a cursor; without one the first page, which begins with all objects.

    Objects of `types` that the cursor does not name as read come first. Raise PositionExpiredError if the cursor is too old.
    """
    cursor = cursor or ChangeCursor(position_of(user_id))  # before the objects, whose later changes then follow
    unread = [kind for kind in types if kind.name not in cursor.read]
    return _all_objects(user_id, cursor, unread, limit) if unread else _changes(user_id, cursor, types, limit)


def _all_objects(user_id: UUID, cursor: ChangeCursor, unread: Sequence[ChangeType], limit: int) -> ChangesPage:
    found: list[ChangedObject] = []
    for kind in unread:
        rows = kind.after(cursor.row, owner=user_id, limit=limit - len(found) + 1)
        shown = rows[: limit - len(found)]
        found += [ChangedObject(kind.name, row.key, row.shown) for row in shown]
        if len(rows) > len(shown):
            return ChangesPage(found, replace(cursor, row=shown[-1].key) if shown else cursor, has_more=True)
        cursor = replace(cursor, read=(*cursor.read, kind.name), row=UUID(int=0))
    return ChangesPage(found, cursor, has_more=position_of(user_id) > cursor.position)


def _changes(user_id: UUID, cursor: ChangeCursor, types: Sequence[ChangeType], limit: int) -> ChangesPage:
    by_table = {kind.table: kind for kind in types}
    log = changes_since(user_id, cursor.position, after=cursor.change, limit=limit + 1, tables=by_table)
    entries, has_more = log.entries[:limit], len(log.entries) > limit
    keys: dict[ChangeType, list[UUID]] = {}
    changed = list(dict.fromkeys((by_table[entry.table_name], UUID(entry.row_key)) for entry in entries))
    for kind, key in changed:
        keys.setdefault(kind, []).append(key)
    shown = read_objects(keys, owner=user_id)
    # without further entries the cursor moves on past those of other tables, so that it does not expire
    position, change = (entries[-1].position, entries[-1].id) if has_more else (log.last_position, LAST_ID)
    return ChangesPage(
        [ChangedObject(kind.name, key, shown.get((kind, key))) for kind, key in changed],
        replace(cursor, position=position, change=change),
        has_more,
    )
