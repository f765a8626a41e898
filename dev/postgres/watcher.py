"""A small process that stops the server once nobody uses it any more.

It waits for the lock that all users share, so it sees a user end even by SIGKILL and costs nothing
while it waits. A grace period lets the next command of the same person find the server warm.
"""

import fcntl
import os
import sys
import time
from pathlib import Path

from dev.postgres.binaries import spawn_detached
from dev.postgres.folder import REPOSITORY, Folder
from dev.postgres.locks import exclusive, is_open_on, open_lock, try_exclusive, try_flock
from dev.postgres.server import is_running, other_sessions, stop_server

GRACE_SECONDS = 15.0
_LOCK_SECONDS = 60.0


def ensure_watcher(folder: Folder, grace: float) -> None:
    """Start one unless one lives. Call only while holding the start lock.

    The lock is taken here and handed over, so there is no moment in which two could both start.
    """
    lock = try_exclusive(folder.watcher_lock)
    if lock is None:
        return
    import_path = [str(REPOSITORY), *filter(None, [os.environ.get("PYTHONPATH")])]
    try:
        spawn_detached(
            [sys.executable, "-m", "dev.postgres", "watch", str(folder.root), str(lock), str(grace)],
            log=folder.watcher_log,
            keep=lock,
            environment={**os.environ, "PYTHONPATH": os.pathsep.join(import_path)},
        )
    finally:
        os.close(lock)


def watch(root: Path, lock: int, grace: float) -> None:
    """Stop the server after `grace` seconds without a user, then return.

    The watcher's lock is given up before the users': a user who is let in next must find it free,
    or it would rely on a watcher that is about to end.
    """
    folder = Folder(root)
    users = open_lock(folder.users_lock)
    while is_open_on(lock, folder.watcher_lock):
        _wait_until_unused(folder, users, grace)
        if _stop_unless_needed(folder, lock):
            break
        fcntl.flock(users, fcntl.LOCK_UN)
        time.sleep(grace / 5)
    os.close(lock)
    os.close(users)


def _stop_unless_needed(folder: Folder, lock: int) -> bool:
    """False when the server must stay: a session is open, or the folder is no longer the one watched.

    A folder that was removed and made again has a server, users and a watcher of its own.
    """
    if not is_open_on(lock, folder.watcher_lock) or other_sessions(folder):
        return False
    with exclusive(folder.start_lock, time.monotonic() + _LOCK_SECONDS):
        stop_server(folder)
    return True


def _wait_until_unused(folder: Folder, users: int, grace: float) -> None:
    """Return with the users' lock held: `grace` seconds passed without a user, or the server is gone."""
    unused_since = time.monotonic()
    while True:
        if not try_flock(users, fcntl.LOCK_EX):
            fcntl.flock(users, fcntl.LOCK_EX)
            unused_since = time.monotonic()
        if time.monotonic() - max(unused_since, _last_arrival(users)) >= grace or not is_running(folder):
            return
        fcntl.flock(users, fcntl.LOCK_UN)
        time.sleep(min(0.5, grace / 5))


def _last_arrival(users: int) -> float:
    """When a user last came, on the monotonic clock; catches one who came and went unseen."""
    age = time.time() - os.fstat(users).st_mtime
    return time.monotonic() - max(age, 0.0)
