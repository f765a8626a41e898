"""`kill -9` of the processes of `manage.py serve --with-worker`: nothing is left behind, and the service recovers by itself."""

import os
import random
import signal
import time
import urllib.error
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.core.mail import EmailMessage

from core import jobs
from core.mail import deliver, encrypt_message
from mingus.processes import require_free_port
from tests.commands.conftest import Server, children_of, until

pytestmark = [pytest.mark.faults, pytest.mark.django_db(transaction=True)]

KILLS = int(os.environ.get("KILLS", "8"))
LIVE = '{"status": "ok"}'


@pytest.fixture
def server(no_jobs: None, tmp_path: Path) -> Iterator[Server]:
    program = Server(tmp_path)
    try:
        wait_for_all(program)
        yield program
    finally:
        program.close()


def wait_for_all(server: Server) -> None:
    """Return once two web processes and a job worker run."""
    kinds = ("web worker", "job worker")
    until(lambda: "all" if [len(members(server, kind)) for kind in kinds] == [2, 1] else "", "all processes")


def descendants(pid: int) -> list[int]:
    """Return the processes that `pid` has started, with those that they have started."""
    return [each for child in children_of(pid) for each in (child, *descendants(child))]


def members(server: Server, kind: str) -> list[int]:
    """Return the processes of one kind, in the order of their start."""
    web, worker = [], []
    for pid in children_of(server.process.pid):
        (web if b"granian" in Path(f"/proc/{pid}/cmdline").read_bytes() else worker).append(pid)
    return {"granian": web, "web worker": [pid for main in web for pid in children_of(main)], "job worker": worker}[kind]


def is_alive(pid: int) -> bool:
    """Return True if the process runs. A killed process whose parent has not read its status does not."""
    try:
        return "\nState:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except FileNotFoundError:
        return False


def fetch(server: Server, path: str = "/healthz/live") -> str:
    """Return the body of a response, or '' if the connection was refused or reset."""
    try:
        return server.get(path)
    except urllib.error.HTTPError as error:
        return f"{error.code} {error.read().decode()}"
    except OSError:
        return ""


def send(subject: str) -> None:
    message = EmailMessage(subject, "Hello", "mingus@example.com", ["alice@example.com"])
    jobs.enqueue(deliver, encrypted=encrypt_message(message))


def test_no_process_survives_the_command(server: Server) -> None:
    family = descendants(server.process.pid)
    assert server.end(signal.SIGKILL) == -signal.SIGKILL
    until(lambda: "none" if not any(map(is_alive, family)) else "", "the end of all processes")
    require_free_port("127.0.0.1", server.port)


@pytest.mark.parametrize("kind", ["granian", "web worker"])
def test_a_killed_web_process_is_replaced_while_the_other_serves(kind: str, server: Server) -> None:
    victim, healthy = members(server, kind)[0], members(server, kind)[-1]
    worker, affected = members(server, "job worker"), members(server, "web worker")[0]
    os.kill(victim, signal.SIGKILL)
    until(lambda: "" if is_alive(affected) else "ended", "the end of the web process")
    assert [fetch(server) for _ in range(5)] == [LIVE] * 5
    wait_for_all(server)
    assert members(server, "job worker") == worker
    assert healthy in members(server, kind)
    server.wait_for("It is started again in 1 s.")


def test_a_killed_job_worker_is_replaced(server: Server) -> None:
    web, [worker] = members(server, "web worker"), members(server, "job worker")
    os.kill(worker, signal.SIGKILL)
    send("After the kill")
    server.wait_for("The job worker was ended by SIGKILL. It is started again in 1 s.")
    server.wait_for("Subject: After the kill")
    assert members(server, "web worker") == web


def test_random_kills(server: Server) -> None:
    for number in range(KILLS):
        os.kill(random.choice(descendants(server.process.pid)), signal.SIGKILL)
        time.sleep(random.uniform(0, 2))
        until(lambda: fetch(server), "a response")
        send(f"Mail {number}.")
    for number in range(KILLS):
        server.wait_for(f"Subject: Mail {number}.")
    wait_for_all(server)
    assert server.end() == 0
