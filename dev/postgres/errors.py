"""The one error of this package, whose message always says what to do next."""

from pathlib import Path


class DevDatabaseError(RuntimeError):
    """The development database cannot be used; the message names the cause and a remedy."""


def start_over_remedy(root: Path) -> str:
    """The remedy of last resort, which costs only development data."""
    return f"To begin anew without its data: rm -rf '{root}'"
