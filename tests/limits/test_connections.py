"""The limits of each kind of process, as the server sees them on a connection."""

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.db import connection, transaction
from pytest_django import Settings

from core import rls
from core.fast_lists import compiled_queries
from core.fast_lists.compiled_queries import CompiledQuery
from core.postgres import limits
from core.postgres.limits import Work
from mingus.database import DEFAULT_LIMITS
from tests.commands.conftest import ENVIRONMENT, url_of_tests_database
from tests.limits.conftest import LIMITS
from users.models import User

ROOT = Path(__file__).resolve().parents[2]
SHOW = "SELECT current_setting('lock_timeout'), current_setting('statement_timeout'), " + (
    "current_setting('idle_in_transaction_session_timeout')"
)
OF_REQUESTS = ("5s", "15s", "90s")


@pytest.fixture(autouse=True)
def _restore_work() -> Any:
    yield
    limits.use(Work.REQUEST)


@pytest.fixture
def behind_pooler(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(connection.settings_dict, "DISABLE_SERVER_SIDE_CURSORS", True)


def parameters() -> dict[str, Any]:
    """Return the parameters of a connection without the options of the tests."""
    options = connection.settings_dict["OPTIONS"]
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(connection.settings_dict, "OPTIONS", {name: options[name] for name in options if name != "options"})
        found = connection.get_connection_params()
    return {name: value for name, value in found.items() if name not in ("context", "cursor_factory")}


@pytest.mark.django_db
@pytest.mark.parametrize("work", list(Work))
def test_a_connection_has_the_limits_of_its_process(work: Work, settings: Settings) -> None:
    limits.use(work)
    with psycopg.connect(**parameters()) as raw:
        found = raw.execute("SELECT name, setting::int / 1000 FROM pg_settings WHERE name = ANY(%s)", [list(LIMITS)]).fetchall()
    assert dict(found) == settings.DATABASE_LIMITS[work]
    assert set(DEFAULT_LIMITS) == set(Work)


@pytest.mark.django_db
def test_options_of_the_url_override_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(connection.settings_dict["OPTIONS"], "options", "-c lock_timeout=7s")
    raw_parameters = connection.get_connection_params()
    assert raw_parameters["options"].endswith("-c lock_timeout=7s")
    with psycopg.connect(**{n: v for n, v in raw_parameters.items() if n not in ("context", "cursor_factory")}) as raw:
        assert raw.execute(SHOW).fetchone() == ("7s", "15s", "90s")


@pytest.mark.django_db(transaction=True)
class TestBehindAPooler:
    @pytest.fixture(autouse=True)
    def _pooled(self, behind_pooler: None) -> None:
        pass

    def test_no_options_are_sent(self) -> None:
        assert "options" not in parameters()

    def test_each_transaction_sets_them(self, alice: User) -> None:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(SHOW)
            assert cursor.fetchone() == OF_REQUESTS
        assert connection.connection.execute(SHOW).fetchone() == ("0", "0", "0")
        with rls.as_customer(alice), connection.cursor() as cursor:
            cursor.execute(SHOW)
            assert cursor.fetchone() == OF_REQUESTS

    @pytest.mark.parametrize("work", list(Work))
    def test_they_are_those_of_the_process(self, work: Work) -> None:
        limits.use(work)
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SHOW statement_timeout")
            before = cursor.fetchone()[0]
        assert before == {"request": "15s", "job": "10min", "command": "1h", "migration": "1h"}[work]

    def test_compiled_queries_have_them_too(self, alice: User) -> None:
        show = CompiledQuery((SHOW.encode(),), names=())
        with rls.as_customer(alice):
            with compiled_queries.open_reader(connection) as read:
                assert read(show, {}) == [OF_REQUESTS]
            with transaction.atomic():
                assert compiled_queries.read_in_transaction(connection, show, {}) == [OF_REQUESTS]

    def test_the_time_of_a_block_survives_a_savepoint(self, alice: User) -> None:
        with rls.as_customer(alice), limits.job_time():
            with transaction.atomic():
                connection.cursor().execute("SELECT 1")
                transaction.set_rollback(True)
            with rls.as_staff(), connection.cursor() as cursor:
                cursor.execute("SHOW statement_timeout")
                assert cursor.fetchone() == ("10min",)


@pytest.mark.django_db(transaction=True)
def test_the_time_of_a_block_ends_with_it() -> None:
    connection.ensure_connection()
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL statement_timeout = '15s'")
        with limits.job_time():
            cursor.execute("SHOW statement_timeout")
            assert cursor.fetchone() == ("10min",)
        cursor.execute("SHOW statement_timeout")
        assert cursor.fetchone() == ("15s",)


@pytest.mark.faults
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("command", "expected"), [("shell", "1h"), ("verify_audit", "1h"), ("worker", "10min"), ("migrate", "1h"), ("serve", "1h")]
)
def test_a_command_has_longer_limits(command: str, expected: str) -> None:
    """Run manage.py up to the command itself, which is replaced by one that prints the limit."""
    script = (
        "import runpy, sys, django.core.management as m\n"
        f"sys.argv = ['manage.py', '{command}']\n"
        "def show(argv):\n"
        "    import django; django.setup()\n"
        "    from django.db import connection\n"
        "    with connection.cursor() as c: c.execute('SHOW statement_timeout'); print('limit', c.fetchone()[0])\n"
        "m.execute_from_command_line = show\n"
        "runpy.run_path('manage.py', run_name='__main__')\n"
    )
    environment = {**ENVIRONMENT, "DATABASE_URL": url_of_tests_database(), "DJANGO_SETTINGS_MODULE": "mingus.settings"}
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, env=environment, capture_output=True, text=True, timeout=120, check=False
    )
    assert re.findall(r"limit (\S+)", done.stdout) == [expected], done.stderr
