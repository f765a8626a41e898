"""`kill -9` of the database server under `manage.py serve --with-worker`, and an outage: the service recovers by itself."""

import os
import signal
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import orjson
import psycopg
import pytest
from django.core.mail import EmailMessage

from core.mail import encrypt_message
from dev.postgres import ensure_running, stop
from dev.postgres.cluster import read_pid
from dev.postgres.folder import Folder
from tests.commands.conftest import Running, Server, until
from tests.commands.test_worker import DEFER

pytestmark = pytest.mark.faults

GRACE = 60.0
OUTAGE_SECONDS = float(os.environ.get("OUTAGE_SECONDS", "6"))


@pytest.fixture
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Yield the folder of a separate database server, which the test may kill."""
    root = tmp_path_factory.mktemp("database") / "postgres"
    yield root
    stop(root)


@pytest.fixture
def server(folder: Path, run: Callable[..., Running], tmp_path: Path) -> Iterator[Server]:
    url = ensure_running(folder, grace=GRACE)
    migrated = run("migrate", "-v0", DATABASE_URL=url)
    assert migrated.process.wait(300) == 0, migrated.output()
    program = Server(tmp_path, DATABASE_URL=url, DATABASE_POOL_TIMEOUT="2")
    try:
        until(lambda: "ok" if status(program) == 200 else "", "readiness")
        yield program
    finally:
        program.close()


def status(server: Server, path: str = "/healthz/ready") -> int:
    """Return the status of a response, or 0 for an error without Retry-After."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{server.port}{path}", timeout=30) as response:
            return int(response.status)
    except urllib.error.HTTPError as error:
        return error.code if error.headers["Retry-After"] else 0


def send(url: str, subject: str) -> None:
    encrypted = encrypt_message(EmailMessage(subject, "Hello", "mingus@example.com", ["alice@example.com"]))
    with psycopg.connect(url) as connection:
        connection.execute(DEFER, [orjson.dumps({"encrypted": encrypted}).decode()])


def test_a_killed_database_server_returns_without_a_person(server: Server, folder: Path) -> None:
    os.kill(read_pid(Folder(folder)) or 0, signal.SIGKILL)
    statuses = [status(server, "/billing/return/"), status(server, "/admin/login/")]
    until(lambda: "ok" if status(server) == 200 else "", "readiness")
    assert set(statuses) <= {200, 503}
    send(ensure_running(folder, grace=GRACE), "After the kill")
    server.wait_for("Subject: After the kill")


def test_an_outage_is_a_503_and_ends_with_the_database(server: Server, folder: Path) -> None:
    stop(folder)
    until(lambda: "503" if status(server) == 503 else "", "a 503")
    time.sleep(OUTAGE_SECONDS)
    assert status(server) == 503
    url = ensure_running(folder, grace=GRACE)
    until(lambda: "ok" if status(server) == 200 else "", "readiness")
    send(url, "After the outage")
    server.wait_for("Subject: After the outage")
