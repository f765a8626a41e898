"""Connections that are lost, taken or in a deadlock: a 503, and the next request works."""

import os
import socket
import threading
import time
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from django.db import connection, connections
from psycopg.errors import error_from_result
from psycopg_pool import ConnectionPool
from rest_framework.test import APIClient

from core.postgres.failures import UNAVAILABLE, failure_of
from dev.factories import TransactionFactory
from finance.models import FinancialTransaction
from tests.commands.conftest import url_of_tests_database
from tests.limits.conftest import LIST, ROW, Forget, SetLimit, problem

pytestmark = pytest.mark.django_db(transaction=True)
WAITING = "FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"


def repeat_until_found(server: psycopg.Connection, query: str) -> None:
    """Execute a query until it has a row."""
    deadline = time.monotonic() + 30
    while not server.execute(query).fetchall() and time.monotonic() < deadline:
        time.sleep(0.02)


class TestLostConnections:
    def test_an_administrator_ends_it(self, entry: Any, as_alice: APIClient, forget: Forget) -> None:
        forget(ROW)
        with psycopg.connect(url_of_tests_database(), autocommit=True) as server:
            # as an administrator does, once the request waits for the lock
            query = f"SELECT pg_terminate_backend(pid) {WAITING}"
            ending = threading.Thread(target=repeat_until_found, args=[server, query])
            ending.start()
            response = as_alice.patch(f"{LIST}{entry.pk}/", {"category": "rent"}, format="json")
            ending.join()
        assert problem(response) == (503, "database_unavailable", "2")
        assert "not known whether" in response.json()["errors"][0]["detail"]
        connections.close_all()  # as at the end of each request
        entry.refresh_from_db()
        assert entry.category == "food"

    def test_its_transaction_waits_too_long_for_us(
        self, entry: Any, as_alice: APIClient, limit: SetLimit, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        limit(idle_in_transaction_session_timeout="100ms")
        save = FinancialTransaction.save

        def save_late(*args: Any, **options: Any) -> None:
            time.sleep(0.5)
            save(*args, **options)

        monkeypatch.setattr(FinancialTransaction, "save", save_late)
        response = as_alice.patch(f"{LIST}{entry.pk}/", {"category": "rent"}, format="json")
        assert problem(response) == (503, "database_unavailable", "2")
        connections.close_all()
        entry.refresh_from_db()
        assert entry.category == "food"

    def test_a_slow_client_does_not_end_an_export(self, account: Any, as_alice: APIClient, limit: SetLimit) -> None:
        TransactionFactory.create_batch(5, user=account.user, financial_profile=account)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("finance.exports.BATCH", 1)
            limit(idle_in_transaction_session_timeout="1s")
            lines = as_alice.get(f"{LIST}export/?file_format=csv").streaming_content
            received = []
            for line in lines:
                received.append(line)
                assert connection.connection.info.transaction_status == psycopg.pq.TransactionStatus.IDLE
                time.sleep(1.5 if len(received) == 2 else 0)
        assert b"".join(received).count(b"\r\n") == 6


@pytest.fixture
def one_connection(monkeypatch: pytest.MonkeyPatch) -> Iterator[ConnectionPool[Any]]:
    """Give the connection of the tests a pool with one connection, and wait a quarter of a second for it."""
    connections.close_all()
    monkeypatch.setitem(connection.settings_dict["OPTIONS"], "pool", {"min_size": 1, "max_size": 1, "timeout": 0.25})
    connection.pool.open()
    yield connection.pool
    connections.close_all()
    connection.close_pool()


@pytest.mark.parametrize("fast", [False, True], ids=["plain", "compiled"])
def test_an_exhausted_pool(fast: bool, account: Any, as_alice: APIClient, one_connection: ConnectionPool[Any]) -> None:
    path = "/api/v1/finance/accounts/"
    if fast:
        assert as_alice.get(path).status_code == 200
    connections.close_all()
    taken = one_connection.getconn()
    assert problem(as_alice.get(path)) == (503, "database_unavailable", "2")
    assert as_alice.get("/healthz/ready").status_code == 503
    one_connection.putconn(taken)
    assert as_alice.get(path).status_code == 200


def test_a_deadlock(account: Any, as_alice: APIClient, forget: Forget) -> None:
    rows = [TransactionFactory(user=account.user, financial_profile=account, category="food") for _ in range(2)]
    first, second = sorted(row.pk for row in rows)
    lock = "UPDATE finance_financialtransaction SET merchant_name = 'other' WHERE id = '{}'"
    other = forget("BEGIN; SET LOCAL ROLE mingus_staff; " + lock.format(second))

    def lock_first() -> None:
        with psycopg.connect(url_of_tests_database(), autocommit=True) as server:
            repeat_until_found(server, f"SELECT pid {WAITING}")
        other.execute(lock.format(first))  # the request has waited for longer, and so PostgreSQL cancels the request
        other.rollback()

    thread = threading.Thread(target=lock_first)
    thread.start()
    body = {"update": [{"id": str(key), "merchant_name": "mine"} for key in (first, second)]}
    response = as_alice.post(f"{LIST}bulk/", body, format="json")
    thread.join()
    assert problem(response) == (503, "transaction_conflict", "1")
    assert set(FinancialTransaction.objects.values_list("category", flat=True)) == {"food"}


def test_a_connection_that_is_lost_during_a_compiled_query_is_a_failure(transactional_db: None) -> None:
    """The client library reports it as a plain psycopg.DatabaseError without SQLSTATE."""
    with psycopg.connect(url_of_tests_database()) as lost:
        with socket.socket(fileno=os.dup(lost.fileno())) as ending:
            ending.shutdown(socket.SHUT_RDWR)  # as by `kill -9` of its server process
        with pytest.raises(psycopg.DatabaseError) as raised:
            raise error_from_result(lost.pgconn.exec_(b"SELECT 1"))
    assert failure_of(raised.value) == UNAVAILABLE
