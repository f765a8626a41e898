"""Clients that load the service all at once, remember what it acknowledged, and kill its processes."""

import os
import random
import signal
import threading
import time
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import orjson
import psycopg

from dev.factories import PASSWORD
from dev.postgres.cluster import read_pid
from dev.postgres.folder import Folder
from dev.stripe.emulator import StripeEmulator
from tests.commands.conftest import Server, children_of, until
from tests.disasters.service import IMPORTS, UPLOADS, Client, Customer, Database, multipart, statement

KILLS = int(os.environ.get("KILLS", "5"))
SEED = int(os.environ.get("SEED", "14"))
PAYERS, EXPORTERS, ERASED = KILLS, max(2, KILLS // 3), KILLS
LARGE_ROWS, LIMIT = 3_000 * KILLS, 40
# those that work first
BACKENDS = (
    "SELECT pid FROM pg_stat_activity WHERE application_name = 'mingus' AND pid <> pg_backend_pid() ORDER BY state LIMIT 5"
)


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
            reply = client.send("POST", "/api/v1/users/me/erase/", body, expected=(202, 401))
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
