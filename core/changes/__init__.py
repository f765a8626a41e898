"""Positions: what a user's data looked like when a client read it, and which rows changed since.

A user's position counts the committed transactions that changed rows of the user, in the order of their commits and without
gaps. The tables and the functions of the database are in `core/migrations/sql/changes.sql`; the triggers of the audit log write
them.
"""

from core.changes.log import (
    LAST_ID,
    MAX_CHANGES,
    RETENTION_DAYS,
    Change,
    Changes,
    Position,
    PositionExpiredError,
    changes_since,
    keep_months,
    position_of,
)

__all__ = [
    "LAST_ID",
    "MAX_CHANGES",
    "RETENTION_DAYS",
    "Change",
    "Changes",
    "Position",
    "PositionExpiredError",
    "changes_since",
    "keep_months",
    "position_of",
]
