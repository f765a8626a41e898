"""`make demo` with all of its customers, in a database and with a Stripe emulator of its own."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from dev.population.draws import parameters
from dev.stripe.emulator import KEY, StripeEmulator
from tests.commands.conftest import ENVIRONMENT, ROOT, Running, free_port, until, url_of_tests_database

pytestmark = [pytest.mark.django_db, pytest.mark.faults]
NAME = f"whole_demo_{os.getpid()}"
STATE = ROOT / ".postgres" / f"stripe-emulator-{NAME}.sqlite3"
LOOK = """
import json
from collections import Counter
from billing.models import Adjustment, BillingHistory, StripeCustomer, StripeEvent, Subscription
from core import clock
from finance.models import FinancialTransaction, StatementImportRow
from health.models import UserHealthCheckin
from procrastinate.contrib.django.models import ProcrastinateJob
from users.models import AccountErasure, Approval, User

def count(rows):
    return rows.count()

print(json.dumps({
    "customers": count(User.objects.filter(is_staff=False)),
    "transactions": count(FinancialTransaction.objects.all()),
    "check-ins": count(UserHealthCheckin.objects.all()),
    "at Stripe": count(StripeCustomer.objects.exclude(stripe_id="").exclude(synced_at=None)),
    "problems": list(StripeCustomer.objects.exclude(problems="").values_list("problems", flat=True)),
    "subscriptions": Counter(Subscription.objects.values_list("status", flat=True)),
    "invoices": Counter(BillingHistory.objects.exclude(stripe_invoice_id="").values_list("status", flat=True)),
    "unprocessed events": count(StripeEvent.objects.waiting()),
    "failed jobs": count(ProcrastinateJob.objects.filter(status="failed", attempts__gt=1)),
    "refunds to approve": count(Approval.objects.filter(decided_at=None)),
    "open disputes": count(Adjustment.objects.filter(kind="dispute", status="open")),
    "dunned": count(Subscription.objects.filter(status="past_due").exclude(stripe_subscription_id="")),
    "rows in review": count(StatementImportRow.objects.filter(verdict="review")),
    "locked accounts": count(User.objects.filter(locked_until__gt=clock.now())),
    "erasures": count(AccountErasure.objects.filter(finished_at=None, rows_deleted__gt=0)),
}))
"""


class Demo:
    """The demo's command on a database of its own."""

    def __init__(self, folder: Path, url: str) -> None:
        self.folder, self.port = folder, free_port()
        self.environment = {"DATABASE_URL": url, "PORT": str(self.port)}

    def start(self, *arguments: str, name: str = "log") -> Running:
        return Running(["demo", "--no-serve", *arguments], self.folder / name, **self.environment)

    def load(self, name: str = "log") -> str:
        running = self.start(name=name)
        assert running.process.wait(600) == 0, running.output()
        return running.output()

    def manage(self, *arguments: str, **environment: str) -> str:
        done = subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=ROOT,
            env={**os.environ, **ENVIRONMENT, **self.environment, **environment},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def look(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.manage("shell", "--verbosity", "0", "-c", LOOK).splitlines()[-1])
        return found

    def differences(self) -> str:
        """Compare the database with the emulator's file, which is started for that."""
        with StripeEmulator.start(state=STATE) as emulator:
            return self.manage("reconcile_stripe", STRIPE_SECRET_KEY=KEY, STRIPE_API_BASE=emulator.url)


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory, django_db_setup: None, django_db_blocker: Any) -> Iterator[Demo]:
    with django_db_blocker.unblock():
        url = url_of_tests_database()
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {NAME}")
        try:
            yield Demo(tmp_path_factory.mktemp("demo"), f"{url.rpartition('/')[0]}/{NAME}")
        finally:
            connection.execute(f"DROP DATABASE {NAME} WITH (FORCE)")
            for file in STATE.parent.glob(f"{STATE.name}*"):
                file.unlink()


@pytest.fixture(scope="module")
def loaded(demo: Demo) -> dict[str, Any]:
    """Load the demo, killed once while it writes rows, and return what is in the database."""
    first = demo.start(name="killed")
    wait_for_rows(demo, first)
    os.killpg(first.process.pid, 9)
    first.process.wait()
    demo.load()
    return demo.look()


def wait_for_rows(demo: Demo, running: Running) -> None:
    """Return when the first transactions of generated customers are written. Row-level security hides the rows themselves."""
    sql = "SELECT pg_relation_size(to_regclass('finance_financialtransaction')) > 4000000"
    with psycopg.connect(demo.environment["DATABASE_URL"], autocommit=True) as connection:
        assert running.process.poll() is None, running.output()
        until(
            lambda: "written" if connection.execute(sql).fetchone() == (True,) else "",
            f"transactions: {running.output()}",
            seconds=300,
        )


def test_every_customer_has_data_and_payments(loaded: dict[str, Any]) -> None:
    assert loaded["customers"] == parameters()["customers"] + 3
    assert loaded["at Stripe"] == parameters()["customers"] - 1  # one is being erased
    assert loaded["transactions"] > 40_000
    assert loaded["check-ins"] > 8_000
    assert loaded["invoices"]["paid"] > 500
    assert {"active", "canceled", "past_due"} <= loaded["subscriptions"].keys()
    assert (loaded["problems"], loaded["unprocessed events"]) == ([], 0)


@pytest.mark.parametrize(
    "trouble",
    ["failed jobs", "refunds to approve", "open disputes", "dunned", "rows in review", "locked accounts", "erasures"],
)
def test_there_is_one_of_each_trouble(trouble: str, loaded: dict[str, Any]) -> None:
    assert loaded[trouble] == 1


def test_the_database_and_stripe_fit_together(loaded: dict[str, Any], demo: Demo) -> None:
    assert demo.differences() == "No differences from Stripe.\n"


def assert_unchanged(after: dict[str, Any], before: dict[str, Any]) -> None:
    """Compare all numbers. Where a new day has begun in a customer's time zone, the run has added the rows of that day."""
    daily = ("transactions", "check-ins")
    assert {name: found for name, found in after.items() if name not in daily} == {
        name: found for name, found in before.items() if name not in daily
    }
    assert all(before[name] <= after[name] <= before[name] * 1.01 for name in daily)


def test_another_run_changes_nothing(loaded: dict[str, Any], demo: Demo) -> None:
    demo.load("again")
    assert_unchanged(demo.look(), loaded)
    assert demo.differences() == "No differences from Stripe.\n"


def test_a_lost_emulator_gets_the_same_history(loaded: dict[str, Any], demo: Demo) -> None:
    for file in STATE.parent.glob(f"{STATE.name}*"):
        file.unlink()
    demo.load("replayed")
    assert_unchanged(demo.look(), loaded)
    assert demo.differences() == "No differences from Stripe.\n"
