"""`kill -9` at random under load: nothing that was acknowledged is lost, nothing happens twice, nothing is half-written.

`KILLS=20 make faults ARGS="tests/disasters/test_storm.py -n 0 -s"` measures the recovery as recorded in docs/operations.md.
"""

import hashlib
import io
import os
import random
import signal
import sys
import threading
import time
import zipfile
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import orjson
import psycopg
import pytest

from dev.factories import PASSWORD
from dev.postgres.cluster import read_pid
from dev.postgres.folder import Folder
from dev.stripe.emulator import KEY, StripeEmulator
from tests.commands.conftest import Server, children_of, until
from tests.commands.test_killed_processes import SUPERVISOR
from tests.disasters.service import (
    IMPORTS,
    UPLOADS,
    Actors,
    Client,
    Customer,
    Database,
    Probe,
    multipart,
    statement,
    wait_until_ready,
)

pytestmark = pytest.mark.faults

KILLS = int(os.environ.get("KILLS", "5"))
SEED = int(os.environ.get("SEED", "14"))
RECOVERY_SECONDS = float(os.environ.get("RECOVERY_SECONDS", "30"))  # CI's machine may be busy; 10 is guaranteed
KINDS = ("web process", "job worker", "backend", "postmaster", "serve")
SECRET = "whsec_storm"
PAYERS, EXPORTERS, ERASED = KILLS, max(2, KILLS // 3), KILLS
LARGE_ROWS, LIMIT = 3_000 * KILLS, 40
RUNNING = ("trialing", "active")
# those that work first
BACKENDS = (
    "SELECT pid FROM pg_stat_activity WHERE application_name = 'mingus' AND pid <> pg_backend_pid() ORDER BY state LIMIT 5"
)
AGE_DEAD_WORKERS = """
UPDATE procrastinate_workers SET last_heartbeat = now() - interval '1 hour' WHERE last_heartbeat < now() - interval '15 s'
"""
ABANDONED = """
SELECT count(*) FROM procrastinate_jobs AS job LEFT JOIN procrastinate_workers AS worker ON worker.id = job.worker_id
 WHERE job.status = 'doing' AND coalesce(worker.last_heartbeat < now() - interval '30 s', true)
"""
DEFER_RETRY = """
SELECT procrastinate_defer_jobs_v1(ARRAY[ROW(
    'default', 'core.tasks.retry_abandoned_jobs', 0, NULL, NULL, '{"timestamp": 0}'::jsonb, NULL
)::procrastinate_job_to_defer_v1])
"""


@dataclass
class Storm:
    """The service under load, and what it has acknowledged."""

    server: Server
    database: Database
    stripe: StripeEmulator
    customers: list[Customer]
    chance: random.Random = field(default_factory=lambda: random.Random(SEED))
    imported: list[tuple[str, int]] = field(default_factory=list)
    unknown: list[tuple[str, int]] = field(default_factory=list)
    used: list[str] = field(default_factory=list)
    refused: int = 0
    paid: list[Customer] = field(default_factory=list)
    exported: list[tuple[Client, str]] = field(default_factory=list)
    erased: list[Customer] = field(default_factory=list)
    clients: list[Client] = field(default_factory=list)

    def client(self, number: int) -> Client:
        self.clients.append(Client(self.server.port, self.customers[number]))
        return self.clients[-1]

    def import_files(self, stop: threading.Event) -> None:
        """Import small files, each of which is acknowledged in the end or given up after one try."""
        client, number = self.client(0), 0
        while not stop.wait(0.05):
            number += 1
            name, rows = f"small-{number}.csv", 10 + number % 30
            if number % 4:
                client.send_file(name, statement(name, rows))
                self.imported.append((name, rows))
            else:
                self._import_once(client, name, rows)

    def _import_once(self, client: Client, name: str, rows: int) -> None:
        """Send a file once, and do not repeat it if the answer does not come."""
        body, kind = multipart(name, statement(name, rows), account=client.customer.account)
        reply = client.once("POST", IMPORTS, body, Content_Type=kind)
        (self.imported if reply is not None and reply.status == 201 else self.unknown).append((name, rows))

    def import_large_file(self, stop: threading.Event) -> None:
        reply = self.client(1).send_file("large.csv", statement("large.csv", LARGE_ROWS), expected=(202,))
        assert reply.headers["location"].startswith(UPLOADS)
        self.imported.append(("large.csv", LARGE_ROWS))

    def use_feature(self, stop: threading.Event) -> None:
        """Count uses, more than the limit allows."""
        client, path = self.client(2), f"/api/v1/billing/feature-access/{self.customers[2].access}/use/"
        while not stop.wait(0.3):
            key = f"use-{threading.get_ident()}-{len(self.used)}-{self.refused}"
            reply = client.post(path, {"idempotency_key": key}, expected=(200, 429))
            if reply.status == 200:
                self.used.append(key)
            else:
                self.refused += 1

    def pay(self, stop: threading.Event) -> None:
        """Let customers buy a plan, one after the other."""
        first = 3
        plans = self.client(first).send("GET", "/api/v1/billing/plans/").json["results"]
        plan = next(row["id"] for row in plans if row["name"] == "Mid-tier" and row["billing_cycle"] == "monthly")
        for number in range(first, first + PAYERS):
            page = self.client(number).post("/api/v1/billing/subscriptions/checkout/", {"plan": plan}).json["id"]
            self.stripe.complete_checkout(page, card="visa")
            self.paid.append(self.customers[number])
            if stop.wait(2):
                return

    def export(self, stop: threading.Event) -> None:
        first = 3 + PAYERS
        for number in range(first, first + EXPORTERS):
            client = self.client(number)
            client.log_in()
            client.send_file(f"own-{number}.csv", statement(f"own-{number}.csv", 200))
            self.exported.append((client, client.post("/api/v1/users/me/export/", {}, expected=(202,)).json["id"]))
            if stop.wait(3):
                return

    def erase(self, stop: threading.Event) -> None:
        """Erase accounts that have data."""
        first, body = 3 + PAYERS + EXPORTERS, orjson.dumps({"password": PASSWORD})
        for number in range(first, first + ERASED):
            client = self.client(number)
            client.send_file(f"erased-{number}.csv", statement(f"erased-{number}.csv", 100))
            client.log_in()
            before = client.failures
            reply = client.send("DELETE", "/api/v1/users/me/", body, expected=(202, 401))
            # an erasure ends the session, so the repetition of one that was not answered gets a 401
            assert reply.status == 202 or client.failures > before, reply.body
            self.erased.append(self.customers[number])
            if stop.wait(2):
                return

    def top(self) -> int:
        """Return the process of `manage.py serve`, or 0 while the supervisor waits."""
        found = [pid for pid in children_of(self.server.process.pid) if b"serve" in Path(f"/proc/{pid}/cmdline").read_bytes()]
        return found[0] if found else 0

    def victims(self, kind: str) -> list[int]:
        if kind == "backend":
            return [pid for (pid,) in self.database.rows(BACKENDS)]
        if kind == "postmaster":
            return [read_pid(Folder(self.database.root)) or 0]
        top = self.top()
        children = children_of(top)
        web = [pid for pid in children if b"granian" in Path(f"/proc/{pid}/cmdline").read_bytes()]
        workers = [pid for pid in children if pid not in web]
        return {"serve": [top], "web process": [*web, *(pid for main in web for pid in children_of(main))]}.get(kind, workers)

    def kill(self, kind: str) -> float:
        """Kill a process of a kind, and return when."""

        def choose() -> str:
            with suppress(OSError, psycopg.OperationalError):  # the process or the server is just starting
                return str(self.chance.choice(self.victims(kind) or [0]) or "")
            return ""

        os.kill(int(until(choose, kind)), signal.SIGKILL)
        return time.monotonic()


@pytest.fixture
def storm(database: Database, tmp_path: Path) -> Iterator[Storm]:
    with StripeEmulator.start() as stripe:
        environment = {"STRIPE_SECRET_KEY": KEY, "STRIPE_API_BASE": stripe.url, "STRIPE_WEBHOOK_SECRETS": SECRET}
        customers = database.add_customers("storm", 4 + PAYERS + EXPORTERS + ERASED, limit=LIMIT)
        database.manage("sync_plans", **environment)
        environment |= {"DATABASE_URL": database.url, "RATE_LIMITS": "0", "DATABASE_POOL_TIMEOUT": "2"}
        server = Server(tmp_path, prefix=SUPERVISOR, **environment)
        try:
            stripe.endpoint(f"http://127.0.0.1:{server.port}/webhooks/stripe/", SECRET)
            storm = Storm(server, database, stripe, customers)
            wait_until_ready(Client(server.port, customers[0]))
            yield storm
        finally:
            family = children_of(server.process.pid)
            server.end(signal.SIGKILL)
            for pid in family:
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGTERM)


def kill_at_random(storm: Storm, probe: Probe) -> list[tuple[str, float]]:
    """Kill processes in a random order. Return each kind with the seconds until the service answers again."""
    kinds = [KINDS[number % len(KINDS)] for number in range(KILLS)]
    storm.chance.shuffle(kinds)
    moments = []
    for kind in kinds:
        time.sleep(storm.chance.uniform(1, 4))
        moments.append((kind, storm.kill(kind)))
        time.sleep(1)
        wait_until_ready(Client(storm.server.port, storm.customers[0]))
        until(lambda: "answered" if probe.answers and probe.answers[-1][0] > moments[-1][1] + 1 else "", "an answer")
    ends = [moment for _, moment in moments[1:]] + [time.monotonic()]
    return [(kind, probe.longest_silence(moment, end)) for (kind, moment), end in zip(moments, ends, strict=True)]


def finish(storm: Storm) -> None:
    """Wait until all jobs are done. Jobs of killed workers are retried at once, not after half a minute and the next minute."""

    def is_done() -> str:
        storm.stripe.deliver_all()
        storm.database.run(AGE_DEAD_WORKERS)
        if storm.database.value(ABANDONED):
            storm.database.run(DEFER_RETRY)
        return "" if storm.database.unfinished_jobs() else "done"

    until(is_done, "the end of all jobs")


def test_nothing_is_lost_doubled_or_half_written(storm: Storm, capsys: pytest.CaptureFixture[str]) -> None:
    actors = Actors(
        [
            storm.import_files,
            storm.import_large_file,
            storm.use_feature,
            storm.use_feature,
            storm.pay,
            storm.export,
            storm.erase,
        ]
    )
    with Probe(storm.client(0)) as probe, actors:
        recoveries = kill_at_random(storm, probe)
    finish(storm)
    assert [text for client in storm.clients for text in client.wrong] + probe.wrong == []
    check_imports(storm)
    check_uses(storm)
    check_payments(storm)
    check_exports(storm)
    check_erasures(storm)
    storm.database.manage("verify_audit")
    failed = "SELECT task_name, status FROM procrastinate_jobs WHERE status NOT IN ('todo', 'doing', 'succeeded')"
    assert storm.database.rows(failed) == []
    assert "Address already in use" not in storm.server.output()
    report(storm, recoveries, capsys)
    for kind, seconds in recoveries:
        assert seconds <= RECOVERY_SECONDS * (1.5 if kind == "serve" else 1), recoveries


def check_imports(storm: Storm) -> None:
    sql = """
        SELECT file.filename, count(DISTINCT file.id), count(transaction.id), count(DISTINCT transaction.description)
          FROM finance_statementimport AS file
          LEFT JOIN finance_financialtransaction AS transaction
            ON transaction.user_id = file.user_id AND transaction.description LIKE file.filename || ' %%'
         WHERE file.filename LIKE 'small-%%' OR file.filename = 'large.csv' GROUP BY 1
    """
    stored = {name: tuple(counts) for name, *counts in storm.database.rows(sql)}
    assert {name: stored.pop(name, None) for name, _ in storm.imported} == {
        name: (1, rows, rows) for name, rows in storm.imported
    }
    expected = dict(storm.unknown)
    assert all(counts == (1, expected[name], expected[name]) for name, counts in stored.items())
    orphans = (
        "SELECT count(*) FROM finance_financialtransaction WHERE description LIKE 'small-%%' OR description LIKE 'large%%'"
    )
    total = sum(rows for _, rows in storm.imported) + sum(expected[name] for name in stored)
    assert storm.database.value(orphans) == total
    assert storm.database.rows("SELECT id FROM users_uploadchunk") == []


def check_uses(storm: Storm) -> None:
    user = storm.customers[2].id
    records = [
        key for (key,) in storm.database.rows("SELECT idempotency_key FROM billing_usagerecord WHERE user_id = %s", user)
    ]
    count = storm.database.value("SELECT usage_count FROM billing_featureaccess WHERE id = %s", storm.customers[2].access)
    assert set(storm.used) <= set(records)
    assert len(records) == len(set(records)) == count <= LIMIT
    if storm.refused:
        assert count == LIMIT


def check_payments(storm: Storm) -> None:
    """Compare the payments that customers made with the subscriptions and invoices."""
    invoices = storm.stripe.get("/v1/invoices?limit=100")["data"]
    for customer in storm.paid:
        running = "SELECT status FROM billing_subscription WHERE user_id = %s AND status = ANY(%s)"
        assert len(storm.database.rows(running, customer.id, list(RUNNING))) == 1
        (name,) = storm.database.rows("SELECT stripe_id FROM billing_stripecustomer WHERE user_id = %s", customer.id)[0]
        billed = storm.database.rows("SELECT stripe_invoice_id FROM billing_billinghistory WHERE user_id = %s", customer.id)
        assert Counter(row for (row,) in billed) == Counter(row["id"] for row in invoices if row["customer"] == name)
        assert len(storm.stripe.get(f"/v1/subscriptions?customer={name}&status=all")["data"]) == 1
    events = Counter(row["event"] for row in storm.stripe.deliveries())
    stored = Counter(row for (row,) in storm.database.rows("SELECT stripe_id FROM billing_stripeevent"))
    assert set(stored) == set(events)
    assert set(stored.values()) <= {1}
    assert storm.database.rows("SELECT stripe_id FROM billing_stripeevent WHERE state NOT IN ('handled', 'ignored')") == []


def check_exports(storm: Storm) -> None:
    for client, export in storm.exported:
        row = client.send("GET", f"/api/v1/users/me/export/{export}/").json
        assert row["state"] == "ready"
        content = client.send("GET", f"/api/v1/users/me/export/{export}/download/").body
        assert (len(content), hashlib.sha256(content).hexdigest()) == (row["size"], row["sha256"])
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            assert archive.testzip() is None
            assert len(archive.read("data/finance_financialtransaction.jsonl").splitlines()) == 200


def check_erasures(storm: Storm) -> None:
    for customer in storm.erased:
        finished = "SELECT count(*) FROM users_accounterasure WHERE user_id = %s AND finished_at IS NOT NULL"
        assert storm.database.value(finished, customer.id) == 1
        for table in ("finance_financialtransaction", "finance_statementimport", "core_datakey"):
            assert storm.database.value(f"SELECT count(*) FROM {table} WHERE user_id = %s", customer.id) == 0  # noqa: S608


def report(storm: Storm, recoveries: list[tuple[str, float]], capsys: pytest.CaptureFixture[str]) -> None:
    """Print the figures."""
    longest = {kind: max((taken for name, taken in recoveries if name == kind), default=0.0) for kind in KINDS}
    rows = sum(rows for _, rows in storm.imported)
    done = {
        "files": len(storm.imported),
        "rows": rows,
        "uses": len(storm.used),
        "payments": len(storm.paid),
        "exports": len(storm.exported),
        "erasures": len(storm.erased),
        "repeated requests": sum(client.failures for client in storm.clients),
    }
    with capsys.disabled():
        sys.stdout.write(f"\n{len(recoveries)} kills, " + ", ".join(f"{number} {name}" for name, number in done.items()))
        sys.stdout.write("\nLongest silence: " + ", ".join(f"{kind} {taken:.1f} s" for kind, taken in longest.items()) + "\n")
