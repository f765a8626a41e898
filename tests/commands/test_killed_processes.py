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
from django.db import connection
from procrastinate.contrib.django.models import ProcrastinateJob
from pytest_django import Settings

from core import jobs
from core.mail import deliver, encrypt_message
from core.tasks import retry_abandoned_jobs
from mingus.processes import PortError, require_free_port
from tests.commands.conftest import Server, children_of, until
from tests.commands.lethal_jobs import kill_worker
from tests.commands.process_state import is_alive

pytestmark = [pytest.mark.faults, pytest.mark.django_db(transaction=True)]

KILLS = int(os.environ.get("KILLS", "4"))
KILL = "The job worker was ended by SIGKILL"
SUPERVISOR = ("/bin/sh", "-c", 'while :; do "$@"; sleep 1; done', "sh")
LISTEN = "0A"
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
    """Return once two web processes listen and a job worker runs."""

    def are_complete() -> bool:
        sockets = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()]
        listening = [row for row in sockets if row[1].endswith(f":{server.port:04X}") and row[3] == LISTEN]
        return (len(listening), len(members(server, "job worker"))) == (2, 1)

    until(lambda: "all" if are_complete() else "", "all processes")


def descendants(pid: int) -> list[int]:
    """Return the processes that `pid` has started, with those that they have started."""
    return [each for child in children_of(pid) for each in (child, *descendants(child))]


def members(server: Server, kind: str) -> list[int]:
    """Return the processes of one kind, in the order of their start."""
    children = children_of(server.process.pid)
    web = [pid for pid in children if b"granian" in Path(f"/proc/{pid}/cmdline").read_bytes()]
    worker = [pid for pid in children if pid not in web]
    return {"granian": web, "web worker": [pid for main in web for pid in children_of(main)], "job worker": worker}[kind]


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


def has_arrived(server: Server, mails: list[str]) -> str:
    """Return 'all' if the output contains all mails. Retry jobs of dead workers meanwhile, which a job does each minute."""
    retry_abandoned_jobs(timestamp=0)
    return "all" if all(mail in server.output() for mail in mails) else ""


def age_heartbeats_after_kills(server: Server, number: int) -> None:
    """Wait for the death of so many job workers, and age their heartbeats, as if half a minute had passed."""
    until(lambda: KILL if server.output().count(KILL) >= number else "", f"{number} deaths of job workers")
    with connection.cursor() as cursor:
        cursor.execute("UPDATE procrastinate_workers SET last_heartbeat = now() - interval '1 hour'")


def test_no_process_survives_the_command(server: Server) -> None:
    family = descendants(server.process.pid)
    assert server.end(signal.SIGKILL) == -signal.SIGKILL
    until(lambda: "none" if not any(map(is_alive, family)) else "", "the end of all processes")
    until(lambda: "free" if is_free(server.port) else "", "the end of a process that was starting when it was killed")


def is_free(port: int) -> bool:
    try:
        require_free_port("127.0.0.1", port)
    except PortError:
        return False
    return True


@pytest.mark.parametrize("kind", ["granian", "web worker"])
def test_a_killed_web_process_is_replaced_while_the_other_serves(kind: str, server: Server) -> None:
    victim, healthy = members(server, kind)[0], members(server, kind)[-1]
    worker, affected = members(server, "job worker"), [members(server, each)[0] for each in ("granian", "web worker")]
    os.kill(victim, signal.SIGKILL)
    until(lambda: "" if any(map(is_alive, affected)) else "ended", "the end of the web process, both of which hold its socket")
    assert [fetch(server) for _ in range(5)] == [LIVE] * 5
    wait_for_all(server)
    assert members(server, "job worker") == worker
    assert healthy in members(server, kind)
    server.wait_for("It is started again in 1 s.")


def test_a_killed_job_worker_is_replaced(server: Server) -> None:
    web, [worker] = members(server, "web worker"), members(server, "job worker")
    os.kill(worker, signal.SIGKILL)
    send("After the kill")
    server.wait_for(f"{KILL}. It is started again in 1 s.")
    server.wait_for("Subject: After the kill")
    assert members(server, "web worker") == web


def test_a_supervisor_can_start_it_again_at_any_moment(no_jobs: None, tmp_path: Path) -> None:
    supervised = Server(tmp_path, prefix=SUPERVISOR)
    try:
        for _ in range(KILLS // 2):
            time.sleep(random.uniform(0, 8))  # it takes some seconds to start
            for pid in children_of(supervised.process.pid):
                os.kill(pid, signal.SIGKILL)
        until(lambda: fetch(supervised), "a response")
        until(lambda: "five" if len(descendants(children_of(supervised.process.pid)[0])) == 5 else "", "all processes")
        assert "Address already in use" not in supervised.output()
    finally:
        family = children_of(supervised.process.pid)
        supervised.end(signal.SIGKILL)
        for pid in family:
            os.kill(pid, signal.SIGTERM)


def test_a_job_that_kills_its_workers_ends_as_failed(no_jobs: None, tmp_path: Path, settings: Settings) -> None:
    settings.JOB_MAX_DEATHS = 2
    server = Server(tmp_path, DJANGO_SETTINGS_MODULE="tests.commands.lethal_settings")
    try:
        job = ProcrastinateJob.objects.get(pk=jobs.enqueue(kill_worker))
        age_heartbeats_after_kills(server, 1)
        retry_abandoned_jobs(timestamp=0)
        age_heartbeats_after_kills(server, 2)
        retry_abandoned_jobs(timestamp=0)
        job.refresh_from_db()
        assert job.status == "failed"
        send("From a worker that lives")
        server.wait_for("Subject: From a worker that lives")
    finally:
        server.close()


def test_random_kills(server: Server) -> None:
    for number in range(KILLS):
        os.kill(random.choice(descendants(server.process.pid)), signal.SIGKILL)
        time.sleep(random.uniform(0, 2))
        until(lambda: fetch(server), "a response")
        send(f"Mail {number}.")
    until(lambda: has_arrived(server, [f"Subject: Mail {number}." for number in range(KILLS)]), "all mails")
    wait_for_all(server)
    assert server.end() == 0
