"""A wrong clock, an hour without a worker, and more clients than connections: nothing is lost, errors are 503 with Retry-After.

`CLIENT_SECONDS=60 make faults ARGS="tests/disasters/test_outages.py -n 0 -s"` overloads the service for longer.
"""

import os
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import orjson
import psycopg
import pytest
from django.core.mail import EmailMessage

from core.mail import encrypt_message
from tests.commands.conftest import Running, Server, run, until
from tests.commands.test_worker import DEFER
from tests.disasters.service import ACCOUNTS, Client, Customer, Database, statement, wait_until_ready

pytestmark = pytest.mark.faults
__all__ = ["run"]

CLIENTS, CONNECTIONS = 200, 10
CLIENT_SECONDS = float(os.environ.get("CLIENT_SECONDS", "6"))
DAY = 86_400
MAILS, MINUTES_OF_DAY = 20, 1_440
DEFERRED = "SELECT coalesce(max(id), 0) FROM procrastinate_periodic_defers"
SEAL = "from core import rls; from system import services\nwith rls.as_staff(): services.seal_audit()"
AGE_JOBS = "UPDATE procrastinate_jobs SET scheduled_at = now() - interval '1 hour'"
AGE_PERIODIC = "UPDATE procrastinate_periodic_defers SET defer_timestamp = defer_timestamp - 3600"
ACCOUNT = {"profile_type": "savings"}


@pytest.fixture(scope="module")
def customers(database: Database) -> list[Customer]:
    return database.add_customers("outage", 4)


@pytest.fixture
def serve(database: Database, tmp_path: Path) -> Iterator[Callable[..., Server]]:
    """Yield a function that starts a server, which is stopped at the end."""
    started: list[Server] = []

    def start(*options: str, **environment: str) -> Server:
        started.append(Server(tmp_path, options=options, DATABASE_URL=database.url, RATE_LIMITS="0", **environment))
        return started[-1]

    yield start
    for server in started:
        server.close()


def add_account(client: Client, name: str, key: str = "") -> int:
    return client.post(ACCOUNTS, {"profile_name": name, **ACCOUNT}, expected=(201,), Idempotency_Key=key or uuid4().hex).status


def accounts_named(database: Database, name: str) -> int:
    return int(database.value("SELECT count(*) FROM finance_encryptedfinancialprofile WHERE profile_name LIKE %s", name))


def send_mail(database: Database, subject: str) -> None:
    encrypted = encrypt_message(EmailMessage(subject, "Hello", "mingus@example.com", ["alice@example.com"]))
    with psycopg.connect(database.url) as connection:
        connection.execute(DEFER, [orjson.dumps({"encrypted": encrypted}).decode()])


def test_an_hour_without_a_worker(
    database: Database, customers: list[Customer], serve: Callable[..., Server], run: Callable[..., Running]
) -> None:
    server = serve(WORKER_REQUIRED="1")
    client = Client(server.port, customers[0])
    database.run("DELETE FROM procrastinate_workers")
    ready = client.once("GET", "/healthz/ready")
    assert (ready.status, ready.headers["retry-after"]) == (503, "2")
    uploads = [client.send_file(f"hour-{number}.csv", statement(f"hour-{number}", 600)) for number in range(3)]
    assert [reply.status for reply in uploads] == [202] * 3
    for number in range(MAILS):
        send_mail(database, f"Hour {number}.")
    database.run(AGE_JOBS)
    database.run(AGE_PERIODIC)
    start = time.monotonic()
    worker = run("worker", DATABASE_URL=database.url)
    until(lambda: "" if database.unfinished_jobs() else "done", "the end of the jobs")
    seconds = time.monotonic() - start
    subjects = Counter(line for line in worker.output().splitlines() if line.startswith("Subject: Hour"))
    assert subjects == {f"Subject: Hour {number}.": 1 for number in range(MAILS)}
    for number, reply in enumerate(uploads):
        upload = client.send("GET", reply.headers["location"]).json
        assert (upload["status"], upload["result"]["created"]) == ("done", 600)
        assert database.transactions(f"hour-{number} %") == 600
    periodic = database.rows("SELECT task_name, count(*) FROM procrastinate_periodic_defers GROUP BY 1 HAVING count(*) > 1")
    assert periodic == []
    assert client.wrong == []
    sys.stdout.write(f"\nAn hour of jobs took {seconds:.1f} s, with the start of the worker\n")


def test_200_clients_and_10_connections(database: Database, customers: list[Customer], serve: Callable[..., Server]) -> None:
    names: list[str] = []
    with few_connections(database):
        pool = {"DATABASE_POOL_MIN": "1", "DATABASE_POOL_MAX": str(CONNECTIONS), "DATABASE_POOL_TIMEOUT": "1"}
        server = serve("--with-worker", MAX_WAITING_REQUESTS="40", **pool)
        clients = [Client(server.port, customers[number % len(customers)]) for number in range(CLIENTS)]
        end = time.monotonic() + CLIENT_SECONDS

        def write(number: int) -> None:
            count = 0
            while not count or time.monotonic() < end:
                add_account(clients[number], f"pool-{number}-{count}")
                names.append(f"pool-{number}-{count}")
                count += 1

        with ThreadPoolExecutor(CLIENTS) as threads:
            list(threads.map(write, range(CLIENTS)))
        wait_until_ready(clients[0])
    assert [text for client in clients for text in client.wrong] == []
    assert accounts_named(database, "pool-%") == len(names)
    repeated = sum(client.failures for client in clients)
    sys.stdout.write(f"\n{CLIENTS} clients stored {len(names)} rows, after {repeated} responses with 503\n")


@contextmanager
def few_connections(database: Database) -> Iterator[None]:
    """Let the server refuse more connections. The connection that changes this is open before, and is one of them."""
    with psycopg.connect(database.url, autocommit=True) as connection:
        connection.execute(f"ALTER DATABASE mingus CONNECTION LIMIT {CONNECTIONS + 1}")
        try:
            yield
        finally:
            connection.execute("ALTER DATABASE mingus CONNECTION LIMIT -1")


def test_a_clock_that_is_set_by_a_day_and_back(
    database: Database, customers: list[Customer], serve: Callable[..., Server], tmp_path: Path
) -> None:
    shift = tmp_path / "shift"
    shift.write_text("0")
    server = serve("--with-worker", DJANGO_SETTINGS_MODULE="tests.disasters.shifted_clock", SHIFT_FILE=str(shift))
    client = Client(server.port, customers[1])
    signed_in = Client(server.port, customers[2])
    signed_in.log_in()
    wait_until_ready(client)
    before = database.value(DEFERRED)
    for number, seconds in enumerate((DAY, 0, -DAY, 0)):
        key = uuid4().hex
        add_account(client, f"clock-{number}", key)
        shift.write_text(str(seconds))
        time.sleep(1)
        add_account(client, f"clock-{number}", key)
        assert signed_in.send("GET", ACCOUNTS).status == 200
        assert client.send_file(f"clock-{number}.csv", statement(f"clock-{number}", 600)).status == 202
        send_mail(database, f"Clock {number}.")
        server.wait_for(f"Subject: Clock {number}.")
    until(lambda: "" if database.unfinished_jobs() else "done", "the end of the jobs")
    assert [accounts_named(database, f"clock-{number}") for number in range(4)] == [1] * 4
    assert [database.transactions(f"clock-{number} %") for number in range(4)] == [600] * 4
    assert server.output().count("Subject: Clock ") == 4
    assert client.wrong + signed_in.wrong == []
    assert database.value(DEFERRED) - before < MINUTES_OF_DAY, "periodic jobs of a whole day"
    database.manage("shell", "-v0", "-c", SEAL)  # else a job would, within a minute
    database.manage("verify_audit")
