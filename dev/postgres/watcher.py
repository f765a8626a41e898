"""The process that stops the server after its last user has ended, and starts it again if it ended before.

It was killed, or has ended itself because the disk was full.

It waits for the lock that all users share, so it detects the end of a user even by SIGKILL. During the grace period, the next
command can use the running server.
"""

import fcntl
import os
import sys
import threading
import time
from pathlib import Path

from dev.postgres.binaries import spawn_detached
from dev.postgres.errors import DevDatabaseError
from dev.postgres.folder import REPOSITORY, Folder
from dev.postgres.locks import exclusive, is_open_on, open_lock, try_exclusive, try_flock
from dev.postgres.server import attach_or_start, has_orphans, is_running, other_sessions, stop_server

GRACE_SECONDS = 15.0
_LOCK_SECONDS = 60.0
_START_SECONDS = 60.0
_CHECK_SECONDS = 1.0
_PAUSE_AFTER_FAILURE_SECONDS = 5.0


def ensure_watcher(folder: Folder, grace: float) -> None:
    """Start a watcher unless one is running. Call only while holding the start lock.

    The watcher inherits the lock that is taken here, so two watchers can never start.
    """
    lock = try_exclusive(folder.watcher_lock)
    if lock is None:
        return
    import_path = [str(REPOSITORY), *filter(None, [os.environ.get("PYTHONPATH")])]
    try:
        spawn_detached(
            [sys.executable, "-m", "dev.postgres", "watch", str(folder.root), str(lock), str(grace)],
            log=folder.watcher_log,
            inherited=lock,
            environment={**os.environ, "PYTHONPATH": os.pathsep.join(import_path)},
        )
    finally:
        os.close(lock)


def watch(root: Path, lock: int, grace: float) -> None:
    """Stop the server after `grace` seconds without a user, then return. Until then, start it again if it was killed.

    The watcher's lock is released before the users' lock. The next user must find it free, or would rely on a watcher that is
    about to end.
    """
    folder = Folder(root)
    users, is_over = open_lock(folder.users_lock), threading.Event()
    threading.Thread(target=_start_when_killed, args=(folder, lock, is_over), daemon=True).start()
    while is_open_on(lock, folder.watcher_lock):
        _wait_until_unused(folder, users, grace)
        if _stop_unless_needed(folder, lock, is_over):
            break
        fcntl.flock(users, fcntl.LOCK_UN)
        time.sleep(grace / 5)
    os.close(lock)
    os.close(users)


def _start_when_killed(folder: Folder, lock: int, is_over: threading.Event) -> None:
    while is_open_on(lock, folder.watcher_lock) and not is_over.wait(_CHECK_SECONDS):
        try:
            with exclusive(folder.start_lock, time.monotonic() + _LOCK_SECONDS):
                has_ended = folder.wanted.exists() and (not is_running(folder) or has_orphans(folder))
                if has_ended and not is_over.is_set():
                    attach_or_start(folder, time.monotonic() + _START_SECONDS)
        except (DevDatabaseError, OSError) as error:
            print(error, flush=True)  # in the watcher's log
            is_over.wait(_PAUSE_AFTER_FAILURE_SECONDS)


def _stop_unless_needed(folder: Folder, lock: int, is_over: threading.Event) -> bool:
    """Stop the server. Return False if it must stay: a session is open, or the folder was deleted and created again.

    A new folder has its own server, users and watcher.
    """
    if not is_open_on(lock, folder.watcher_lock) or other_sessions(folder):
        return False
    with exclusive(folder.start_lock, time.monotonic() + _LOCK_SECONDS):
        stop_server(folder)
        is_over.set()
    return True


def _wait_until_unused(folder: Folder, users: int, grace: float) -> None:
    """Return, holding the users' lock, after `grace` seconds without a user or when the server has stopped."""
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
    """Return the monotonic time of the last user's arrival, including users that left between two checks."""
    age = time.time() - os.fstat(users).st_mtime
    return time.monotonic() - max(age, 0.0)
