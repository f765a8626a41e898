"""Server processes: their start, their CPU time and memory, and their end."""

import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.measure import cpu_of_threads
from benchmarks.production import REPOSITORY

START_SECONDS = 120.0
STOP_SECONDS = 20.0
POLL_SECONDS = 0.005


class ServerError(Exception):
    """A server that does not start or ends too early. The message has the end of its log."""


@dataclass(frozen=True, slots=True)
class Command:
    """A program of a server. `{port}` in its arguments is replaced."""

    arguments: Sequence[str]
    environment: Mapping[str, str]
    folder: Path = REPOSITORY

    def start(self, port: int, metrics: str, log: Path) -> "subprocess.Popen[bytes]":
        """Start the process in a session of its own, by which its children are found."""
        arguments = [argument.replace("{port}", str(port)) for argument in self.arguments]
        environment = {**self.environment, "PROMETHEUS_MULTIPROC_DIR": metrics}
        with log.open("ab") as output:
            return subprocess.Popen(  # noqa: S603 - our own programs
                arguments, cwd=self.folder, env=environment, stdout=output, stderr=output, start_new_session=True
            )


class Server:
    """The running processes of a server, which listen on one port."""

    def __init__(self, name: str, port: int, processes: Sequence["subprocess.Popen[bytes]"], log: Path) -> None:
        self.name = name
        self.port = port
        self._processes = processes
        self._log = log

    def wait(self) -> None:
        """Wait until the port accepts connections. Raise ServerError if a process ends before."""
        deadline = time.monotonic() + START_SECONDS
        while not accepts_connections(self.port):
            self.require_running()
            if time.monotonic() > deadline:
                raise ServerError(f"{self.name} does not listen after {START_SECONDS:.0f} s. {self._end_of_log()}")
            time.sleep(POLL_SECONDS)  # a port sends no event

    def require_running(self) -> None:
        if any(process.poll() is not None for process in self._processes):
            raise ServerError(f"{self.name} has ended. {self._end_of_log()}")

    def pids(self) -> list[int]:
        """Return the running processes and their running descendants."""
        leaders = {process.pid for process in self._processes}
        return [pid for pid in _all_pids() if _session_of(pid) in leaders and _is_running(pid)]

    def cpu(self) -> float:
        """Return the CPU seconds of all processes so far."""
        return sum(cpu_of_threads(pid) for pid in self.pids())

    def resident(self) -> int:
        """Return the resident bytes of the process that has the most: the worker, not its supervisor."""
        return max(resident_of(pid) for pid in self.pids())

    def stop(self) -> None:
        """End the processes and wait for their descendants, which the next measurement would otherwise share the CPU with."""
        for process in self._processes:
            _signal(process.pid, signal.SIGTERM)
        deadline = time.monotonic() + STOP_SECONDS
        for process in self._processes:
            with suppress(subprocess.TimeoutExpired):
                process.wait(max(deadline - time.monotonic(), 0.1))
            _signal(process.pid, signal.SIGKILL)
            process.wait()
        while left := self.pids():
            for pid in left:
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            time.sleep(POLL_SECONDS)  # only a parent can wait for a process, and these have lost theirs

    def _end_of_log(self) -> str:
        return "The end of its log:\n" + self._log.read_text(errors="replace")[-3_000:]


@contextmanager
def started(name: str, commands: Sequence[Command]) -> Iterator[Server]:
    """Run a server, which accepts connections in the block. It stops at the end of the block."""
    with starting(name, commands) as server:
        server.wait()
        yield server


@contextmanager
def starting(name: str, commands: Sequence[Command]) -> Iterator[Server]:
    """Start a server without waiting for it. It stops at the end of the block."""
    with TemporaryDirectory(prefix="mingus-bench-") as folder:
        log, port = Path(folder, "log"), free_port()
        metrics = Path(folder, "metrics")
        metrics.mkdir()
        server = Server(name, port, [command.start(port, str(metrics), log) for command in commands], log)
        try:
            yield server
        finally:
            server.stop()


@contextmanager
def all_started(commands: Mapping[str, Sequence[Command]]) -> Iterator[dict[str, Server]]:
    """Run several servers, by name. They start at the same time."""
    with ExitStack() as stack:
        servers = {name: stack.enter_context(starting(name, each)) for name, each in commands.items()}
        for server in servers.values():
            server.wait()
        yield servers


def free_port() -> int:
    """Return a port of the loopback interface that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def accepts_connections(port: int) -> bool:
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
        return True
    return False


def resident_of(pid: int) -> int:
    """Return the resident bytes of a process, 0 if it has ended."""
    try:
        pages = Path("/proc", str(pid), "statm").read_text().split()[1]
    except OSError:
        return 0
    return int(pages) * os.sysconf("SC_PAGE_SIZE")


def _all_pids() -> list[int]:
    return [int(path.name) for path in Path("/proc").iterdir() if path.name.isdigit()]


def _session_of(pid: int) -> int | None:
    try:
        return os.getsid(pid)
    except ProcessLookupError:
        return None


def _is_running(pid: int) -> bool:
    """Return False for a process that has ended, also if its parent has not collected its status."""
    try:
        return Path("/proc", str(pid), "stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def _signal(group: int, number: int) -> None:
    with suppress(ProcessLookupError):
        os.killpg(group, number)
