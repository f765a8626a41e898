"""MINGUS behind PgBouncer in transaction mode: `tools/integration.sh` starts both servers and sets PGBOUNCER_URL."""

import os
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg
import pytest

pytestmark = pytest.mark.integration
ROOT = Path(__file__).resolve().parents[2]
NAME = "mingus_behind_pgbouncer"

# Two customers call the API in turn over few server connections; each must meet his own rows only.
SCRIPT = """
from concurrent.futures import ThreadPoolExecutor
from django.db import connections
from rest_framework.test import APIClient
from tests.factories import AccountFactory, TokenFactory, TransactionFactory, UserFactory
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
    made = client.post("/api/v1/finance/accounts/", {"profile_name": name, "profile_type": "savings"}, format="json")
    page = client.get("/api/v1/finance/transactions/?limit=50").json()
    connections.close_all()
    return {row["profile_name"] for row in rows} == {name} and made.status_code == 201 and len(page["results"]) == 50

pairs = [customer("alice"), customer("bob")] * 50
with ThreadPoolExecutor(8) as threads:
    print("right:", sum(threads.map(call, pairs)))
print("streamed:", sum(1 for _ in FinancialTransaction.objects.iterator(chunk_size=10)))
"""


def manage(*arguments: str, script: str = "") -> str:
    """Run a command of the project against the pooled database, in a process of its own."""
    environment = os.environ | {
        "DATABASE_URL": os.environ["PGBOUNCER_URL"].rsplit("/", 1)[0] + f"/{NAME}",
        "DATABASE_OUTER_POOLER": "1",
        "DATABASE_POOL_MAX": "4",
        "DEBUG": "1",
        "PYTHONPATH": str(ROOT),
    }
    command = [sys.executable, "manage.py", *arguments]
    result = subprocess.run(
        command, cwd=ROOT, env=environment, input=script, capture_output=True, text=True, timeout=300, check=False
    )
    assert result.returncode == 0, result.stderr
    return result.stdout


@pytest.fixture(scope="module")
def database() -> Iterator[None]:
    """An empty database that only this test uses."""
    with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as connection:
        connection.execute(f"DROP DATABASE IF EXISTS {NAME} WITH (FORCE)")
        connection.execute(f"CREATE DATABASE {NAME}")
        yield
        connection.execute(f"DROP DATABASE {NAME} WITH (FORCE)")


def test_it_migrates_and_serves_two_customers_at_once(database: None) -> None:
    manage("migrate", "-v0")
    output = manage("shell", "-v0", script=SCRIPT)
    assert "right: 100" in output
    assert "streamed: 120" in output


def test_two_migrations_at_once_do_no_harm(database: None) -> None:
    with ThreadPoolExecutor(2) as threads:
        assert len(list(threads.map(lambda _: manage("migrate", "-v0"), range(2)))) == 2
