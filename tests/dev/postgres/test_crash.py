"""Recovery of the embedded database after killed processes."""

import os
import signal
import subprocess
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest

from dev.postgres import DevDatabaseError, ensure_running, server, stop
from dev.postgres.binaries import clean_environment, find_programs
from dev.postgres.folder import Folder
from tests.dev.postgres.conftest import GRACE, User, eventually, fetch_value, is_stopped, server_pid, watchers

pytestmark = pytest.mark.faults

BUSY_SESSIONS = """
SELECT count(*) FROM pg_stat_activity
WHERE state = 'active' AND backend_type = 'client backend' AND pid <> pg_backend_pid()
"""
REST_OF_PID_FILE = "\n/elsewhere\n1700000000\n5432\n\n127.0.0.1\n  1234   5\nready\n"


@pytest.fixture
def sleeper() -> Iterator[int]:
    process = subprocess.Popen(["sleep", "60"])
    yield process.pid
    process.kill()
    process.wait()


@pytest.fixture
def zombie() -> Iterator[int]:
    process = subprocess.Popen(["true"])
    os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
    yield process.pid
    process.wait()


@pytest.fixture
def by_hand(folder: Folder) -> Iterator[int]:
    options = ("-D", str(folder.data), "--unix_socket_directories=", f"--port={server._free_port(preferred=0)}")
    command = find_programs(folder.root).command("postgres", *options)
    process = subprocess.Popen(command, env=clean_environment(), stderr=subprocess.DEVNULL)
    eventually(folder.pid_file.exists)
    yield process.pid
    process.send_signal(signal.SIGINT)
    process.wait()


def test_everything_killed_at_once_starts_again_with_its_data(own_folder: Folder) -> None:
    user = User(own_folder.root)
    fetch_value(user.url, "CREATE TABLE saved (number int); INSERT INTO saved VALUES (7) RETURNING number")
    os.kill(watchers(own_folder)[0], signal.SIGKILL)
    os.kill(server_pid(own_folder), signal.SIGKILL)
    user.kill()
    assert own_folder.pid_file.exists()

    assert fetch_value(ensure_running(own_folder.root, grace=GRACE), "SELECT number FROM saved") == "7"


@pytest.mark.parametrize("owner", ["sleeper", "zombie"])
def test_a_pid_file_with_a_reused_process_id_does_not_matter(
    folder: Folder, owner: str, request: pytest.FixtureRequest
) -> None:
    pid: int = request.getfixturevalue(owner)
    folder.pid_file.write_text(f"{pid}{REST_OF_PID_FILE}")

    assert fetch_value(ensure_running(folder.root, grace=GRACE), "SELECT 1") == "1"
    os.kill(pid, 0)


@pytest.mark.parametrize("text", ["", "12", "garbage\n"])
def test_a_cut_off_pid_file_does_not_matter(folder: Folder, text: str) -> None:
    folder.pid_file.write_text(text)

    assert fetch_value(ensure_running(folder.root, grace=GRACE), "SELECT 1") == "1"


def test_a_server_started_by_hand_is_left_alone(folder: Folder, by_hand: int) -> None:
    with pytest.raises(DevDatabaseError, match=f"did not start .process {by_hand}.*kill -INT {by_hand}"):
        ensure_running(folder.root, grace=GRACE)

    assert folder.pid_file.exists()


def test_a_server_that_died_under_its_user_is_started_again(folder: Folder) -> None:
    first = ensure_running(folder.root, grace=GRACE)
    os.kill(server_pid(folder), signal.SIGKILL)
    assert eventually(lambda: is_stopped(folder))

    assert ensure_running(folder.root, grace=GRACE) == first


def test_a_killed_server_starts_again_for_its_users(folder: Folder) -> None:
    user = User(folder.root)
    url, pid = user.url, server_pid(folder)
    os.kill(pid, signal.SIGKILL)

    assert eventually(lambda: server.accepts_connections(folder), seconds=30)
    assert server_pid(folder) != pid
    assert fetch_value(url, "SELECT 1") == "1"


def test_a_session_that_outlives_the_server_does_not_delay_the_start(folder: Folder) -> None:
    user = User(folder.root)
    url = user.url
    with psycopg.connect(url) as busy, ThreadPoolExecutor() as pool:
        endless = pool.submit(busy.execute, "SELECT count(*) FROM generate_series(1, 1000000000000)")
        assert eventually(lambda: fetch_value(url, BUSY_SESSIONS) == "1")
        os.kill(server_pid(folder), signal.SIGKILL)

        assert eventually(lambda: server.accepts_connections(folder), seconds=30)
        assert isinstance(endless.exception(30), psycopg.OperationalError)


def test_a_server_that_waits_for_its_clients_to_end_is_replaced(folder: Folder) -> None:
    url = ensure_running(folder.root, grace=GRACE)
    with psycopg.connect(url):
        os.kill(server_pid(folder), signal.SIGTERM)  # as when all processes of the demo are ended; the client remains
        assert eventually(lambda: not server.accepts_connections(folder))
        began = time.monotonic()

        assert fetch_value(ensure_running(folder.root, grace=GRACE), "SELECT 1") == "1"
        assert time.monotonic() - began < 20


def test_a_server_that_was_stopped_is_not_started_again(folder: Folder) -> None:
    user = User(folder.root)
    assert user.url
    assert stop(folder.root)
    time.sleep(2.5)

    assert is_stopped(folder)


def test_a_folder_removed_under_its_server_is_created_again(own_folder: Folder) -> None:
    ensure_running(own_folder.root, grace=GRACE)
    old_pid, old_watchers = server_pid(own_folder), watchers(own_folder)
    own_folder.root.rename(own_folder.root.with_name("removed"))

    url = ensure_running(own_folder.root, grace=GRACE)
    assert eventually(lambda: not set(watchers(own_folder)) & set(old_watchers))
    assert fetch_value(url, "SELECT 1") == "1"
    os.kill(old_pid, signal.SIGINT)
