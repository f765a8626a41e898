"""`manage.py serve`, which serves requests and runs jobs."""

import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.error import HTTPError

import orjson
import pytest
from django.core.mail import EmailMessage
from django.core.management import CommandError, call_command
from django.db import connection

from core import jobs
from core.mail import deliver, encrypt_message
from tests.commands.conftest import Running, Server, children_of, free_port, until, url_of_tests_database

pytestmark = [pytest.mark.faults, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def server(transactional_db: None, tmp_path: Path) -> Iterator[Server]:
    """Yield a server that ends before the tables are emptied: a running job would lose its row, or wait for it forever."""
    program = Server(tmp_path)
    yield program
    program.close()


def test_it_serves_requests_and_sums_metrics_of_processes(server: Server) -> None:
    assert server.get("/healthz/live") == '{"status": "ok"}'  # without Django, so it is not counted
    assert all("Contact: " in server.get("/.well-known/security.txt") for _ in range(12))
    assert "django_http_requests_before_middlewares_total 13.0" in server.get("/metrics").splitlines()


def test_it_runs_jobs(server: Server) -> None:
    message = EmailMessage("Greetings from the server", "Hello", "mingus@example.com", ["alice@example.com"])
    jobs.enqueue(deliver, encrypted=encrypt_message(message))
    server.wait_for("Subject: Greetings from the server")


def test_it_is_ready_when_its_worker_runs(server: Server) -> None:
    def ready() -> dict[str, Any]:
        try:
            return dict(orjson.loads(server.get("/healthz/ready")))
        except HTTPError as error:
            return dict(orjson.loads(error.read()))

    until(lambda: "ok" if ready()["status"] == "ok" else "", "readiness")
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM procrastinate_workers")
    assert ready()["status"] == "unavailable"
    assert ready()["checks"]["worker"] == {"status": "none", "heartbeat_age": None}


def test_a_program_that_can_not_start_ends_it_with_the_reason(run: Callable[..., Running], transactional_db: None) -> None:
    program = run(
        "serve", PORT=str(free_port()), DATABASE_URL=url_of_tests_database(), GRANIAN_WORKERS_LIFETIME="1", WORKERS="1"
    )
    assert program.process.wait(120) == 1
    assert "Web process 1 exited with status 2 at each of 5 starts, so all processes were stopped" in program.output()
    assert "Invalid value for '--workers-lifetime'" in program.output()


def test_a_second_server_on_its_port_fails(server: Server, run: Callable[..., Running]) -> None:
    second = run("serve", PORT=str(server.port), DATABASE_URL=url_of_tests_database())
    assert second.process.wait(60) == 1
    assert f"PORT={server.port} on 127.0.0.1: Address already in use" in second.output()
    assert server.get("/healthz/live") == '{"status": "ok"}'


def test_it_does_not_start_with_a_wrong_configuration(run: Callable[..., Running]) -> None:
    program = run("serve", PORT=str(free_port()), DATABASE_URL=url_of_tests_database(), FIELD_ENCRYPTION_KEYS="short")
    assert program.process.wait(60) == 1
    assert "mingus.E003" in program.output()


def test_an_unreachable_database_is_named(run: Callable[..., Running]) -> None:
    unreachable = f"postgresql://unknown:x@127.0.0.1:{free_port()}/none"
    program = run("serve", PORT=str(free_port()), DATABASE_URL=unreachable, DATABASE_POOL_TIMEOUT="1")
    assert program.process.wait(60) == 1
    assert "The database is unreachable" in program.output()
    assert "Traceback" not in program.output()


@pytest.mark.parametrize(("option", "value"), [("port", "http"), ("port", "0"), ("workers", "-1"), ("workers", "two")])
def test_an_invalid_option_is_named(option: str, value: str) -> None:
    with pytest.raises(CommandError, match=f"argument --{option}: invalid whole_number value: '{value}'"):
        call_command("serve", f"--{option}", value)


def test_sigterm_stops_all_programs_in_order(server: Server) -> None:
    family = children_of(server.process.pid)
    assert server.end(signal.SIGTERM) == 0
    assert [os.path.exists(f"/proc/{pid}") for pid in family] == [False] * 3
    assert "Traceback" not in server.output()
