"""Folders, processes and probes for the tests of the embedded database, without Django."""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest

from mingus.devdb import ensure_running, locks, stop
from mingus.devdb.cluster import read_pid
from mingus.devdb.folder import REPOSITORY, Folder

GRACE = 0.3
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(REPOSITORY)}
USER = """
import os, subprocess, sys
from pathlib import Path
from mingus.devdb import ensure_running
print(ensure_running(Path(sys.argv[1]), grace=float(sys.argv[2])), flush=True)
{afterwards}
sys.stdin.read()
"""


class User:
    """A process of its own that uses the database of a folder until it is let go."""

    def __init__(self, root: Path, *, afterwards: str = "", prefix: tuple[str, ...] = (), grace: float = GRACE):
        self.process = subprocess.Popen(
            [*prefix, sys.executable, "-c", USER.format(afterwards=afterwards), str(root), str(grace)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=ENVIRONMENT,
        )

    @property
    def url(self) -> str:
        assert self.process.stdout
        return self.process.stdout.readline().strip()

    def leave(self) -> None:
        self.process.communicate(timeout=20)

    def kill(self) -> None:
        self.process.kill()
        self.process.communicate(timeout=20)


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One stopped cluster, copied for each test: three times as fast as making one."""
    root = tmp_path_factory.mktemp("template") / "postgres"
    ensure_running(root, grace=GRACE)
    release(root)
    return root / "cluster"


@pytest.fixture
def empty(tmp_path: Path) -> Iterator[Folder]:
    """A folder that does not exist yet, below one that does not either, with a space in its path."""
    folder = Folder(tmp_path / "a folder" / "postgres")
    yield folder
    release(folder.root)


@pytest.fixture
def folder(tmp_path: Path, template: Path) -> Iterator[Folder]:
    """A folder with a cluster whose server has been stopped."""
    folder = Folder(tmp_path / "postgres")
    folder.root.mkdir()
    subprocess.run(["cp", "-a", str(template), str(folder.cluster)], check=True)
    yield folder
    release(folder.root)


def release(root: Path) -> None:
    """Stop the server and give up this process's share, so that the watcher ends too."""
    if root.exists() and root.stat().st_uid == os.geteuid():
        stop(root)
    descriptor = locks._held.pop(Folder(root).users_lock, None)
    if descriptor is not None:
        os.close(descriptor)


def ask(url: str, question: str) -> str:
    with psycopg.connect(url) as connection:
        cursor = connection.execute(question.encode())
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
    """Process numbers of the living watchers of this folder."""
    return [int(process.name) for process in Path("/proc").glob("[0-9]*") if _watches(process, folder)]


def _watches(process: Path, folder: Folder) -> bool:
    try:
        words = (process / "cmdline").read_bytes().split(b"\0")
    except OSError:
        return False
    return b"watch" in words and os.fsencode(folder.root) in words


def as_nobody() -> tuple[str, ...]:
    """Run as an ordinary user who may still read a Python below a closed home folder."""
    setpriv = shutil.which("setpriv")
    assert setpriv
    return (
        *(setpriv, "--reuid=65534", "--regid=65534", "--clear-groups"),
        *("--inh-caps=-all,+dac_read_search", "--ambient-caps=-all,+dac_read_search"),
        *("--securebits=+no_setuid_fixup", "--"),
    )

