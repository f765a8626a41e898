"""The refusal of a database of other migrations by `manage.py migrate`, `serve` and `demo`."""

from collections.abc import Iterator
from importlib import import_module

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder
from pytest_django import Settings

from core import rls
from mingus.management.commands.drop_everything import drop_schema
from mingus.migration_fingerprints import is_made_by_other_migrations, store_fingerprints

pytestmark = pytest.mark.django_db
REFUSAL = "created by other migrations. Start with an empty one .*make clean.* To keep the data, export each account"


@pytest.fixture(autouse=True)
def _owner() -> Iterator[None]:
    """Run each test as the tables' owner, as `migrate` does."""
    with rls.as_login_role():
        yield


def store(text: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("COMMENT ON TABLE django_migrations IS %s", [text])


def test_a_database_of_these_migrations_is_accepted() -> None:
    call_command("migrate", verbosity=0)
    assert not is_made_by_other_migrations(connection)


def test_an_empty_database_is_not_refused() -> None:
    drop_schema()
    assert not is_made_by_other_migrations(connection)


def test_an_interrupted_run_can_be_repeated() -> None:
    drop_schema()
    recorder = MigrationRecorder(connection)
    recorder.ensure_schema()
    store_fingerprints(connection)
    recorder.record_applied("core", "0001_initial")
    assert not is_made_by_other_migrations(connection)


def test_a_changed_migration_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    operation = import_module("core.migrations.0001_initial").Migration.operations[0]
    monkeypatch.setattr(operation, "sql", f"{operation.sql} -- changed")
    assert is_made_by_other_migrations(connection)


@pytest.mark.parametrize("command", ["migrate", "serve", "demo"])
def test_every_command_explains_how_to_start_again(command: str, settings: Settings) -> None:
    settings.DEBUG = True
    store("users.0001_initial 0123456789abcdef")
    with pytest.raises(CommandError, match=REFUSAL):
        call_command(command)


def test_a_database_of_migrations_before_0_1_0_is_refused() -> None:
    store("")
    recorder = MigrationRecorder(connection)
    recorder.record_applied("kit", "0007_months")
    recorder.record_applied("users", "0010_unused_indexes")
    with pytest.raises(CommandError, match=REFUSAL):
        call_command("migrate", verbosity=0)


def test_a_migration_without_a_file_is_refused() -> None:
    MigrationRecorder(connection).record_applied("finance", "0002_gone")
    with pytest.raises(CommandError, match=REFUSAL):
        call_command("migrate", verbosity=0)


def test_the_migrations_of_other_packages_are_not_checked() -> None:
    MigrationRecorder(connection).record_applied("account", "0099_gone")
    assert not is_made_by_other_migrations(connection)
