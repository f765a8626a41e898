"""`manage.py serve`, which serves requests and runs jobs."""

import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.core.mail import EmailMessage
from django.core.management import CommandError, call_command

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
    assert [server.get("/healthz/ready") for _ in range(12)] == ['{"status": "ok"}'] * 12
    assert "django_http_requests_before_middlewares_total 13.0" in server.get("/metrics").splitlines()


def test_it_runs_jobs(server: Server) -> None:
    message = EmailMessage("Greetings from the server", "Hello", "mingus@example.com", ["alice@example.com"])
    jobs.enqueue(deliver, encrypted=encrypt_message(message))
    server.wait_for("Subject: Greetings from the server")


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
    family = until(lambda: " ".join(map(str, children_of(server.process.pid))), "its programs").split()
    assert server.end(signal.SIGTERM) == 0
    assert [os.path.exists(f"/proc/{pid}") for pid in family] == [False, False]
    assert "Traceback" not in server.output()
