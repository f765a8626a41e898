"""A forgotten transaction of another program, and short time limits on the connection of the tests."""

from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pytest
from django.db import connection, connections

from dev.factories import TransactionFactory
from finance.models import FinancialTransaction
from tests.commands.conftest import no_jobs, url_of_tests_database

__all__ = ["no_jobs"]

LIST = "/api/v1/finance/transactions/"
ROW = "BEGIN; SET LOCAL ROLE mingus_staff; SELECT FROM finance_financialtransaction FOR UPDATE"
SetLimit = Callable[..., None]
Forget = Callable[[str], psycopg.Connection]
LIMITS = ("lock_timeout", "statement_timeout", "idle_in_transaction_session_timeout")


def lock_of(table: str) -> str:
    """Return the statement that locks a table as a forgotten `ALTER TABLE` does."""
    return f"LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE"


@pytest.fixture
def forget(transactional_db: None) -> Iterator[Forget]:
    """Yield a function that executes a statement in a transaction of another connection and leaves it open."""
    opened: list[psycopg.Connection] = []

    def execute(statement: str) -> psycopg.Connection:
        opened.append(psycopg.connect(url_of_tests_database(), application_name="forgotten"))
        opened[-1].execute(statement)
        return opened[-1]

    yield execute
    for raw in opened:
        raw.close()


@pytest.fixture
def limit(transactional_db: None) -> Iterator[SetLimit]:
    """Yield a function that sets time limits on the connection of the tests, as the options of a connection do."""

    def set_limits(**values: str) -> None:
        connection.ensure_connection()
        for name, value in values.items():
            connection.connection.execute(f"SET {name} = '{value}'")

    yield set_limits
    connections.close_all()


def problem(response: Any) -> tuple[int, str, str]:
    return response.status_code, response.json()["errors"][0]["code"], response.headers["Retry-After"]


@pytest.fixture
def entry(account: Any) -> FinancialTransaction:
    return TransactionFactory(user=account.user, financial_profile=account, category="food")
