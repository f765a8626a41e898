"""`manage.py migrate` beside a forgotten transaction: it lets requests pass, tries again, and gives up with advice."""

import threading
import time
from collections.abc import Iterator
from io import StringIO
from typing import Any

import psycopg
import pytest
from django.core.management import CommandError, call_command
from django.db import connection, migrations
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.recorder import MigrationRecorder
from pytest_django import Settings

from core import rls
from mingus.management.commands import migrate as command
from tests.commands.conftest import url_of_tests_database
from tests.limits.conftest import Forget, SetLimit

pytestmark = pytest.mark.django_db(transaction=True)
READ = "BEGIN; SET LOCAL ROLE mingus_staff; SELECT FROM finance_financialtransaction"


class AddColumn(migrations.Migration):
    operations = [migrations.RunSQL("ALTER TABLE finance_financialtransaction ADD COLUMN later int")]


@pytest.fixture(autouse=True)
def _next_migration(monkeypatch: pytest.MonkeyPatch, limit: SetLimit) -> Iterator[None]:
    """Add a migration that changes the table of transactions, and undo it afterwards."""
    build = MigrationExecutor.__init__

    def with_next(executor: Any, *args: Any, **options: Any) -> None:
        build(executor, *args, **options)
        last = next(key for key in executor.loader.graph.leaf_nodes("finance"))
        migration = AddColumn("0002_next", "finance")
        executor.loader.disk_migrations[migration.app_label, migration.name] = migration
        executor.loader.graph.add_node(("finance", "0002_next"), migration)
        executor.loader.graph.add_dependency(migration, ("finance", "0002_next"), last)

    monkeypatch.setattr(MigrationExecutor, "__init__", with_next)
    monkeypatch.setattr(command, "store_fingerprints", lambda connection: None)
    monkeypatch.setattr(command, "is_made_by_other_migrations", lambda connection: False)
    limit(lock_timeout="200ms")
    yield
    limit(lock_timeout="10s")  # The server ends a forgotten session a moment after its client has closed it.
    with rls.as_login_role(), connection.cursor() as cursor:
        cursor.execute("ALTER TABLE finance_financialtransaction DROP COLUMN IF EXISTS later")
        MigrationRecorder(connection).record_unapplied("finance", "0002_next")


def run() -> str:
    with rls.as_login_role():
        errors = StringIO()
        call_command("migrate", verbosity=0, stderr=errors)
    return errors.getvalue()


def columns() -> list[str]:
    with connection.cursor() as cursor:
        return [
            column.name for column in connection.introspection.get_table_description(cursor, "finance_financialtransaction")
        ]


def test_it_is_applied_once_the_lock_is_free(forget: Forget, monkeypatch: pytest.MonkeyPatch) -> None:
    forgotten = forget(READ)
    number = forgotten.info.backend_pid
    monkeypatch.setattr(time, "sleep", lambda seconds: forgotten.close())
    errors = run()
    assert "finance.0002_next could not lock a table: canceling statement due to lock timeout" in errors
    assert f"Sessions with locks: {number} (mingus, forgotten)." in errors
    assert "It was rolled back and is tried again in 1 s." in errors
    assert "later" in columns()


def test_it_gives_up_with_advice(forget: Forget, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.DATABASE_MIGRATION_RETRIES = 2
    pauses: list[float] = []
    monkeypatch.setattr(time, "sleep", pauses.append)
    forget(READ)
    with pytest.raises(CommandError, match="End these sessions, or run migrate again at a quiet time.*docs/operations.md"):
        run()
    assert pauses == [1, 2]
    assert "later" not in columns()
    assert ("finance", "0002_next") not in MigrationRecorder(connection).applied_migrations()


def test_requests_wait_for_the_lock_only_as_long_as_it_does(
    forget: Forget, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A reader that comes while the migration waits would wait behind it for ever."""
    settings.DATABASE_MIGRATION_RETRIES = 1
    forget(READ)
    waits: list[float] = []

    def read() -> None:
        with psycopg.connect(url_of_tests_database()) as raw:
            for _ in range(20):
                began = time.monotonic()
                raw.execute(READ)
                raw.rollback()
                waits.append(time.monotonic() - began)
                time.sleep(0.05)

    reader = threading.Thread(target=read)
    reader.start()
    with pytest.raises(CommandError):
        run()
    reader.join()
    assert len(waits) == 20
    assert max(waits) < 10


def test_one_that_is_not_atomic_is_not_repeated(forget: Forget, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(migrations.Migration, "atomic", False)
    forget(READ)
    with pytest.raises(CommandError, match="not atomic, so a part of it may be applied"):
        run()


def test_another_error_is_not_repeated(forget: Forget, limit: SetLimit) -> None:
    limit(lock_timeout="0", statement_timeout="200ms")
    forget(READ)
    with pytest.raises(Exception, match="statement timeout"):
        run()


def test_drop_everything_says_that_nothing_was_dropped(forget: Forget) -> None:
    forget(READ)
    with rls.as_login_role(), pytest.raises(CommandError, match="Nothing was dropped: canceling .* Stop servers and workers"):
        call_command("drop_everything", yes_drop=connection.settings_dict["NAME"])
    assert "amount" in columns()
