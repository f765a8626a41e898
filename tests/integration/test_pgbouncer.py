"""MINGUS behind PgBouncer in transaction mode, where requests share server connections."""

import os
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.integration.conftest import done, manage, url

pytestmark = pytest.mark.integration
REQUESTS = os.environ.get("POOLER_REQUESTS", "1000")

# Two customers call the API concurrently over few server connections. Each must read their own rows only.
CONCURRENT = """
from concurrent.futures import ThreadPoolExecutor
from django.db import connections
from rest_framework.test import APIClient
from core import rls
from dev.factories import AccountFactory, TokenFactory, TransactionFactory, UserFactory
from finance.models import FinancialTransaction

def customer(name):
    user = UserFactory(email=f"{name}@example.com")
    account = AccountFactory(user=user, profile_name=name)
    FinancialTransaction.objects.bulk_create(TransactionFactory.build_batch(60, user=user, financial_profile=account))
    return name, TokenFactory(user=user, scope="read-write").text

def call(pair):
    name, token = pair
    client = APIClient(headers={"Authorization": f"Bearer {token}"})
    rows = client.get("/api/v1/finance/accounts/").json()["results"]
    response = client.post("/api/v1/finance/accounts/", {"profile_name": name, "profile_type": "savings"}, format="json")
    page = client.get("/api/v1/finance/transactions/?limit=50").json()
    connections.close_all()
    return {row["profile_name"] for row in rows} == {name} and response.status_code == 201 and len(page["results"]) == 50

pairs = [customer("alice"), customer("bob")] * 50
with ThreadPoolExecutor(8) as threads:
    print("right:", sum(threads.map(call, pairs)))
print("streamed:", sum(1 for _ in FinancialTransaction.objects.iterator(chunk_size=10)))
"""

# Over one server connection, each tenth request is aborted. Its role and settings must not reach the next request.
ALTERNATING = """
from itertools import cycle, islice
from django.db import connection, connections, transaction
from rest_framework.test import APIClient
from finance.models import EncryptedFinancialProfile as Account
from core import context, rls
from dev.factories import AccountFactory, TokenFactory, UserFactory

def customer(name):
    user = UserFactory(email=f"{name}@turn.example")
    AccountFactory(user=user, profile_name=name)
    return name, user, APIClient(headers={"Authorization": f"Bearer {TokenFactory(user=user, scope='read-write').text}"})

def abort(user):
    try:
        with transaction.atomic(), rls.as_customer(user):
            Account.objects.count()
            connection.close()
            raise KeyboardInterrupt
    except (KeyboardInterrupt, Exception):
        connection.close()

def count_as_login_role():
    with rls.as_login_role():
        return Account.objects.count()

foreign = served = 0
for number, (name, user, client) in enumerate(islice(cycle([customer("carol"), customer("dave")]), %s)):
    if number %% 10 == 9:
        abort(user)
        foreign += count_as_login_role()
        continue
    rows = client.get("/api/v1/finance/accounts/").json()["results"]
    foreign += sum(row["profile_name"] != name for row in rows)
    served += len(rows)
    connections.close_all()
print("foreign:", foreign, "served:", served)
"""

# A forgotten transaction locks a table. The limits of a request must not stay on the server connection that it used.
FORGOTTEN = """
import psycopg
from django.db import connection, connections
from rest_framework.test import APIClient
from core.postgres import limits
from dev.factories import AccountFactory, TokenFactory, UserFactory

limits.use(limits.Work.REQUEST)  # this process is a command
user = UserFactory(email="erin@turn.example")
AccountFactory(user=user)
client = APIClient(headers={"Authorization": f"Bearer {TokenFactory(user=user, scope='read-write').text}"})

def statuses():
    for _ in range(2):  # the second by the compiled path
        yield client.get("/api/v1/finance/accounts/").status_code
        yield client.post("/api/v1/finance/accounts/", {"profile_name": "New", "profile_type": "savings"}).status_code
        connections.close_all()

print("before:", *statuses())
with psycopg.connect("%s") as forgotten:
    forgotten.execute("LOCK TABLE finance_encryptedfinancialprofile IN ACCESS EXCLUSIVE MODE")
    print("locked:", *statuses())
    forgotten.rollback()
print("after:", *statuses())
login = {name: connection.get_connection_params()[name] for name in ("host", "port", "user", "password", "dbname")}
with psycopg.connect(**login) as raw:
    print("left:", *[raw.execute(f"SHOW {name}").fetchone()[0] for name in limits.of_process()])
"""


def behind(database: str) -> dict[str, str]:
    return {
        "DATABASE_URL": url("PGBOUNCER_URL", database),
        "DATABASE_OUTER_POOLER": "1",
        "DATABASE_POOL_MAX": "0",
    }


def test_it_migrates_and_serves_two_customers_at_once(database: str) -> None:
    done(manage("migrate", "-v0", **behind(database)))
    output = done(manage("shell", "-v0", script=CONCURRENT, **behind(database)))
    assert "right: 100" in output
    assert "streamed: 120" in output


def test_two_customers_over_one_connection_read_own_rows_only(database: str) -> None:
    output = done(manage("shell", "-v0", script=ALTERNATING % REQUESTS, **behind(f"single_{database}")))
    assert f"foreign: 0 served: {int(REQUESTS) * 9 // 10}" in output


def test_a_forgotten_transaction_is_a_503(database: str) -> None:
    limited = behind(f"single_{database}") | {"DATABASE_LOCK_TIMEOUT": "1"}
    output = done(manage("shell", "-v0", script=FORGOTTEN % url("DATABASE_URL", database), **limited))
    assert "before: 200 201 200 201" in output
    assert "locked: 503 503 503 503" in output
    assert "after: 200 201 200 201" in output
    assert "left: 0 0 0" in output


def test_it_refuses_the_options_of_a_direct_connection(database: str) -> None:
    """A reader of the error message needs to know the remedy, which docs/troubleshooting.md has."""
    result = manage("migrate", "-v0", **behind(database) | {"DATABASE_OUTER_POOLER": "0"})
    assert (
        "unsupported startup parameter in options" in result.stderr or "unsupported startup parameter: options" in result.stderr
    )


def test_two_concurrent_migrations_succeed(database: str) -> None:
    with ThreadPoolExecutor(2) as threads:
        results = list(threads.map(lambda _: manage("migrate", "-v0", **behind(database)), range(2)))
    assert [result.stderr for result in results] == ["", ""]
