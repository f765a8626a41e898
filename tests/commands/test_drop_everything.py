"""`manage.py drop_everything` and its confirmation."""

import io

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from pytest_django import Settings

from dev.factories import UserFactory
from users.models import User

pytestmark = pytest.mark.django_db


def tables() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'")
        return int(cursor.fetchone()[0])


@pytest.fixture
def name() -> str:
    return str(connection.settings_dict["NAME"])


def type_text(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(text))


def test_it_drops_every_table_when_the_name_is_given(name: str) -> None:
    UserFactory()
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")  # as at the commit, which this test does not have
    call_command("drop_everything", yes_drop=name)
    assert tables() == 0


def test_it_drops_every_table_when_the_name_is_typed(name: str, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.DEBUG = True
    type_text(monkeypatch, f"{name}\n")
    call_command("drop_everything")
    assert tables() == 0


@pytest.mark.parametrize("text", ["yes\n", "\n", ""])
def test_any_other_input_drops_nothing(settings: Settings, monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    settings.DEBUG = True
    UserFactory()
    type_text(monkeypatch, text)
    with pytest.raises(CommandError, match="Nothing was dropped"):
        call_command("drop_everything")
    assert User.objects.exists()


def test_another_databases_name_drops_nothing() -> None:
    UserFactory()
    with pytest.raises(CommandError, match="Nothing was dropped"):
        call_command("drop_everything", yes_drop="production")
    assert User.objects.exists()


def test_outside_of_debug_there_is_no_prompt(name: str) -> None:
    with pytest.raises(CommandError, match=f"--yes-drop {name}"):
        call_command("drop_everything")
    assert tables() > 0
