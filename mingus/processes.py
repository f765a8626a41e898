"""Child processes of `manage.py serve`: the server and the job worker, which start and stop together."""

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
STOP_SECONDS = 30.0
START_SECONDS = 60.0
LAST_PORT = 65_535
STOPPING_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


class PortError(Exception):
    """A host and port that can't be listened on. The message contains a remedy."""


@dataclass(frozen=True)
class Program:
    """A child process. `arguments` are passed to the current Python interpreter."""

    name: str
    arguments: Sequence[str]


def require_free_port(host: str, port: int) -> None:
    """Raise PortError unless `host` and `port` can be listened on.

    The server shares its socket between processes, so a second server would start and quietly receive half of the requests.
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


def wait_until_listening(host: str, port: int, *, while_running: "ProcessGroup") -> bool:
    """Return True once the port accepts connections; False if a program ends or START_SECONDS pass first."""
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and while_running.is_running():
        try:
            with socket.create_connection((host, port), timeout=1):
                return True
        except OSError:
            time.sleep(0.1)
    return False


class ProcessGroup:
    """Programs that are started and stopped together."""

    def __init__(self, programs: Sequence[Program], environment: dict[str, str]) -> None:
        self.stop_requested = threading.Event()
        self._programs = programs
        self._environment = {**os.environ, **environment, "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"}
        self._processes: list[subprocess.Popen[bytes]] = []

    @contextmanager
    def running(self) -> Iterator["ProcessGroup"]:
        """Start all programs, and stop them when the block ends or raises."""
        with self._signals():
            try:
                for program in self._programs:
                    self._processes.append(self._start(program))
                yield self
            finally:
                self._stop()

    def is_running(self) -> bool:
        """Return True if all programs run and no stop was requested."""
        return not self.stop_requested.is_set() and all(process.poll() is None for process in self._processes)

    def wait(self) -> str | None:
        """Wait for a stop signal, and return None; or for the end of a program, and return a message that names it."""
        while self.is_running():
            self.stop_requested.wait(0.2)
        if self.stop_requested.is_set():
            return None
        ended = [pair for pair in zip(self._programs, self._processes, strict=True) if pair[1].poll() is not None]
        return ", ".join(f"{program.name} exited with status {process.returncode}" for program, process in ended)

    def _start(self, program: Program) -> subprocess.Popen[bytes]:
        # A separate session: Ctrl-C reaches this process only, which then stops the others
        command = [sys.executable, *program.arguments]
        return subprocess.Popen(command, cwd=ROOT, env=self._environment, start_new_session=True)  # noqa: S603 - our own programs

    def _stop(self) -> None:
        for process in self._processes:
            if process.poll() is None:
                process.terminate()
        deadline = time.monotonic() + STOP_SECONDS
        for process in self._processes:
            self._join(process, deadline)

    def _join(self, process: subprocess.Popen[bytes], deadline: float) -> None:
        try:
            process.wait(max(0.0, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()

    @contextmanager
    def _signals(self) -> Iterator[None]:
        before = {number: signal.signal(number, lambda *_: self.stop_requested.set()) for number in STOPPING_SIGNALS}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)
