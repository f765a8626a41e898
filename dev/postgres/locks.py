"""Advisory locks on files, which the kernel releases however the process that holds them ends.

They use `flock`, not `lockf`. A flock belongs to the open file, so a forked web worker shares its parent's lock, and a child
that inherits the descriptor holds the lock after the parent has closed its own.
"""

import fcntl
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from dev.postgres.errors import DevDatabaseError

_POLL_SECONDS = 0.02
_held: dict[Path, int] = {}


def wait_until(condition: Callable[[], bool], deadline: float) -> bool:
    """Poll until the condition is true. Return False if the monotonic deadline passes first."""
    while not condition():
        if time.monotonic() >= deadline:
            return False
        time.sleep(_POLL_SECONDS)
    return True


def open_lock(path: Path) -> int:
    """Return a descriptor that is closed on exec, so that unrelated child processes do not inherit the lock."""
    return os.open(path, os.O_RDWR | os.O_CREAT, 0o600)


def try_flock(descriptor: int, operation: int) -> bool:
    """Take the lock without waiting. Return False if another process holds a conflicting lock."""
    try:
        fcntl.flock(descriptor, operation | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def try_exclusive(path: Path) -> int | None:
    """Return a descriptor that holds the lock until its last copy is closed, or None if the lock is taken."""
    descriptor = open_lock(path)
    if try_flock(descriptor, fcntl.LOCK_EX):
        return descriptor
    os.close(descriptor)
    return None


def is_free(path: Path) -> bool:
    """Return True if no process holds the lock."""
    descriptor = try_exclusive(path)
    if descriptor is None:
        return False
    os.close(descriptor)
    return True


@contextmanager
def exclusive(path: Path, deadline: float) -> Iterator[None]:
    """Hold the lock during the block. Raise DevDatabaseError if another process holds it past the deadline."""
    descriptor = open_lock(path)
    try:
        if not wait_until(lambda: try_flock(descriptor, fcntl.LOCK_EX), deadline):
            raise _taken(path)
        yield
    finally:
        os.close(descriptor)


def share_until_exit(path: Path, deadline: float) -> None:
    """Share the lock until this process and its forks have ended. A path has at most one descriptor."""
    descriptor = _held.get(path)
    if descriptor is not None and not is_open_on(descriptor, path):
        os.close(_held.pop(path))
        descriptor = None
    if descriptor is None:
        descriptor = _held[path] = _shared(path, deadline)
    os.utime(descriptor)  # the watcher reads the time of the last arrival


def _shared(path: Path, deadline: float) -> int:
    descriptor = open_lock(path)
    if not wait_until(lambda: try_flock(descriptor, fcntl.LOCK_SH), deadline):
        os.close(descriptor)
        raise _taken(path)
    return descriptor


def is_open_on(descriptor: int, path: Path) -> bool:
    """Return False if the folder was deleted and created again, so that the lock is on a deleted file."""
    try:
        return os.path.samestat(os.fstat(descriptor), path.stat())
    except OSError:
        return False


def _taken(path: Path) -> DevDatabaseError:
    return DevDatabaseError(
        f"Another process has held '{path}' for too long while starting or stopping the development "
        f"database. Find it with `fuser -v '{path}'`, end it and try again."
    )
