"""Exports and erasures of a killed worker, completed when the job runs again."""

import os
import signal
from collections.abc import Callable

import pytest
from django.db import connection, transaction

from billing.models import FeatureAccess
from core import jobs
from core.tasks import retry_abandoned_jobs
from dev.factories import AccountFactory, ProfileFactory, TransactionFactory
from finance.models import FinancialTransaction
from tests.commands.conftest import Running, run, until, url_of_tests_database
from tests.privacy.conftest import data_files, zip_of
from users.models import AccountErasure, DataExport, User, UserProfile
from users.models.erasure import RequestedBy
from users.privacy import exports
from users.privacy.policies import rows_of
from users.tasks import make_export, start_erasure

pytestmark = pytest.mark.faults

ROWS = int(os.environ.get("PRIVACY_KILL_ROWS", "6000"))
WAITS = "SELECT count(*) FROM pg_locks WHERE NOT granted"
STAMPS = ("id", "created_at", "updated_at")
__all__ = ["run"]


@pytest.fixture
def customer(no_jobs: None, alice: User) -> User:
    """Return alice with enough transactions to keep a worker busy for seconds."""
    account = AccountFactory(user=alice)
    spent = TransactionFactory.build(user=alice, financial_profile=account)
    stored = [field for field in spent._meta.concrete_fields if field.name not in STAMPS and not field.generated]
    columns = {field.attname: getattr(spent, field.attname) for field in stored}
    rows = [FinancialTransaction(**columns) for _ in range(ROWS)]
    FinancialTransaction.objects.bulk_create(rows, batch_size=2_000)
    ProfileFactory(user=alice)
    return alice


@pytest.fixture
def worker(run: Callable[..., Running]) -> Callable[[], Running]:
    return lambda: run("worker", DATABASE_URL=url_of_tests_database())


def kill(worker: Running) -> None:
    """Kill the worker and age its heartbeat, as the queue considers a worker dead after half a minute of silence."""
    worker.process.send_signal(signal.SIGKILL)
    worker.process.wait(30)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE procrastinate_workers SET last_heartbeat = now() - interval '1 hour'")


def value(sql: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return int(cursor.fetchone()[0])


def progress_of(export: DataExport) -> str:
    return str(DataExport.objects.get(pk=export.pk).progress or "")


def test_an_export_is_completed(customer: User, worker: Callable[[], Running]) -> None:
    whole = zip_of(customer)
    export = DataExport.objects.create(user=customer)
    jobs.enqueue(make_export, user=str(customer.pk), export=str(export.pk))
    running = worker()
    until(lambda: progress_of(export), "progress")
    kill(running)
    export.refresh_from_db()
    assert (export.state, export.progress < 100) == ("running", True)
    retry_abandoned_jobs(timestamp=0)
    jobs.run_pending()
    export.refresh_from_db()
    content = b"".join(exports.chunks_of(export))
    assert data_files(content, "data", "account") == data_files(whole, "data", "account")


def test_an_erasure_is_finished(customer: User, worker: Callable[[], Running]) -> None:
    rows = ROWS + 2 + FeatureAccess.objects.filter(user=customer).count()
    start_erasure(customer, requested_by=RequestedBy.CUSTOMER)
    with transaction.atomic():
        UserProfile.objects.select_for_update().get(user=customer)  # blocks the worker at this row
        working = worker()
        until(lambda: "waits" if value(WAITS) else "", "a lock")
        kill(working)
    erasure = AccountErasure.objects.get(user=customer)
    assert erasure.finished_at is None
    retry_abandoned_jobs(timestamp=0)
    jobs.run_pending()
    erasure.refresh_from_db()
    assert (erasure.finished_at is None, erasure.rows_deleted) == (False, rows)
    assert not rows_of(FinancialTransaction, customer).exists()
