"""Child processes of `manage.py serve`: the web processes and the job worker.

They start and stop together, and one that ends is started again while the others continue.
"""

import logging
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
STOP_SECONDS = 30.0
POLL_SECONDS = 0.2
MAX_PAUSE_SECONDS = 30.0
HEALTHY_SECONDS = 60.0  # a program that ran this long is started again after the shortest pause
STARTED_SECONDS = 10.0  # a program that ran this long has no error in its configuration
MAX_FAILED_STARTS = 5
LAST_PORT = 65_535
STOPPING_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)

logger = logging.getLogger(__name__)


class PortError(Exception):
    """A host and port that can't be listened on. The message contains a remedy."""


class StartError(Exception):
    """A program that can't start."""


@dataclass(frozen=True)
class Program:
    """A child process. `arguments` are passed to the current Python interpreter: a path or `-m` and a module, then others.

    One that `starts_last` is started once the others listen, because starting all at once would take longer until they do.
    """

    name: str
    arguments: Sequence[str]
    listens: bool = False
    starts_last: bool = False


def require_free_port(host: str, port: int) -> None:
    """Raise PortError unless `host` and `port` can be listened on.

    The web processes share the port, so those of a second server would start and quietly receive half of the requests.
    """
    if port > LAST_PORT:
        raise PortError(f"PORT={port} does not exist: ports go up to {LAST_PORT}. Use PORT=8000.")
    try:
        family, kind, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    except socket.gaierror as error:
        raise PortError(f"HOST={host} is not an address of this machine ({error.strerror}). Use HOST=127.0.0.1.") from error
    with socket.socket(family, kind) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(address)
        except OSError as error:
            raise PortError(f"PORT={port} on {host}: {error.strerror}. Choose another, for example PORT={port + 1}.") from error


def is_listening(host: str, port: int) -> bool:
    """Return True if the port accepts connections."""
    try:
        with socket.create_connection((host, port), timeout=1):
            return True
    except OSError:
        return False


class Child:
    """The process of a program. It is started again after 1, 2, 4, … up to 30 seconds when it has ended."""

    def __init__(self, program: Program, environment: dict[str, str]) -> None:
        self.program = program
        self.process: subprocess.Popen[bytes] | None = None
        self.has_started = False
        self._environment = environment
        self._failures = 0
        self._started_at = 0.0
        self._start_at = 0.0

    def start(self) -> None:
        """Start the process in a session of its own: Ctrl-C reaches this process only, which then stops the others."""
        command = [sys.executable, "-m", "mingus.child_process", str(os.getpid()), *self.program.arguments]
        self._started_at = time.monotonic()
        self.process = subprocess.Popen(command, cwd=ROOT, env=self._environment, start_new_session=True)  # noqa: S603 - our own programs

    def keep_running(self) -> None:
        """Start the process again if it has ended and the pause is over. Raise StartError if it has never started properly."""
        if self.process is None:
            if time.monotonic() >= self._start_at:
                self.start()
        elif (status := self.process.poll()) is not None:
            self._plan_restart(status)

    def _plan_restart(self, status: int) -> None:
        self.process, seconds = None, time.monotonic() - self._started_at
        self.has_started = self.has_started or seconds >= STARTED_SECONDS
        self._failures = 1 if seconds >= HEALTHY_SECONDS else self._failures + 1
        ending = f"exited with status {status}" if status >= 0 else f"was ended by {signal.Signals(-status).name}"
        if not self.has_started and self._failures >= MAX_FAILED_STARTS and status != -signal.SIGKILL:
            raise StartError(f"{self.program.name} {ending} at each of {self._failures} starts")
        pause = min(2.0 ** (self._failures - 1), MAX_PAUSE_SECONDS)
        self._start_at = time.monotonic() + pause
        logger.warning("%s %s. It is started again in %g s.", self.program.name, ending, pause)

    def terminate(self) -> None:
        if self.process and self.process.poll() is None:
            self.process.terminate()

    def join(self, deadline: float) -> None:
        """Wait for the end of the process until `deadline`, then kill it with its own children."""
        if not self.process:
            return
        try:
            self.process.wait(max(0.0, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()


class ProcessGroup:
    """Programs that are started and stopped together."""

    def __init__(self, programs: Sequence[Program], environment: dict[str, str]) -> None:
        self.stop_requested = threading.Event()
        passed_on = {**os.environ, **environment, "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"}
        self.children = [Child(program, passed_on) for program in programs]

    @contextmanager
    def running(self) -> Iterator["ProcessGroup"]:
        """Start the programs, and stop them when the block ends or raises."""
        with self._signals():
            try:
                for child in self.children:
                    if not child.program.starts_last:
                        child.start()
                yield self
            finally:
                self._stop()

    def supervise(self, *, until_listening: Callable[[], bool] | None = None) -> bool:
        """Keep all programs running until a stop signal, and return False; or until they listen, and return True.

        Raise StartError if a program can't start.
        """
        while not self.stop_requested.is_set():
            if until_listening and until_listening():
                for child in self.children:
                    child.has_started = child.has_started or child.program.listens
                return True
            for child in self.children:
                if not (until_listening and child.program.starts_last):
                    child.keep_running()
            self.stop_requested.wait(POLL_SECONDS)
        return False

    def _stop(self) -> None:
        for child in self.children:
            child.terminate()
        deadline = time.monotonic() + STOP_SECONDS
        for child in self.children:
            child.join(deadline)

    @contextmanager
    def _signals(self) -> Iterator[None]:
        before = {number: signal.signal(number, lambda *_: self.stop_requested.set()) for number in STOPPING_SIGNALS}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)
