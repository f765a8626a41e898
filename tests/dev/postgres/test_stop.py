"""The server stops after its last user, and not before."""

import os
import signal
import subprocess
import time

import psycopg
import pytest

from dev.postgres import ensure_running, locks, stop
from dev.postgres.folder import Folder
from tests.dev.postgres.conftest import GRACE, User, eventually, fetch_value, is_stopped, server_pid, the_watcher, watchers

pytestmark = pytest.mark.faults


def fork_a_worker_and_end() -> None:
    """Leave behind only a forked child, which ends after a second."""
    if os.fork() == 0:
        time.sleep(1)
    os._exit(0)


def start_a_program_and_end() -> None:
    """Leave behind only another program, which inherits every inheritable file descriptor."""
    subprocess.Popen(["sleep", "8"], close_fds=False)
    os._exit(0)


def test_it_stops_after_its_last_user_was_killed(folder: Folder) -> None:
    first, second = User(folder.root), User(folder.root)
    assert first.url == second.url

    first.kill()
    time.sleep(2 * GRACE)
    assert not is_stopped(folder)

    second.kill()
    assert eventually(lambda: is_stopped(folder) and not watchers(folder))
    assert "database system is shut down" in folder.log.read_text()


def test_the_next_command_within_the_grace_finds_it_running(folder: Folder) -> None:
    User(folder.root, grace=2).leave()
    pid = server_pid(folder)
    User(folder.root, grace=2).leave()

    assert server_pid(folder) == pid
    assert the_watcher(folder)


def test_a_forked_worker_is_a_user_too(folder: Folder) -> None:
    user = User(folder.root, afterwards=fork_a_worker_and_end)
    assert user.url
    user.process.join()
    time.sleep(2 * GRACE)

    assert not is_stopped(folder)
    assert eventually(lambda: is_stopped(folder))


def test_a_program_started_by_a_user_is_not_a_user(folder: Folder) -> None:
    user = User(folder.root, afterwards=start_a_program_and_end)
    assert user.url
    user.process.join()

    assert eventually(lambda: is_stopped(folder), seconds=6)


def test_an_open_session_keeps_it_running(folder: Folder) -> None:
    user = User(folder.root)
    with psycopg.connect(user.url):
        user.leave()
        time.sleep(3 * GRACE)
        assert not is_stopped(folder)

    assert eventually(lambda: is_stopped(folder))


def test_a_killed_watcher_is_replaced_by_the_next_user(folder: Folder) -> None:
    first = User(folder.root)
    assert first.url
    watcher = the_watcher(folder)
    os.kill(watcher, signal.SIGKILL)
    assert eventually(lambda: locks.is_free(folder.watcher_lock))  # the kernel frees it when the process has ended
    second = User(folder.root)
    assert second.url

    assert the_watcher(folder) != watcher
    first.leave()
    second.leave()
    assert eventually(lambda: is_stopped(folder) and not watchers(folder))


def test_a_user_during_the_stop_gets_a_new_server_with_a_watcher(folder: Folder) -> None:
    User(folder.root, grace=0).leave()
    user = User(folder.root, grace=0)

    assert fetch_value(user.url, "SELECT 1") == "1"
    assert the_watcher(folder)
    user.leave()
    assert eventually(lambda: is_stopped(folder) and not watchers(folder))


def test_stop_returns_false_without_a_running_server(folder: Folder) -> None:
    ensure_running(folder.root, grace=GRACE)

    assert stop(folder.root)
    assert is_stopped(folder)
    assert not stop(folder.root)


def test_stop_creates_no_folder(empty: Folder) -> None:
    assert not stop(empty.root)
    assert not empty.root.exists()
