"""`kill -9` at random under load: nothing that was acknowledged is lost, nothing happens twice, nothing is half-written.

`KILLS=20 make faults ARGS="tests/disasters/test_storm.py -n 0 -s"` measures the recovery as recorded in docs/operations.md.
"""

import hashlib
import io
import os
import signal
import sys
import time
import zipfile
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from dev.stripe.emulator import KEY, StripeEmulator
from tests.commands.conftest import Server, children_of, until
from tests.commands.test_killed_processes import SUPERVISOR
from tests.disasters.service import (
    Actors,
    Client,
    Database,
    Probe,
    wait_until_ready,
)
from tests.disasters.storm import ERASED, EXPORTERS, KILLS, LIMIT, PAYERS, Storm

pytestmark = pytest.mark.faults

RECOVERY_SECONDS = float(os.environ.get("RECOVERY_SECONDS", "30"))  # CI's machine may be busy; 10 is guaranteed
KINDS = ("web process", "job worker", "backend", "postmaster", "serve")
SECRET = "whsec_storm"
RUNNING = ("trialing", "active")
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
