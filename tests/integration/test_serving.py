"""Database roles that may serve: only one that owns no tables and bypasses no policies."""

from urllib.parse import urlsplit

import psycopg
import pytest

from tests.integration.conftest import SUPERUSER_URL, done, manage, url, url_as

pytestmark = pytest.mark.integration
SECRETS = {
    "DEBUG": "0",
    "SECRET_KEY": "integration-" * 6,
    "FIELD_ENCRYPTION_KEYS": "7a" * 32,
    "ALLOWED_HOSTS": "127.0.0.1,testserver",
    "SITE_URL": "http://127.0.0.1",
}
SERVED = """
from rest_framework.test import APIClient
from mingus.database import require_row_level_security
from dev.factories import AccountFactory, TokenFactory, UserFactory
require_row_level_security()
alice, bob = UserFactory(), UserFactory()
AccountFactory(user=bob, profile_name="bob")
client = APIClient(headers={"Authorization": f"Bearer {TokenFactory(user=alice, scope='read-write').text}"})
new = client.post("/api/v1/finance/accounts/", {"profile_name": "alice", "profile_type": "savings"}, secure=True, format="json")
print(new.status_code, [row["profile_name"] for row in client.get("/api/v1/finance/accounts/", secure=True).json()["results"]])
"""


def refused(database_url: str) -> str:
    result = manage("serve", "--port", "8765", DATABASE_URL=database_url, **SECRETS)
    assert result.returncode != 0
    return result.stderr


def test_a_role_that_owns_nothing_serves(database: str, serving_role: str) -> None:
    owner = url("DATABASE_URL", database)
    urls = {"DATABASE_URL": url_as(serving_role, owner), "DATABASE_OWNER_URL": owner}
    done(manage("migrate", "-v0", **urls, **SECRETS))
    assert "201 ['alice']" in done(manage("shell", "-v0", script=SERVED, **urls, **SECRETS))
    with psycopg.connect(urls["DATABASE_URL"]) as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute("SELECT * FROM finance_encryptedfinancialprofile")


def test_the_owner_of_the_tables_is_refused_with_the_remedy(database: str) -> None:
    database_url = url("DATABASE_URL", database)
    done(manage("migrate", "-v0", DATABASE_URL=database_url, **SECRETS))
    message = refused(database_url)
    assert "mingus.E020" in message
    assert "set DATABASE_URL to it and DATABASE_OWNER_URL to" in message


def test_a_superuser_is_refused_with_the_remedy(database: str) -> None:
    done(manage("migrate", "-v0", DATABASE_URL=url("DATABASE_URL", database), **SECRETS))
    assert "is a superuser, so row policies do not apply. Serve as" in refused(url("SUPERUSER_URL", database))


def test_an_owner_without_force_is_refused_with_the_remedy(database: str) -> None:
    database_url = url("DATABASE_URL", database)
    done(manage("migrate", "-v0", DATABASE_URL=database_url, **SECRETS))
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute("ALTER TABLE finance_financialtransaction NO FORCE ROW LEVEL SECURITY")
        assert "Run: ALTER TABLE finance_financialtransaction FORCE ROW LEVEL SECURITY" in refused(database_url)
        connection.execute("ALTER TABLE finance_financialtransaction FORCE ROW LEVEL SECURITY")


def test_a_role_that_inherits_the_staff_role_is_refused(database: str) -> None:
    database_url = url("DATABASE_URL", database)
    done(manage("migrate", "-v0", DATABASE_URL=database_url, **SECRETS))
    role = urlsplit(database_url).username
    with psycopg.connect(SUPERUSER_URL, autocommit=True) as connection:
        connection.execute(f"GRANT mingus_staff TO {role}")
        try:
            assert "inherits the privileges of mingus_staff" in refused(database_url)
        finally:
            connection.execute(f"REVOKE mingus_staff FROM {role}")
