"""Runs the server and the job worker side by side: they start together, and stop together."""

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
    """The address can't be listened on; the message says what to do."""


@dataclass(frozen=True)
class Program:
    """A process to keep running. `arguments` go to this Python."""

    name: str
    arguments: Sequence[str]


def require_free_port(host: str, port: int) -> None:
    """Raise PortError unless `host` and `port` can be listened on.

    The server shares its socket between processes, so without this a second one would quietly take half of the requests.
    """
    if port > LAST_PORT:
        raise PortError(f"PORT={port} does not exist: ports go up to {LAST_PORT}. Use PORT=8000.")
    try:
        family, kind, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    except socket.gaierror as error:
        raise PortError(f"HOST={host} is no address of this machine ({error.strerror}). Use HOST=127.0.0.1.") from error
    with socket.socket(family, kind) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(address)
        except OSError as error:
            raise PortError(f"PORT={port} on {host}: {error.strerror}. Choose another, for example PORT={port + 1}.") from error


def wait_until_listening(host: str, port: int, *, while_running: "ProcessGroup") -> bool:
    """Whether somebody listens on the address before the programs end or the time is up."""
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and while_running.is_running():
        try:
            with socket.create_connection((host, port), timeout=1):
                return True
        except OSError:
            time.sleep(0.1)
    return False


class ProcessGroup:
    """Programs that live and die together."""

    def __init__(self, programs: Sequence[Program], environment: dict[str, str]) -> None:
        self.stop_requested = threading.Event()
        self._programs = programs
        self._environment = {**os.environ, **environment, "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"}
        self._processes: list[subprocess.Popen[bytes]] = []

    @contextmanager
    def running(self) -> Iterator["ProcessGroup"]:
        """Start all; whatever happens in the block, none is left afterwards."""
        with self._signals():
            try:
                for program in self._programs:
                    self._processes.append(self._start(program))
                yield self
            finally:
                self._stop()

    def is_running(self) -> bool:
        """Whether all run and nobody asked to stop."""
        return not self.stop_requested.is_set() and all(process.poll() is None for process in self._processes)

    def wait(self) -> str | None:
        """Return when told to stop, with None, or when a program ended by itself, with a sentence about it."""
        while self.is_running():
            self.stop_requested.wait(0.2)
        if self.stop_requested.is_set():
            return None
        ended = [pair for pair in zip(self._programs, self._processes, strict=True) if pair[1].poll() is not None]
        return ", ".join(f"{program.name} ended by itself with status {process.returncode}" for program, process in ended)

    def _start(self, program: Program) -> subprocess.Popen[bytes]:
        # A session of its own: Ctrl-C reaches this process only, which then stops the others in order
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
