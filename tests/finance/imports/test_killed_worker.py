"""Workers that are killed in the middle of a job: nothing is half-written, and the retried job imports once."""

import io
import random
import time
from collections.abc import Callable
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.mail import EmailMessage
from django.db import transaction
from rest_framework.test import APIClient

from core import jobs
from core.mail import deliver, encrypt_message
from core.tasks import retry_abandoned_jobs
from dev.factories import UserFactory
from finance.models import EncryptedFinancialProfile, FinancialTransaction, StatementImport, StatementImportRow
from tests.commands.conftest import Running, no_jobs, run, until, url_of_tests_database
from tests.finance.imports.statement_files import csv_file
from tests.privacy.conftest import data_files, zip_of
from tests.privacy.test_interrupted import kill
from tests.privacy.test_restore_jobs import transactions
from users.models import Upload, UploadChunk, User
from users.models.uploads import UploadKind
from users.second_connection import SecondConnection
from users.tasks import queue_upload

pytestmark = [pytest.mark.faults, pytest.mark.usefixtures("no_jobs")]

ROWS = 10_000
FILE = csv_file(*[f"2026-03-{number % 28 + 1:02},-{number % 97 + 1}.00,Shop {number}" for number in range(ROWS)])
__all__ = ["no_jobs", "run"]


@pytest.fixture
def worker(run: Callable[..., Running]) -> Callable[[], Running]:
    return lambda: run("worker", DATABASE_URL=url_of_tests_database())


@pytest.fixture
def queued(as_alice: APIClient, account: EncryptedFinancialProfile) -> Upload:
    form = {"file": SimpleUploadedFile("year.csv", FILE), "account": str(account.pk)}
    response = as_alice.post("/api/v1/finance/imports/", form, format="multipart")
    assert response.status_code == 202
    return Upload.objects.get()


def counts() -> tuple[int, int, int]:
    return StatementImport.objects.count(), StatementImportRow.objects.count(), FinancialTransaction.objects.count()


def is_running(upload: Upload) -> str:
    return "running" if Upload.objects.get(pk=upload.pk).status != "queued" else ""


@pytest.mark.parametrize("seed", range(3))
def test_a_killed_import_is_retried_and_imported_once(queued: Upload, worker: Any, seed: int) -> None:
    running = worker()
    until(lambda: is_running(queued), "the import")
    time.sleep(random.Random(seed).uniform(0.0, 3.0))
    kill(running)
    assert counts() in {(0, 0, 0), (1, ROWS, ROWS)}
    retry_abandoned_jobs(timestamp=0)
    jobs.run_pending()
    assert counts() == (1, ROWS, ROWS)
    queued.refresh_from_db()
    assert (queued.status, queued.result["created"]) == ("done", ROWS)
    assert not UploadChunk.objects.exists()


def test_a_killed_restore_is_retried_and_restored_once(alice: User, worker: Any) -> None:
    owner = UserFactory.create()
    transactions(owner, 3_000)
    exported = zip_of(owner)
    stored = {"file": io.BytesIO(exported), "filename": "export.zip", "size": len(exported), "options": {}}
    upload = queue_upload(user=alice, kind=UploadKind.RESTORE, **stored)
    running = worker()
    until(lambda: str(Upload.objects.get(pk=upload.pk).progress or ""), "progress")
    kill(running)
    retry_abandoned_jobs(timestamp=0)
    jobs.run_pending()
    assert Upload.objects.get(pk=upload.pk).status == "done"
    assert data_files(zip_of(alice), "data") == data_files(exported, "data")


def test_mail_is_sent_while_an_import_runs(queued: Upload, account: EncryptedFinancialProfile, worker: Any) -> None:
    with transaction.atomic():
        EncryptedFinancialProfile.objects.select_for_update().get(pk=account.pk)  # blocks the import
        running = worker()
        until(lambda: is_running(queued), "the import")
        message = EmailMessage("Meanwhile", "Hello", "mingus@example.com", ["alice@example.com"])
        send_now(message)
        running.wait_for("Subject: Meanwhile")
        assert Upload.objects.get(pk=queued.pk).status == "running"
    until(lambda: "done" if Upload.objects.get(pk=queued.pk).status == "done" else "", "the end of the import")
    assert running.end() == 0


def send_now(message: EmailMessage) -> None:
    """Enqueue a mail outside of the test's transaction, as the worker can't see it before the commit."""
    with SecondConnection() as other:
        other.run(lambda: jobs.enqueue(deliver, encrypted=encrypt_message(message)))
