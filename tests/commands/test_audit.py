"""The audit log of commands and jobs, and its blocks."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from time import monotonic
from typing import Any

import pytest
from django.db import connections
from django.db.transaction import atomic

from core import jobs
from dev.factories import AlertFactory, ImportantDateFactory
from system import services, tasks
from system.models import AuditBlock, AuditEvent, SystemAlert
from tests.commands.conftest import Running, url_of_tests_database
from tests.conftest import use_staff_role
from users.models import User

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_command_is_recorded_by_its_name(run: Callable[..., Running]) -> None:
    environment = {"DATABASE_URL": url_of_tests_database(), "DJANGO_SUPERUSER_PASSWORD": "correct horse battery staple"}
    command = run("createsuperuser", "--noinput", "--email=root@example.com", **environment)
    assert command.process.wait(60) == 0, command.output()
    event = AuditEvent.objects.of_row("users_user", User.objects.get(email="root@example.com").pk).get()
    assert (event.source, event.actor_id, event.role) == ("command createsuperuser", None, "mingus_staff")
    assert event.request_id.startswith("command-")


def test_a_job_is_recorded_by_its_name(no_jobs: None) -> None:
    row = ImportantDateFactory(date_value=date(2026, 1, 1), is_recurring=True, recurrence_pattern="daily", reminder_days=1)
    number = tasks.send_reminders.defer(timestamp=0)
    jobs.run_pending()
    events = AuditEvent.objects.for_user(row.user).filter(request_id=f"job-{number}")
    assert set(events.values_list("source", "table_name", "action")) >= {
        ("job system.tasks.send_reminders", "system_systemalert", "insert"),
        ("job system.tasks.send_reminders", "system_importantdate", "update"),
    }


@pytest.fixture
def beside() -> Iterator[Callable[..., Any]]:
    """Yield a function that runs another one in a second thread, on a connection of its own."""
    with ThreadPoolExecutor(1, initializer=use_staff_role) as pool:
        yield lambda function: pool.submit(function).result()
        pool.submit(connections.close_all).result()


def blocks_of(row: SystemAlert) -> int:
    """Return the number of blocks that contain the event of a new row."""
    [event] = AuditEvent.objects.of_row("system_systemalert", row.pk)
    return AuditBlock.objects.filter(event_ids__contains=[event.pk]).count()


def seal_all(rows: list[Any]) -> None:
    """Seal until the rows' events are in blocks, because events wait for older transactions of other tests on the server."""
    until = monotonic() + 150
    while not all(map(blocks_of, rows)) and monotonic() < until:
        services.seal_audit()


def test_an_event_of_an_open_transaction_waits_for_a_block(beside: Callable[..., Any]) -> None:
    with atomic():
        running = AlertFactory()
        beside(AlertFactory)
        beside(services.seal_audit)
    assert blocks_of(running) == 0
    seal_all([running])
    assert blocks_of(running) == 1


def test_each_event_is_in_one_block_after_concurrent_sealing() -> None:
    rows = AlertFactory.create_batch(20)
    with ThreadPoolExecutor(4, initializer=use_staff_role) as pool:
        list(pool.map(lambda _: seal(), range(12)))
    seal_all(rows)
    assert {blocks_of(row) for row in rows} == {1}
    numbers = list(AuditBlock.objects.order_by("number").values_list("number", flat=True))
    assert numbers == list(range(1, len(numbers) + 1))


def seal() -> None:
    services.seal_audit()
    connections.close_all()
