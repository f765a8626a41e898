"""The exception of this package."""

from pathlib import Path


class DevDatabaseError(RuntimeError):
    """The development database cannot be used. The message states the cause and a remedy."""


def start_over_remedy(root: Path) -> str:
    """Return the instruction to delete the database, which loses only development data."""
    return f"To start over without its data: rm -rf '{root}'"
