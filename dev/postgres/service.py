"""The functions for the rest of the project: start and stop the database."""

import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from dev.postgres.errors import DevDatabaseError
from dev.postgres.folder import DEFAULT_FOLDER, prepare
from dev.postgres.locks import exclusive, share_until_exit
from dev.postgres.server import attach_or_start, stop_server, url
from dev.postgres.watcher import GRACE_SECONDS, ensure_watcher

_START_SECONDS = 60.0
_SILENT_SECONDS = 2.0


def ensure_running(folder: Path = DEFAULT_FOLDER, *, grace: float = GRACE_SECONDS) -> str:
    """Return the URL of a server that accepts connections, and start it if it does not run. Raise DevDatabaseError on failure.

    The server runs at least as long as this process and its forks, and stops `grace` seconds after its last user has ended.
    """
    deadline = time.monotonic() + _START_SECONDS
    with _plain_errors(folder), _announced_when_slow(folder):
        place = prepare(folder)
        share_until_exit(place.users_lock, deadline)
        with exclusive(place.start_lock, deadline):
            attach_or_start(place, deadline)
            ensure_watcher(place, grace)
        return url(place)


def stop(folder: Path = DEFAULT_FOLDER) -> bool:
    """Stop the server, even if it is in use. Its data remains. Return False if none was running."""
    if not folder.exists():
        return False
    with _plain_errors(folder):
        place = prepare(folder)
        with exclusive(place.start_lock, time.monotonic() + _START_SECONDS):
            return stop_server(place)


@contextmanager
def _plain_errors(folder: Path) -> Iterator[None]:
    """Convert an OSError, such as a full disk, to a DevDatabaseError with a remedy."""
    try:
        yield
    except OSError as error:
        raise DevDatabaseError(
            f"The development database in '{folder}' cannot be used: {error}. "
            "Make the folder writable, free some disk space, "
            "or set DATABASE_URL to a server of your own."
        ) from error


@contextmanager
def _announced_when_slow(folder: Path) -> Iterator[None]:
    """Print a message if the block takes longer than `_SILENT_SECONDS`."""
    text = f"MINGUS: starting the development database in {folder} …"
    timer = threading.Timer(_SILENT_SECONDS, print, (text,), {"file": sys.stderr, "flush": True})
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
