"""`manage.py worker`, which delivers mail and survives a restart of the database."""

from collections.abc import Callable, Iterator
from pathlib import Path

import orjson
import psycopg
import pytest
from django.core.mail import EmailMessage

from core.mail import encrypt_message
from dev.postgres import ensure_running, stop
from tests.commands.conftest import Running

pytestmark = pytest.mark.faults

GRACE = 60.0
DEFER = """
SELECT procrastinate_defer_jobs_v1(ARRAY[
    ROW('default', 'core.mail.deliver', 0, NULL, NULL, %s::jsonb, NULL)::procrastinate_job_to_defer_v1
])
"""


@pytest.fixture
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Yield the folder of a separate database server, which the test may stop."""
    root = tmp_path_factory.mktemp("database") / "postgres"
    yield root
    stop(root)


def send(url: str, subject: str) -> None:
    encrypted = encrypt_message(EmailMessage(subject, "Hello", "mingus@example.com", ["alice@example.com"]))
    with psycopg.connect(url) as connection:
        connection.execute(DEFER, [orjson.dumps({"encrypted": encrypted}).decode()])


def test_mail_is_delivered_after_a_restart_of_the_database(folder: Path, run: Callable[..., Running]) -> None:
    url = ensure_running(folder, grace=GRACE)
    migrated = run("migrate", "procrastinate", "-v0", DATABASE_URL=url)
    assert migrated.process.wait(120) == 0, migrated.output()
    worker = run("worker", DATABASE_URL=url)
    send(url, "Before")
    worker.wait_for("Subject: Before")
    stop(folder)
    worker.wait_for("The database is unreachable")
    again = ensure_running(folder, grace=GRACE)
    send(again, "After")
    worker.wait_for("Subject: After")
    assert again == url
    assert worker.end() == 0
