"""Groups of programs that run side by side and stop together."""

import os
import signal
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from mingus import processes
from mingus.processes import PortError, ProcessGroup, Program, require_free_port, wait_until_listening
from tests.commands.conftest import until

pytestmark = pytest.mark.faults

SLEEP = "import time; time.sleep(60)"
WRITE_AND_SLEEP = "import os, pathlib, time; pathlib.Path(os.environ['OUTPUT']).write_text(os.environ['WORD']); time.sleep(60)"
STUBBORN = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('ready', flush=True); time.sleep(60)"


def program(name: str, code: str = SLEEP) -> Program:
    return Program(name, ["-c", code])


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    """Yield a socket that listens on a port."""
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        yield server


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_ends_the_wait_without_an_error(number: signal.Signals) -> None:
    before = signal.getsignal(number)
    with ProcessGroup([program("one"), program("two")], {}).running() as group:
        threading.Timer(0.3, os.kill, (os.getpid(), number)).start()
        assert group.wait() is None
    assert signal.getsignal(number) == before


def test_no_program_runs_afterwards() -> None:
    with ProcessGroup([program("one"), program("two")], {}).running() as group:
        family = [process.pid for process in group._processes]
        assert group.is_running()
    assert [Path(f"/proc/{pid}").exists() for pid in family] == [False, False]


def test_a_program_that_exits_is_named() -> None:
    with ProcessGroup([program("one"), program("two", "raise SystemExit(3)")], {}).running() as group:
        assert group.wait() == "two exited with status 3"


def test_no_program_runs_after_the_block_fails() -> None:
    group = ProcessGroup([program("one")], {})
    with pytest.raises(ZeroDivisionError), group.running():
        raise ZeroDivisionError
    assert group._processes[0].returncode == -signal.SIGTERM


def test_a_program_that_ignores_sigterm_is_killed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes, "STOP_SECONDS", 0.5)
    group = ProcessGroup([program("one", STUBBORN)], {})
    with group.running():
        time.sleep(0.5)
    assert group._processes[0].returncode == -signal.SIGKILL


def test_the_environment_is_passed_on(tmp_path: Path) -> None:
    output = tmp_path / "output"
    output.touch()
    with ProcessGroup([program("one", WRITE_AND_SLEEP)], {"OUTPUT": str(output), "WORD": "hello"}).running():
        assert until(output.read_text, "the word") == "hello"


def test_the_error_for_a_port_in_use_suggests_another(listener: socket.socket) -> None:
    port = listener.getsockname()[1]
    with pytest.raises(PortError, match=f"PORT={port} on 127.0.0.1: Address already in use.*PORT={port + 1}"):
        require_free_port("127.0.0.1", port)


def test_a_free_port_is_fine(listener: socket.socket) -> None:
    port = listener.getsockname()[1]
    listener.close()
    require_free_port("127.0.0.1", port)


def test_a_port_out_of_range_is_named() -> None:
    with pytest.raises(PortError, match="PORT=70000 does not exist"):
        require_free_port("127.0.0.1", 70_000)


def test_an_unknown_host_is_named() -> None:
    with pytest.raises(PortError, match="HOST=no.such.host.invalid is not an address of this machine"):
        require_free_port("no.such.host.invalid", 8000)


def test_it_waits_until_a_program_listens(listener: socket.socket) -> None:
    with ProcessGroup([program("one")], {}).running() as group:
        assert wait_until_listening("127.0.0.1", listener.getsockname()[1], while_running=group)


def test_it_does_not_wait_for_a_program_that_has_exited(listener: socket.socket) -> None:
    port = listener.getsockname()[1]
    listener.close()
    with ProcessGroup([program("one", "raise SystemExit(1)")], {}).running() as group:
        assert not wait_until_listening("127.0.0.1", port, while_running=group)
