"""Checks of row-level security before the server starts."""

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.db import connection
from pytest_django import Settings

from core import rls
from core.rls import checks as rls_checks
from mingus.database import require_row_level_security

pytestmark = pytest.mark.django_db

BREACHES = {
    "own the table": ("ALTER TABLE finance_financialtransaction NO FORCE ROW LEVEL SECURITY", "FORCE ROW LEVEL SECURITY"),
    "switch it off": (
        "ALTER TABLE users_userprofile DISABLE ROW LEVEL SECURITY",
        "enable_row_level_security('users_userprofile')",
    ),
    "forget a new table": ("CREATE TABLE diary (id int, user_id uuid)", "enable_row_level_security('diary')"),
    "forget one by its key": (
        "CREATE TABLE notes (id int, writer uuid REFERENCES users_user (id))",
        "enable_row_level_security('notes')",
    ),
    "show all by a view": (
        "CREATE VIEW balances AS SELECT * FROM finance_encryptedfinancialprofile",
        "security_invoker = true",
    ),
    "keep a copy": ("CREATE MATERIALIZED VIEW copy AS SELECT 1 AS one", "copy"),
}


def execute(sql: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql)


def test_the_database_passes_the_checks() -> None:
    with rls.as_login_role():
        assert rls_checks.find_problems(connection) == []


@pytest.mark.parametrize(("breach", "remedy"), BREACHES.values(), ids=BREACHES)
def test_each_breach_is_named_with_its_remedy(breach: str, remedy: str) -> None:
    with rls.as_login_role():
        execute(breach)
        [problem] = rls_checks.find_problems(connection)
    assert remedy in problem


@pytest.mark.django_db(transaction=True)
def test_a_view_with_security_invoker_is_accepted() -> None:
    with rls.as_login_role():
        execute("CREATE VIEW own_balances WITH (security_invoker = true) AS SELECT * FROM finance_encryptedfinancialprofile")
        try:
            assert rls_checks.find_problems(connection) == []
        finally:
            execute("DROP VIEW own_balances")


@pytest.mark.django_db(transaction=True)
def test_a_breach_is_an_error_in_production_only(settings: Settings, caplog: pytest.LogCaptureFixture) -> None:
    with rls.as_login_role():
        execute("CREATE TABLE diary (id int, user_id uuid)")
    try:
        settings.DEBUG = False
        with pytest.raises(ImproperlyConfigured, match="enable_row_level_security"):
            require_row_level_security()
        settings.DEBUG = True
        require_row_level_security()
        assert "enable_row_level_security('diary')" in caplog.text
    finally:
        with rls.as_login_role():
            execute("DROP TABLE diary")
