"""Row-level security: the database role that statements run as, and the checks that the policies stand."""

from core.rls.roles import (
    APPLIED,
    FOLLOW,
    SETTINGS,
    accounts,
    acting_as,
    apply,
    everybody,
    follow_context,
    in_own_context,
    nobody,
    settings_of,
    unapplied,
)

__all__ = [
    "APPLIED",
    "FOLLOW",
    "SETTINGS",
    "accounts",
    "acting_as",
    "apply",
    "everybody",
    "follow_context",
    "in_own_context",
    "nobody",
    "settings_of",
    "unapplied",
]
