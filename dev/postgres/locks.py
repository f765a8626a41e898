"""Advisory locks on files, which the kernel releases however their holder ends.

`flock` and not `lockf`: a flock belongs to the open file, so a forked web worker keeps its parent's,
and a child that is handed the descriptor keeps it after the parent has closed its own.
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
    """Poll until the condition holds; False when the monotonic deadline passed first."""
    while not condition():
        if time.monotonic() >= deadline:
            return False
        time.sleep(_POLL_SECONDS)
    return True


def open_lock(path: Path) -> int:
    """A descriptor that is closed on exec, so unrelated children never inherit the lock."""
    return os.open(path, os.O_RDWR | os.O_CREAT, 0o600)


def try_flock(descriptor: int, operation: int) -> bool:
    """Take the lock if nobody's lock is in the way."""
    try:
        fcntl.flock(descriptor, operation | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def try_exclusive(path: Path) -> int | None:
    """A descriptor that holds the lock until its last copy is closed, or None when it is taken."""
    descriptor = open_lock(path)
    if try_flock(descriptor, fcntl.LOCK_EX):
        return descriptor
    os.close(descriptor)
    return None


def is_free(path: Path) -> bool:
    """Whether no living process holds the lock."""
    descriptor = try_exclusive(path)
    if descriptor is None:
        return False
    os.close(descriptor)
    return True


@contextmanager
def exclusive(path: Path, deadline: float) -> Iterator[None]:
    """Hold the lock for the block; an error when another process keeps it past the deadline."""
    descriptor = open_lock(path)
    try:
        if not wait_until(lambda: try_flock(descriptor, fcntl.LOCK_EX), deadline):
            raise _taken(path)
        yield
    finally:
        os.close(descriptor)


def share_until_exit(path: Path, deadline: float) -> None:
    """Share the lock until this process and its forks have ended; at most one descriptor a path."""
    descriptor = _held.get(path)
    if descriptor is not None and not is_open_on(descriptor, path):
        os.close(_held.pop(path))
        descriptor = None
    if descriptor is None:
        descriptor = _held[path] = _shared(path, deadline)
    os.utime(descriptor)


def _shared(path: Path, deadline: float) -> int:
    descriptor = open_lock(path)
    if not wait_until(lambda: try_flock(descriptor, fcntl.LOCK_SH), deadline):
        os.close(descriptor)
        raise _taken(path)
    return descriptor


def is_open_on(descriptor: int, path: Path) -> bool:
    """False once the folder was removed and made again: the lock is then on a file nobody sees."""
    try:
        return os.path.samestat(os.fstat(descriptor), path.stat())
    except OSError:
        return False


def _taken(path: Path) -> DevDatabaseError:
    return DevDatabaseError(
        f"Another process has held '{path}' for too long while starting or stopping the development "
        f"database. See who it is with: fuser -v '{path}'; end it and try again."
    )
