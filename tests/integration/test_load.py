"""Load of two hundred concurrent users through PgBouncer, without errors and with stable memory.

`LOAD_SECONDS=300` runs the guaranteed five minutes; `make integration` takes less.
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import mean
from typing import Any

import pytest

from tests.commands.conftest import ROOT, Running, children_of, free_port
from tests.integration.conftest import done, manage, url, url_as
from tests.integration.test_serving import SECRETS

pytestmark = pytest.mark.integration
USERS = 200
SECONDS = float(os.environ.get("LOAD_SECONDS", "60"))
PARTS = 5  # memory of the last part is compared with the second part, after the warm-up
SETUP = """
from finance.models import FinancialTransaction
from dev.factories import AccountFactory, TokenFactory, TransactionFactory, UserFactory
for number in range({users}):
    user = UserFactory(email=f"load{{number}}@example.com")
    account = AccountFactory(user=user)
    FinancialTransaction.objects.bulk_create(
        TransactionFactory.build_batch(60, user=user, financial_profile=account, category="groceries")
    )
    print("token", TokenFactory(user=user, scope="read-write").text)
"""


@pytest.fixture
def tokens(database: str, serving_role: str) -> list[str]:
    """Create two hundred customers with an account and transactions, and return their tokens."""
    owner = url("DATABASE_URL", database)
    direct = {"DATABASE_URL": url_as(serving_role, owner), "DATABASE_OWNER_URL": owner} | SECRETS
    done(manage("migrate", "-v0", **direct))
    output = done(manage("shell", "-v0", script=SETUP.format(users=USERS), **direct))
    return [line.split()[1] for line in output.splitlines() if line.startswith("token ")]


@pytest.fixture
def server(tokens: list[str], database: str, serving_role: str, tmp_path: Path) -> Iterator[Running]:
    """Serve MINGUS as in production, behind PgBouncer."""
    port = free_port()
    environment = SECRETS | {
        "DATABASE_URL": url_as(serving_role, url("PGBOUNCER_URL", database)),
        "DATABASE_OUTER_POOLER": "1",
        "TRUSTED_PROXIES": "127.0.0.1",
        "PORT": str(port),
        "WORKERS": "2",
    }
    running = Running(["serve"], tmp_path / "log", **environment)
    try:
        running.wait_for(f"MINGUS listens on http://127.0.0.1:{port}/")
        yield running
    finally:
        running.close()


def test_two_hundred_users_get_no_error_and_memory_is_stable(tokens: list[str], server: Running) -> None:
    assert len(tokens) == USERS
    log, memory = under_load(server, tokens)
    assert (log["wrong"], "ERROR" in server.output()) == ({}, False), server.output()[-3000:]
    assert log["requests"] > USERS * SECONDS / PARTS
    second, last = (mean(memory[part * len(memory) // PARTS : (part + 1) * len(memory) // PARTS]) for part in (1, PARTS - 1))
    assert last < 1.05 * second, f"{second / 2**20:.1f} MiB became {last / 2**20:.1f}: {log}"


def under_load(server: Running, tokens: list[str]) -> tuple[dict[str, Any], list[float]]:
    """Run the users and return their log and the server's resident bytes, measured every half second."""
    command = [sys.executable, "-m", "tests.integration.users", url_of(server), str(SECONDS)]
    users = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert users.stdin
    assert users.stdout
    with users, users.stdin as given:
        given.write("\n".join(tokens))
        given.close()
        memory = [resident(server) for _ in ticks_of(users)]
        return dict(json.loads(users.stdout.read())), memory


def ticks_of(process: "subprocess.Popen[str]") -> Iterator[None]:
    """Yield every half second while the process runs."""
    while process.poll() is None:
        yield
        time.sleep(0.5)


def resident(server: Running) -> float:
    """Return the resident bytes of the server and its processes."""
    pages = [int(Path(f"/proc/{pid}/statm").read_text().split()[1]) for pid in tree_of(server.process.pid)]
    return float(sum(pages) * os.sysconf("SC_PAGE_SIZE"))


def tree_of(pid: int) -> list[int]:
    return [pid, *(below for child in children_of(pid) for below in tree_of(child))]


def url_of(server: Running) -> str:
    return next(word for word in server.output().split() if word.startswith("http://127.0.0.1:"))
