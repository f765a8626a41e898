"""Programs that run in separate processes on the tests' database."""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest
from django.db import connection

from core import rls

ROOT = Path(__file__).resolve().parents[2]
WAIT_TIMEOUT = 90.0
ENVIRONMENT = {
    "DEBUG": "1",
    "PYTHONUNBUFFERED": "1",
    "EMAIL_DELIVERY_BACKEND": "django.core.mail.backends.console.EmailBackend",
}


class Running:
    """A process of `manage.py <arguments>`, with its output in a log file. With a `prefix`, that command starts it."""

    def __init__(self, arguments: list[str], log: Path, prefix: Sequence[str] = (), **environment: str) -> None:
        self.log = log
        with log.open("wb") as file:
            self.process = subprocess.Popen(
                [*prefix, sys.executable, "manage.py", *arguments],
                cwd=ROOT,
                env={**os.environ, **ENVIRONMENT, **environment},
                stdout=file,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def output(self) -> str:
        return self.log.read_text()

    def wait_for(self, text: str) -> None:
        """Return once `text` is in the output."""
        until(lambda: text if text in self.output() else "", f"{text!r} in:\n{self.output()}")

    def end(self, number: int = signal.SIGTERM) -> int:
        """Send a signal and return the exit status."""
        self.process.send_signal(number)
        return self.process.wait(WAIT_TIMEOUT)

    def close(self) -> None:
        if self.process.poll() is None:
            self.end()


class Server(Running):
    """A process of `manage.py serve`, with two web processes and the job worker unless told otherwise."""

    def __init__(
        self, folder: Path, prefix: Sequence[str] = (), *, options: Sequence[str] = ("--with-worker",), **environment: str
    ) -> None:
        self.port = free_port()
        metrics = folder / "metrics"
        metrics.mkdir()
        (metrics / "counter_1.db").write_bytes(b"left by another run")
        environment = {"DATABASE_URL": url_of_tests_database(), "PORT": str(self.port), "WORKERS": "2"} | environment
        super().__init__(["serve", *options], folder / "log", prefix, PROMETHEUS_MULTIPROC_DIR=str(metrics), **environment)
        self.wait_for(f"MINGUS listens on http://127.0.0.1:{self.port}/")

    def get(self, path: str) -> str:
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=20) as response:
            return str(response.read().decode())


def until(poll: Callable[[], str], description: str, seconds: float = WAIT_TIMEOUT) -> str:
    """Return the first result of `poll` that is not empty, or fail after some time."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        result = poll()
        if result:
            return result
        time.sleep(0.1)
    raise AssertionError(f"timed out waiting for {description}")


def children_of(pid: int) -> list[int]:
    """Return the ids of the processes that `pid` has started."""
    return [int(number) for number in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def url_of_tests_database() -> str:
    """Return the URL of the tests' database, for another process."""
    settings = connection.settings_dict
    host = f"{settings['HOST']}:{settings['PORT']}" if settings["PORT"] else settings["HOST"]
    return f"postgresql://{settings['USER']}:{settings['PASSWORD']}@{host}/{settings['NAME']}"


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Callable[..., Running]]:
    """Yield a function that starts `manage.py` commands, and stop those that still run at the end."""
    started: list[Running] = []

    def start(*arguments: str, **environment: str) -> Running:
        started.append(Running(list(arguments), tmp_path / f"{len(started)}.log", **environment))
        return started[-1]

    yield start
    for program in started:
        program.close()


@pytest.fixture
def no_jobs(transactional_db: None) -> None:
    """Empty the job queue: Django does not truncate tables that it does not manage, and only their owner may."""
    with rls.as_login_role(), connection.cursor() as cursor:
        cursor.execute(
            "TRUNCATE procrastinate_jobs, procrastinate_events, procrastinate_periodic_defers, procrastinate_workers"
        )


@contextmanager
def serving(folder: Path, **environment: str) -> Iterator[Server]:
    """Run a server with one process, whose temporary files are in `folder / "spool"`."""
    (folder / "spool").mkdir()
    environment |= {"TMPDIR": str(folder / "spool"), "DATABASE_POOL_MIN": "1", "DATABASE_POOL_MAX": "4"}
    server = Server(folder, options=["--workers", "1"], **environment)
    try:
        yield server
    finally:
        server.close()
