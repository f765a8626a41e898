"""The connection pool after a restart of the database server."""

import psycopg
import pytest
from psycopg_pool import ConnectionPool

from core.postgres.backend.base import check
from tests.commands.conftest import url_of_tests_database

pytestmark = [pytest.mark.faults, pytest.mark.django_db]
BACKENDS = "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE application_name = 'pool'"


def test_one_lost_connection_replaces_all() -> None:
    """The pool would wait 0, 1, 2, 4, … seconds after each lost connection that it finds, and then fail."""
    url = url_of_tests_database()
    with (
        ConnectionPool(f"{url}?application_name=pool", min_size=6, timeout=6, check=check) as pool,
        psycopg.connect(url) as other,
    ):
        pool.wait()
        assert len(other.execute(BACKENDS).fetchall()) == 6
        with pool.connection() as connection:
            assert connection.execute("SELECT 1").fetchone() == (1,)
        assert pool.get_stats()["connections_lost"] <= 1
