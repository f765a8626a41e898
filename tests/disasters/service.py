"""A complete service on a database server of its own: the server, its customers over HTTP, and what the database contains."""

import http.client
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self
from uuid import uuid4
from zlib import crc32

import psycopg

from dev.factories import PASSWORD
from dev.postgres import ensure_running, stop
from tests.commands.conftest import ENVIRONMENT, ROOT, until
from tests.commands.raw_client import Reply

GRACE = 60.0
PATIENCE = 120.0  # seconds for which a client repeats a request
TIMEOUT = 40.0  # of one request; longer than the time limits of the server
IMPORTS, UPLOADS, ACCOUNTS = "/api/v1/finance/imports/", "/api/v1/users/me/uploads/", "/api/v1/finance/accounts/"
CUSTOMERS = """
import json
from core import rls
from dev.factories import AccountFactory, FeatureAccessFactory, TokenFactory, UserFactory
from finance.models import FinancialTransaction
with rls.as_staff():
    for number in range({number}):
        user = UserFactory(email=f"{name}{{number}}@example.com")
        account = AccountFactory(user=user, profile_name="Checking")
        access = FeatureAccessFactory(user=user, feature_name="reports", usage_limit={limit})
        token = TokenFactory(user=user, scope="read-write").text
        row = {{"id": str(user.pk), "email": user.email, "token": token, "account": str(account.pk), "access": str(access.pk)}}
        print("customer", json.dumps(row))
"""


@dataclass(frozen=True)
class Customer:
    """A customer with an account, a token and a feature with a limit."""

    id: str
    email: str
    token: str
    account: str
    access: str


@dataclass
class Client:
    """A client of one customer, which repeats a request until it is answered. `wrong` lists unexpected responses."""

    port: int
    customer: Customer
    wrong: list[str] = field(default_factory=list)
    session: str = ""
    failures: int = 0

    def once(self, method: str, path: str, body: bytes = b"", **headers: str) -> Reply | None:
        """Send a request. Return None if there is no complete response."""
        authorization = (
            {"X-Session-Token": self.session} if self.session else {"Authorization": f"Bearer {self.customer.token}"}
        )
        sent = {
            "Content-Type": "application/json",
            **authorization,
            **{key.replace("_", "-"): text for key, text in headers.items()},
        }
        connection, start = http.client.HTTPConnection("127.0.0.1", self.port, timeout=TIMEOUT), time.monotonic()
        try:
            connection.request(method, path, body or None, sent)
            response = connection.getresponse()
            content = response.read()
        except (OSError, http.client.HTTPException):
            return None
        finally:
            connection.close()
        lower = {name.lower(): value for name, value in response.getheaders()}
        return Reply(response.status, lower, content, time.monotonic() - start)

    def send(self, method: str, path: str, body: bytes = b"", *, expected: Sequence[int] = (200,), **headers: str) -> Reply:
        """Repeat a request until its response is no 503, and return that. A POST has an Idempotency-Key."""
        if method == "POST":
            headers.setdefault("Idempotency_Key", uuid4().hex)
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            reply = self.once(method, path, body, **headers)
            if reply is not None and reply.status != 503:
                if reply.status not in expected:
                    self.wrong.append(f"{method} {path}: {reply.status} {reply.body[:300]!r}")
                return reply
            self.failures += 1
            if reply is not None and "retry-after" not in reply.headers:
                self.wrong.append(f"{method} {path}: 503 without Retry-After")
            time.sleep(0.3)
        raise AssertionError(f"{method} {path} was not answered for {PATIENCE:g} seconds")

    def post(self, path: str, given: dict[str, Any], *, expected: Sequence[int] = (200, 201), **headers: str) -> Reply:
        return self.send("POST", path, json.dumps(given).encode(), expected=expected, **headers)

    def send_file(self, name: str, content: bytes, *, expected: Sequence[int] = (201, 202)) -> Reply:
        """Import a statement file."""
        body, kind = multipart(name, content, account=self.customer.account)
        return self.send("POST", IMPORTS, body, expected=expected, Content_Type=kind)

    def log_in(self) -> None:
        """Use a session instead of the token."""
        body = json.dumps({"email": self.customer.email, "password": PASSWORD}).encode()
        reply = self.send("POST", "/_allauth/app/v1/auth/login", body)
        self.session = reply.json["meta"]["session_token"]


def multipart(name: str, content: bytes, **fields: str) -> tuple[bytes, str]:
    """Return a form with a file, and its content type."""
    limit = uuid4().hex
    parts = [
        f'--{limit}\r\nContent-Disposition: form-data; name="{key}"\r\n\r\n{text}\r\n'.encode() for key, text in fields.items()
    ]
    head = f'--{limit}\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\nContent-Type: text/csv\r\n\r\n'
    return b"".join([*parts, head.encode(), content, f"\r\n--{limit}--\r\n".encode()]), f"multipart/form-data; boundary={limit}"


def statement(name: str, rows: int) -> bytes:
    """Return a CSV file of that many different rows.

    The amounts depend on the name: rows of another file with the same days and amounts would go to review.
    """
    least = crc32(name.encode()) % 100_000 + 1
    lines = [
        f"2026-{1 + number // 28 % 12:02}-{1 + number % 28:02},-{number % 97 + least}.00,{name} {number}"
        for number in range(rows)
    ]
    return "\n".join(["Date,Amount,Description", *lines, ""]).encode()


@dataclass(frozen=True)
class Database:
    """A database that only one test uses, which may damage its server."""

    url: str
    root: Path = Path()

    def rows(self, sql: str, *values: object) -> list[tuple[Any, ...]]:
        """Return what staff see."""
        with psycopg.connect(self.url) as connection:
            connection.execute("SET LOCAL ROLE mingus_staff")
            return connection.execute(sql, values or None).fetchall()

    def value(self, sql: str, *values: object) -> Any:
        return self.rows(sql, *values)[0][0]

    def run(self, sql: str, *values: object) -> None:
        """Run a statement as the login role, which owns the tables of the queue."""
        with psycopg.connect(self.url) as connection:
            connection.execute(sql, values or None)

    def manage(self, *arguments: str, script: str = "", **environment: str) -> str:
        """Run a management command and return its output."""
        done = subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=ROOT,
            env=os.environ | ENVIRONMENT | {"DATABASE_URL": self.url} | environment,
            input=script,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-4000:]
        return done.stdout

    def add_customers(self, name: str, number: int, *, limit: int = 100) -> list[Customer]:
        """Create customers whose addresses begin with `name`."""
        lines = self.manage("shell", "-v0", script=CUSTOMERS.format(name=name, number=number, limit=limit)).splitlines()
        return [Customer(**json.loads(line.removeprefix("customer "))) for line in lines if line.startswith("customer ")]

    def unfinished_jobs(self) -> int:
        return int(self.value("SELECT count(*) FROM procrastinate_jobs WHERE status IN ('todo', 'doing')"))

    def transactions(self, pattern: str) -> int:
        """Return the number of transactions whose description is LIKE `pattern`."""
        return int(self.value("SELECT count(*) FROM finance_financialtransaction WHERE description LIKE %s", pattern))


@contextmanager
def database_in(root: Path) -> Iterator[Database]:
    """Yield a new database server with its files in `root`."""
    try:
        yield Database(ensure_running(root, grace=GRACE), root)
    finally:
        stop(root)


def is_ready(client: Client) -> str:
    reply = client.once("GET", "/healthz/ready")
    return "ready" if reply is not None and reply.status == 200 else ""


def wait_until_ready(client: Client) -> None:
    until(lambda: is_ready(client), "readiness")


class Probe:
    """A thread that reads a list again and again, and notes when it was answered."""

    def __init__(self, client: Client, *, pause: float = 0.1, path: str = ACCOUNTS) -> None:
        self._client, self._pause, self._path = client, pause, path
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self.answers: list[tuple[float, float]] = []  # the time of each answer, and its seconds
        self.failures: list[float] = []
        self.wrong: list[str] = []

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stop.wait(self._pause):
            reply = self._client.once("GET", self._path)
            now = time.monotonic()
            if reply is not None and reply.status == 200:
                self.answers.append((now, reply.seconds))
                continue
            self.failures.append(now)
            if reply is not None and (reply.status != 503 or "retry-after" not in reply.headers):
                self.wrong.append(f"{reply.status} {reply.body[:200]!r}")

    def longest_silence(self, start: float, end: float) -> float:
        """Return the longest time without an answer between two moments."""
        moments = [start, *(moment for moment, _ in self.answers if start < moment < end), end]
        return max(later - earlier for earlier, later in zip(moments, moments[1:], strict=False))

    def percentile(self, percent: int, start: float = 0.0, end: float = float("inf")) -> float:
        """Return a percentile of the seconds until an answer, of the answers between two moments."""
        seconds = sorted(taken for moment, taken in self.answers if start <= moment <= end)
        return seconds[min(len(seconds) * percent // 100, len(seconds) - 1)]


class Actors:
    """Functions that run in threads until the block ends. An exception of one is raised at the end."""

    def __init__(self, actors: Sequence[Callable[[threading.Event], None]]) -> None:
        self._stop = threading.Event()
        self._errors: list[BaseException] = []
        self._threads = [threading.Thread(target=self._run, args=[actor]) for actor in actors]

    def _run(self, actor: Callable[[threading.Event], None]) -> None:
        try:
            actor(self._stop)
        except BaseException as error:  # noqa: BLE001 - raised in the test's thread
            self._errors.append(error)

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()
        if self._errors and error[0] is None:
            raise self._errors[0]
