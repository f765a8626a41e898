"""Fixtures and helpers of the tests of the embedded database, without Django."""

import multiprocessing
import os
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from multiprocessing.connection import Connection
from pathlib import Path
from typing import ClassVar

import psycopg
import pytest

from dev.postgres import ensure_running, locks, stop
from dev.postgres.cluster import read_pid
from dev.postgres.folder import REPOSITORY, Folder

GRACE = 0.3
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(REPOSITORY)}
FORK = multiprocessing.get_context("fork")


def nothing() -> None:
    """Do nothing, the default action of a `User`."""


class User:
    """A forked process that uses a folder's database until `leave` or `kill` is called."""

    living: ClassVar[list["User"]] = []

    def __init__(self, root: Path, *, afterwards: Callable[[], None] = nothing, grace: float = GRACE) -> None:
        self._connection, theirs = FORK.Pipe()
        self.process = FORK.Process(target=_use, args=(root, grace, afterwards, theirs), daemon=True)
        self.process.start()
        self.living.append(self)

    @property
    def url(self) -> str:
        assert self._connection.poll(30)
        return str(self._connection.recv())

    def leave(self) -> None:
        self._connection.send("leave")
        self.process.join(20)

    def kill(self) -> None:
        self.process.kill()
        self.process.join(20)


def _use(root: Path, grace: float, afterwards: Callable[[], None], connection: Connection) -> None:
    connection.send(ensure_running(root, grace=grace))
    afterwards()
    connection.recv()


@pytest.fixture(scope="session")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Folder:
    """Create one cluster for the session, as creating or copying 40 MB takes longer than most of the tests."""
    folder = Folder(tmp_path_factory.mktemp("cluster") / "postgres")
    ensure_running(folder.root, grace=GRACE)
    release(folder.root)
    return folder


@pytest.fixture
def folder(cluster: Folder) -> Iterator[Folder]:
    """Yield the session's folder, its server stopped, for a test that leaves the files as they are."""
    yield cluster
    while User.living:  # processes of a failed test would keep the watcher running, and every later test waiting
        User.living.pop().kill()
    release(cluster.root)
    assert eventually(lambda: not watchers(cluster))


@pytest.fixture
def own_folder(tmp_path: Path, cluster: Folder) -> Iterator[Folder]:
    """Yield a copy of the folder, its server stopped, for a test that damages it."""
    folder = Folder(tmp_path / "postgres")
    folder.root.mkdir()
    subprocess.run(["cp", "-a", str(cluster.cluster), str(folder.cluster)], check=True)
    yield folder
    release(folder.root)
    shutil.rmtree(folder.root, ignore_errors=True)


@pytest.fixture
def empty(tmp_path: Path) -> Iterator[Folder]:
    """Yield a folder that does not exist, below a missing parent with a space in its name."""
    folder = Folder(tmp_path / "a folder" / "postgres")
    yield folder
    release(folder.root)
    shutil.rmtree(folder.root, ignore_errors=True)


def release(root: Path) -> None:
    """Stop the server and release this process's lock, so that the watcher ends too."""
    if root.exists() and root.stat().st_uid == os.geteuid():
        stop(root)
    descriptor = locks._held.pop(Folder(root).users_lock, None)
    if descriptor is not None:
        os.close(descriptor)


def fetch_value(url: str, query: str) -> str:
    with psycopg.connect(url) as connection:
        cursor = connection.execute(query.encode())
        while cursor.nextset():
            pass
        row = cursor.fetchone()
    assert row
    return str(row[0])


def eventually(condition: Callable[[], bool], seconds: float = 10.0) -> bool:
    return locks.wait_until(condition, time.monotonic() + seconds)


def is_stopped(folder: Folder) -> bool:
    return locks.is_free(folder.server_lock)


def server_pid(folder: Folder) -> int:
    pid = read_pid(folder)
    assert pid
    return pid


def watchers(folder: Folder) -> list[int]:
    """Return the process ids of the folder's running watchers."""
    return [int(process.name) for process in Path("/proc").glob("[0-9]*") if _watches(process, folder)]


def the_watcher(folder: Folder) -> int:
    """Return the process id of the folder's only watcher. Just after a start, the kernel shows an empty command line."""
    assert eventually(lambda: len(watchers(folder)) == 1)
    return watchers(folder)[0]


def _watches(process: Path, folder: Folder) -> bool:
    try:
        arguments = (process / "cmdline").read_bytes().split(b"\0")
    except OSError:
        return False
    return b"watch" in arguments and os.fsencode(folder.root) in arguments


def unprivileged_prefix() -> tuple[str, ...]:
    """Return a command prefix for the unprivileged user 65534, who may still read a Python below a closed home folder."""
    setpriv = shutil.which("setpriv")
    assert setpriv
    return (
        *(setpriv, "--reuid=65534", "--regid=65534", "--clear-groups"),
        *("--inh-caps=-all,+dac_read_search", "--ambient-caps=-all,+dac_read_search"),
        *("--securebits=+no_setuid_fixup", "--"),
    )
