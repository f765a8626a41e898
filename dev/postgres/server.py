"""The server process: started, recognised by its lock, asked by a real connection, stopped."""

import os
import signal
import socket
import time
from collections import deque
from contextlib import suppress
from pathlib import Path

import psycopg

from dev.postgres.binaries import Programs, clean_environment, find_programs, spawn_detached
from dev.postgres.cluster import DATABASE, ROLE, ensure_cluster, read_pid
from dev.postgres.errors import DevDatabaseError, start_over_remedy
from dev.postgres.folder import Folder
from dev.postgres.locks import is_free, try_exclusive, wait_until

HOST = "127.0.0.1"
_PORT_TRIES = 3
_FAST_STOP_SECONDS = 20.0
_IMMEDIATE_STOP_SECONDS = 10.0
_SETTINGS = {
    "listen_addresses": HOST,
    # A socket's path may have 107 bytes, and a clone's folder more.
    "unix_socket_directories": "",
    "max_connections": "100",
    "max_locks_per_transaction": "256",  # a test imports many files in one transaction, each with tables of its own
    "timezone": "UTC",
    "log_timezone": "UTC",
}


def url(folder: Folder) -> str:
    """SECURITY: holds the password; meant for a connection, not for a log."""
    return f"postgresql://{ROLE}:{_password(folder)}@{HOST}:{_port(folder)}/{DATABASE}"


def attach_or_start(folder: Folder, deadline: float) -> None:
    """Return once a server of this folder answers. Call only while holding the start lock."""
    while (lock := try_exclusive(folder.server_lock)) is None:
        if answers(folder):
            return
        if time.monotonic() >= deadline:
            raise _failure(folder, "is running but does not answer")
        time.sleep(0.05)
    os.close(lock)
    _start(folder, deadline)


def answers(folder: Folder) -> bool:
    """Whether a connection with this folder's own password succeeds: no other server's would."""
    with suppress(psycopg.OperationalError, OSError), connect(folder):
        return True
    return False


def connect(folder: Folder) -> psycopg.Connection[tuple[object, ...]]:
    """A connection as the application's role. Call only for a cluster that exists."""
    return psycopg.connect(
        host=HOST,
        port=_port(folder),
        user=ROLE,
        password=_password(folder),
        dbname=DATABASE,
        connect_timeout=5,
        sslmode="disable",
        gssencmode="disable",
    )


def other_sessions(folder: Folder) -> int:
    """How many sessions of the application's role are open, such as a psql in a terminal."""
    try:
        with connect(folder) as connection:
            row = connection.execute(
                "SELECT count(*) FROM pg_stat_activity WHERE usename = current_user AND pid <> pg_backend_pid()"
            ).fetchone()
    except (psycopg.Error, OSError):
        return 0
    return int(str(row[0])) if row else 0


def stop_server(folder: Folder) -> bool:
    """Stop it and say whether there was one. Call only while holding the start lock."""
    if is_free(folder.server_lock):
        return False
    for number, seconds in (
        (signal.SIGINT, _FAST_STOP_SECONDS),
        (signal.SIGQUIT, _IMMEDIATE_STOP_SECONDS),
    ):
        _signal(folder, number)
        if wait_until(lambda: is_free(folder.server_lock), time.monotonic() + seconds):
            return True
    raise _failure(folder, "did not stop")


def is_running(folder: Folder) -> bool:
    """Whether any process of the server lives, ready or not."""
    return not is_free(folder.server_lock)


def _start(folder: Folder, deadline: float) -> None:
    programs = find_programs(folder.root)
    ensure_cluster(folder, programs)
    for _ in range(_PORT_TRIES):
        _launch(folder, programs)
        if not wait_until(lambda: answers(folder) or not is_running(folder), deadline):
            raise _failure(folder, "does not answer")
        if is_running(folder):
            return
        if "Address already in use" not in _log_end(folder):
            break
    raise _failure(folder, "ended as soon as it was started")


def _launch(folder: Folder, programs: Programs) -> None:
    """The server is handed the lock: it stays taken exactly as long as one of its processes lives."""
    lock = try_exclusive(folder.server_lock)
    if lock is None:
        raise _failure(folder, "is held by a process that is ending; try again")
    try:
        folder.log.unlink(missing_ok=True)
        port = _free_port(preferred=_port(folder))
        folder.port.write_text(str(port))
        settings = [f"--{name}={value}" for name, value in _SETTINGS.items()]
        spawn_detached(
            programs.command("postgres", "-D", str(folder.data), f"--port={port}", *settings),
            log=folder.log,
            keep=lock,
            environment=clean_environment(),
        )
    finally:
        os.close(lock)


def _free_port(preferred: int) -> int:
    """The port of last time if it is still free, so that a noted address keeps working."""
    for port in (preferred, 0):
        with socket.socket() as candidate, suppress(OSError):
            candidate.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            candidate.bind((HOST, port))
            return int(candidate.getsockname()[1])
    raise DevDatabaseError("No loopback port is free. End some programs and try again.")


def _signal(folder: Folder, number: signal.Signals) -> None:
    """Only a process that calls itself postgres is signalled: a number can be another's by now."""
    pid = read_pid(folder)
    name = Path("/proc", str(pid), "comm")
    if pid is None or (name.exists() and name.read_text().strip() != "postgres"):
        return
    with suppress(ProcessLookupError):
        os.kill(pid, number)


def _port(folder: Folder) -> int:
    """The port it was last started on; 0, which never answers, when none was noted."""
    try:
        return int(folder.port.read_text())
    except (OSError, ValueError):
        return 0


def _password(folder: Folder) -> str:
    return folder.password.read_text()


def _log_end(folder: Folder) -> str:
    try:
        with folder.log.open(errors="replace") as lines:
            return "".join(deque(lines, maxlen=10))
    except OSError:
        return "(no log)\n"


def _failure(folder: Folder, what: str) -> DevDatabaseError:
    return DevDatabaseError(
        f"The development database in '{folder.root}' {what}. Its log ends with:\n{_log_end(folder)}"
        "Set right what it complains of and try again, or set DATABASE_URL to a server of your own. "
        f"{start_over_remedy(folder.root)}"
    )
