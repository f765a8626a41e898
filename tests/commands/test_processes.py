"""Groups of programs that run side by side, stop together and are started again when they end."""

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from mingus import processes
from mingus.processes import PortError, ProcessGroup, Program, StartError, is_listening, require_free_port
from tests.commands.conftest import ROOT, until
from tests.commands.process_state import is_alive

pytestmark = pytest.mark.faults

SLEEP = "import time; time.sleep(60)"
EXIT = "raise SystemExit(3)"
NOTE = "import os, pathlib, time; open(os.environ['OUTPUT'], 'a').write(f'{os.getpid()} '); "
STUBBORN = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('ready', flush=True); time.sleep(60)"
# A parent whose child starts a child of its own. Each ends with its parent, and the grandchild writes its process ID
PARENT = """
import os, subprocess, sys, time
level = int(sys.argv[1])
if len(sys.argv) > 2:
    sys.platform = sys.argv[2]
from mingus.child_process import end_with_parent
if level:
    end_with_parent(os.getppid())
print(os.getpid(), flush=True)
if level < 2:
    subprocess.Popen([sys.executable, __file__, str(level + 1), *sys.argv[2:]])
time.sleep(60)
"""

Make = Callable[..., Program]


@pytest.fixture
def program(tmp_path: Path) -> Make:
    """Return a function that returns a program with the given code."""

    def make(name: str, code: str = SLEEP, **options: bool) -> Program:
        path = tmp_path / f"{name}.py"
        path.write_text(code)
        return Program(name, [str(path)], **options)

    return make


@pytest.fixture
def output(tmp_path: Path) -> Path:
    """Return an empty file, to which programs with the code `NOTE` append their process IDs."""
    path = tmp_path / "output"
    path.touch()
    return path


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    """Yield a socket that listens on a port."""
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        yield server


def pids(group: ProcessGroup) -> list[int]:
    return [child.process.pid for child in group.children if child.process]


def stop_later(seconds: float, number: signal.Signals = signal.SIGTERM) -> None:
    threading.Timer(seconds, os.kill, (os.getpid(), number)).start()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_ends_the_supervision(number: signal.Signals, program: Make) -> None:
    before = signal.getsignal(number)
    group = ProcessGroup([program("one"), program("two")], {})
    with group.running():
        stop_later(0.3, number)
        assert not group.supervise()
    assert signal.getsignal(number) == before


def test_the_last_program_starts_once_the_others_listen(output: Path, program: Make) -> None:
    group = ProcessGroup(
        [program("one", listens=True), program("two", NOTE + SLEEP, starts_last=True)], {"OUTPUT": str(output)}
    )
    with group.running():
        listening = iter([False, False, True])
        assert group.supervise(until_listening=lambda: next(listening))
        assert (len(pids(group)), output.read_text()) == (1, "")
        stop_later(3.0)
        assert not group.supervise()
        assert output.read_text().split() == [str(pids(group)[1])]


def test_no_program_runs_afterwards(program: Make) -> None:
    group = ProcessGroup([program("one"), program("two")], {})
    with group.running():
        family = pids(group)
        assert [is_alive(pid) for pid in family] == [True, True]
    assert [is_alive(pid) for pid in family] == [False, False]


def test_no_program_runs_after_the_block_fails(program: Make) -> None:
    group = ProcessGroup([program("one")], {})
    with pytest.raises(ZeroDivisionError), group.running():
        raise ZeroDivisionError
    assert [is_alive(pid) for pid in pids(group)] == [False]


def test_a_program_that_ignores_sigterm_is_killed(monkeypatch: pytest.MonkeyPatch, program: Make) -> None:
    monkeypatch.setattr(processes, "STOP_SECONDS", 0.5)
    group = ProcessGroup([program("one", STUBBORN)], {})
    with group.running():
        time.sleep(1)
    assert [child.process.returncode for child in group.children if child.process] == [-signal.SIGKILL]


def test_a_killed_program_runs_again_beside_the_others(output: Path, program: Make) -> None:
    group = ProcessGroup([program("one"), program("two", NOTE + SLEEP)], {"OUTPUT": str(output)})
    with group.running():
        healthy, victim = pids(group)
        until(output.read_text, "the start")
        os.kill(victim, signal.SIGKILL)
        assert group.supervise(until_listening=lambda: len(output.read_text().split()) == 2)
        assert pids(group)[0] == healthy
        assert pids(group)[1] == int(output.read_text().split()[1]) != victim


def test_pauses_between_starts_grow(monkeypatch: pytest.MonkeyPatch, program: Make, caplog: pytest.LogCaptureFixture) -> None:
    monkeypatch.setattr(processes, "MAX_PAUSE_SECONDS", 2.0)
    monkeypatch.setattr(processes, "STARTED_SECONDS", 0.0)
    group = ProcessGroup([program("one", EXIT)], {})
    with group.running():
        assert group.supervise(until_listening=lambda: len(caplog.messages) == 3)
    assert caplog.messages == [f"one exited with status 3. It is started again in {pause} s." for pause in (1, 2, 2)]


def test_the_pause_is_short_again_after_a_healthy_run(
    monkeypatch: pytest.MonkeyPatch, program: Make, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(processes, "HEALTHY_SECONDS", 0.0)
    group = ProcessGroup([program("one", EXIT)], {})
    with group.running():
        assert group.supervise(until_listening=lambda: len(caplog.messages) == 3)
    assert caplog.messages == ["one exited with status 3. It is started again in 1 s."] * 3


def test_a_program_that_never_starts_ends_the_group(monkeypatch: pytest.MonkeyPatch, output: Path, program: Make) -> None:
    monkeypatch.setattr(processes, "MAX_PAUSE_SECONDS", 0.1)
    group = ProcessGroup([program("one"), program("two", NOTE + EXIT)], {"OUTPUT": str(output)})
    with pytest.raises(StartError, match="two exited with status 3 at each of 5 starts"), group.running():
        group.supervise()
    assert len(output.read_text().split()) == 5
    assert [is_alive(pid) for pid in pids(group)] == [False]


def test_a_program_that_has_listened_is_always_started_again(
    monkeypatch: pytest.MonkeyPatch, output: Path, program: Make
) -> None:
    monkeypatch.setattr(processes, "MAX_PAUSE_SECONDS", 0.1)
    group = ProcessGroup([program("one", NOTE + EXIT, listens=True)], {"OUTPUT": str(output)})
    with group.running():
        assert group.supervise(until_listening=lambda: True)
        assert group.supervise(until_listening=lambda: len(output.read_text().split()) == 7)


def test_a_worker_that_fails_beside_a_listening_server_ends_the_group(monkeypatch: pytest.MonkeyPatch, program: Make) -> None:
    monkeypatch.setattr(processes, "MAX_PAUSE_SECONDS", 0.1)
    group = ProcessGroup([program("one", listens=True), program("two", EXIT)], {})
    with group.running():
        assert group.supervise(until_listening=lambda: True)
        with pytest.raises(StartError, match="two exited"):
            group.supervise()


@pytest.mark.parametrize("platform", ["linux", "darwin"])
def test_children_and_their_children_end_with_a_killed_parent(platform: str, tmp_path: Path) -> None:
    script = tmp_path / "parent.py"
    script.write_text(PARENT)
    command = [sys.executable, str(script), "0", platform]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env={**os.environ, "PYTHONPATH": str(ROOT)}) as parent:
        assert parent.stdout
        family = [int(parent.stdout.readline()) for _ in range(3)]
        assert [is_alive(pid) for pid in family] == [True, True, True]
        parent.kill()
        until(lambda: "ended" if not any(map(is_alive, family)) else "", "the end of the family")


def test_a_program_whose_parent_has_already_ended_does_not_run(tmp_path: Path) -> None:
    with subprocess.Popen(["true"]) as former:
        pass
    script = tmp_path / "program.py"
    script.write_text("print('runs')")
    command = [sys.executable, "-m", "mingus.child_process", str(former.pid), str(script)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (-signal.SIGKILL, "")


def test_the_environment_is_passed_on(output: Path, program: Make) -> None:
    with ProcessGroup([program("one", NOTE + SLEEP)], {"OUTPUT": str(output)}).running():
        assert until(output.read_text, "the process ID")


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
    host, port = listener.getsockname()
    assert is_listening(host, port)
    listener.close()
    assert not is_listening(host, port)
