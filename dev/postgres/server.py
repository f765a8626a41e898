"""The server process: its start, its detection by lock and connection, and its stop."""

import os
import signal
import socket
import time
from collections import deque
from contextlib import suppress
from pathlib import Path

import psycopg

from dev.postgres.binaries import Programs, clean_environment, find_programs, spawn_detached
from dev.postgres.cluster import DATABASE, ROLE, ensure_cluster, is_postgres_at, is_stopping, read_pid
from dev.postgres.errors import DevDatabaseError, start_over_remedy
from dev.postgres.folder import Folder
from dev.postgres.locks import is_free, try_exclusive, wait_until

HOST = "127.0.0.1"
_PORT_TRIES = 3
_FAST_STOP_SECONDS = 20.0
_IMMEDIATE_STOP_SECONDS = 10.0
_SETTINGS = {
    "listen_addresses": HOST,
    # A socket's path is limited to 107 bytes, which the path of a clone may exceed.
    "unix_socket_directories": "",
    "max_connections": "100",
    "max_locks_per_transaction": "256",  # a test imports many files in one transaction, each with its own temporary tables
    "timezone": "UTC",
    "log_timezone": "UTC",
}


def url(folder: Folder) -> str:
    """Return the URL of the database. SECURITY: it contains the password and must not be logged."""
    return f"postgresql://{ROLE}:{_password(folder)}@{HOST}:{_port(folder)}/{DATABASE}"


def attach_or_start(folder: Folder, deadline: float) -> None:
    """Start this folder's server unless it runs, and wait for it. Call only while holding the start lock."""
    while (lock := try_exclusive(folder.server_lock)) is None:
        if accepts_connections(folder):
            return
        kill_orphans(folder)
        if is_stopping(folder):  # after SIGTERM, a server waits for the end of its last client
            _signal(folder, signal.SIGINT)
        if time.monotonic() >= deadline:
            raise _failure(folder, "is running but does not accept connections")
        time.sleep(0.05)
    os.close(lock)
    _start(folder, deadline)


def accepts_connections(folder: Folder) -> bool:
    """Return True if a connection with this folder's password succeeds. It fails on any other server."""
    with suppress(psycopg.OperationalError, OSError), connect(folder):
        return True
    return False


def connect(folder: Folder) -> psycopg.Connection[tuple[object, ...]]:
    """Connect as the application's role. The cluster must exist."""
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
    """Return the number of open sessions of the application's role, such as a psql in a terminal."""
    try:
        with connect(folder) as connection:
            row = connection.execute(
                "SELECT count(*) FROM pg_stat_activity WHERE usename = current_user AND pid <> pg_backend_pid()"
            ).fetchone()
    except (psycopg.Error, OSError):
        return 0
    return int(str(row[0])) if row else 0


def stop_server(folder: Folder) -> bool:
    """Stop the server. Return False if none was running. Call only while holding the start lock."""
    folder.wanted.unlink(missing_ok=True)
    if is_free(folder.server_lock):
        return False
    for number, seconds in ((signal.SIGINT, _FAST_STOP_SECONDS), (signal.SIGQUIT, _IMMEDIATE_STOP_SECONDS)):
        _signal(folder, number)
        if wait_until(lambda: is_free(folder.server_lock), time.monotonic() + seconds):
            folder.pid_file.unlink(missing_ok=True)
            return True
    raise _failure(folder, "did not stop")


def is_running(folder: Folder) -> bool:
    """Return True if any process of the server is alive, ready or not."""
    return not is_free(folder.server_lock)


def kill_orphans(folder: Folder) -> None:
    """Kill the sessions of a killed server. They would hold its lock until their statements end."""
    if has_orphans(folder):
        for process in Path("/proc").glob("[0-9]*"):
            if is_postgres_at(int(process.name), folder.data):
                with suppress(ProcessLookupError):
                    os.kill(int(process.name), signal.SIGKILL)


def has_orphans(folder: Folder) -> bool:
    """Return True if sessions of a killed server still run. Call only while holding the start lock."""
    pid = read_pid(folder)
    return Path("/proc").is_dir() and pid is not None and is_running(folder) and not is_postgres_at(pid, folder.data)


def _start(folder: Folder, deadline: float) -> None:
    programs = find_programs(folder.root)
    ensure_cluster(folder, programs)
    for _ in range(_PORT_TRIES):
        _launch(folder, programs)
        if not wait_until(lambda: accepts_connections(folder) or not is_running(folder), deadline):
            raise _failure(folder, "does not accept connections")
        if is_running(folder):
            return
        if "Address already in use" not in _log_end(folder):
            break
    raise _failure(folder, "exited during its start")


def _launch(folder: Folder, programs: Programs) -> None:
    """Start the server, which inherits the lock and holds it exactly as long as one of its processes is alive."""
    lock = try_exclusive(folder.server_lock)
    if lock is None:
        raise _failure(folder, "is still used by a process that is ending")
    try:
        folder.wanted.touch()
        folder.log.unlink(missing_ok=True)
        port = _free_port(preferred=_port(folder))
        folder.port.write_text(str(port))
        settings = [f"--{name}={value}" for name, value in _SETTINGS.items()]
        spawn_detached(
            programs.command("postgres", "-D", str(folder.data), f"--port={port}", *settings),
            log=folder.log,
            inherited=lock,
            environment=clean_environment(),
        )
    finally:
        os.close(lock)


def _free_port(preferred: int) -> int:
    """Return the previous port if it is still free, so that a saved URL stays valid, otherwise any free port."""
    for port in (preferred, 0):
        with socket.socket() as candidate, suppress(OSError):
            candidate.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            candidate.bind((HOST, port))
            return int(candidate.getsockname()[1])
    raise DevDatabaseError("No loopback port is free. End some programs and try again.")


def _signal(folder: Folder, number: signal.Signals) -> None:
    """Signal the server, unless its process ID now belongs to a program other than postgres."""
    pid = read_pid(folder)
    name = Path("/proc", str(pid), "comm")
    if pid is None or (name.exists() and name.read_text().strip() != "postgres"):
        return
    with suppress(ProcessLookupError):
        os.kill(pid, number)


def _port(folder: Folder) -> int:
    """Return the port of the last start, or 0, which accepts no connections, if there was none."""
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


def _failure(folder: Folder, problem: str) -> DevDatabaseError:
    return DevDatabaseError(
        f"The development database in '{folder.root}' {problem}. Its log ends with:\n{_log_end(folder)}"
        "Fix the reported problem and try again, or set DATABASE_URL to a server of your own. "
        f"{start_over_remedy(folder.root)}"
    )
