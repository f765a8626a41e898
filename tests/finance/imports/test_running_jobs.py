"""Imports by a job that is running: canceled, failed, killed, or stopped by an erasure."""

from typing import Any

import pytest
from django.db import OperationalError, connection
from rest_framework.test import APIClient

from core import jobs
from finance import upload_kinds
from finance.models import EncryptedFinancialProfile, FinancialTransaction, StatementImport
from finance.services import imports
from tests.commands.conftest import no_jobs
from tests.finance.imports.conftest import Send
from tests.finance.imports.statement_files import Line, csv_of
from tests.finance.imports.upload_files import LARGE, location, no_rows
from users import tasks, uploads
from users.models import Upload, UploadChunk, User
from users.models.erasure import RequestedBy
from users.second_connection import SecondConnection
from users.uploads import processing

__all__ = ["no_jobs"]

pytestmark = pytest.mark.usefixtures("no_jobs")


def work_of_import(monkeypatch: pytest.MonkeyPatch, work: Any) -> None:
    """Replace the work of imports, around the real one."""
    monkeypatch.setitem(uploads.KINDS, "import", work)


def test_an_import_that_is_canceled_while_it_runs_leaves_nothing(
    send: Send, as_alice: APIClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = location(send(LARGE))

    def cancel_at_the_end(upload: Upload, file: Any, on_progress: Any) -> Any:
        result = upload_kinds.import_as_json(upload, file, on_progress)
        assert on_second_connection(lambda: as_alice.post(f"{path}cancel/").status_code) == 200
        return result

    work_of_import(monkeypatch, cancel_at_the_end)
    jobs.run_pending()
    assert (as_alice.get(path).json()["status"], no_rows()) == ("canceled", True)


def on_second_connection(work: Any) -> Any:
    with SecondConnection() as other:
        return other.run(work)


def test_progress_is_visible_while_the_import_runs(send: Send, as_alice: APIClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(imports, "ROWS_BETWEEN_REPORTS", 100)
    monkeypatch.setattr(processing, "SECONDS_BETWEEN_REPORTS", 0.0)
    path = location(send(csv_of(*[Line(text=f"{'Shop' * 50} {number}") for number in range(2_000)])))
    seen: list[tuple[str, int]] = []

    def watched(upload: Upload, file: Any, on_progress: Any) -> Any:
        def report(percent: int) -> None:
            on_progress(percent)
            body = on_second_connection(lambda: as_alice.get(path).json())
            seen.append((body["status"], body["progress"]))

        return upload_kinds.import_as_json(upload, file, report)

    work_of_import(monkeypatch, watched)
    jobs.run_pending()
    assert {status for status, _ in seen} == {"running"}
    progress = [percent for _, percent in seen]
    assert progress == sorted(progress)
    assert len(set(progress)) > 5
    assert as_alice.get(path).json()["progress"] == 100


def run_once(upload: Upload) -> None:
    tasks.process_upload(user=str(upload.user_id), upload=str(upload.pk))


def test_an_unexpected_error_is_retried_and_then_reported(
    send: Send, as_alice: APIClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = location(send(LARGE))
    upload = Upload.objects.get()

    def break_at_the_end(*arguments: Any) -> Any:
        upload_kinds.import_as_json(*arguments)
        raise ZeroDivisionError

    work_of_import(monkeypatch, break_at_the_end)
    for attempt in range(1, 5):
        assert as_alice.get(path).json()["status"] == "queued"
        with pytest.raises(ZeroDivisionError):
            run_once(upload)
        assert (Upload.objects.get().attempts, no_rows()) == (attempt, True)
    body = as_alice.get(path).json()
    assert (body["status"], body["error"]["code"]) == ("failed", "error")
    assert "Nothing was changed." in body["error"]["detail"]


def test_a_failure_of_the_database_does_not_count(send: Send, monkeypatch: pytest.MonkeyPatch) -> None:
    send(LARGE)
    upload = Upload.objects.get()

    def time_out(*arguments: Any) -> Any:
        with connection.cursor() as cursor:
            cursor.execute("DO $$ BEGIN RAISE SQLSTATE '55P03'; END $$")

    work_of_import(monkeypatch, time_out)
    for _ in range(6):
        with pytest.raises(OperationalError):
            run_once(upload)
    upload.refresh_from_db()
    assert (upload.status, upload.attempts, UploadChunk.objects.exists()) == ("queued", 0, True)


def test_a_retry_after_an_error_imports_once(send: Send, as_alice: APIClient, monkeypatch: pytest.MonkeyPatch) -> None:
    path = location(send(LARGE))
    upload = Upload.objects.get()
    with monkeypatch.context() as patch:
        patch.setattr(processing, "_finish", lambda *arguments: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            run_once(upload)
    run_once(upload)
    run_once(upload)
    assert as_alice.get(path).json()["result"]["created"] == 501
    assert (StatementImport.objects.count(), FinancialTransaction.objects.count()) == (1, 501)


def test_a_file_that_kills_its_worker_each_time_is_given_up(send: Send, as_alice: APIClient) -> None:
    path = location(send(LARGE))
    Upload.objects.update(status="running", attempts=4)  # as four killed workers leave it
    jobs.run_pending()
    assert as_alice.get(path).json()["error"]["code"] == "interrupted"
    assert (UploadChunk.objects.exists(), no_rows()) == (False, True)


def test_an_erasure_deletes_a_waiting_upload_at_once(send: Send, alice: User) -> None:
    send(LARGE)
    tasks.start_erasure(alice, requested_by=RequestedBy.CUSTOMER)
    assert (Upload.objects.exists(), UploadChunk.objects.exists()) == (False, False)
    jobs.run_pending()
    assert no_rows()


def test_an_erasure_stops_a_running_import(send: Send, alice: User, monkeypatch: pytest.MonkeyPatch) -> None:
    send(LARGE)

    def erase_at_the_end(upload: Upload, file: Any, on_progress: Any) -> Any:
        result = upload_kinds.import_as_json(upload, file, on_progress)
        on_second_connection(lambda: tasks.start_erasure(alice, requested_by=RequestedBy.CUSTOMER))
        return result

    work_of_import(monkeypatch, erase_at_the_end)
    jobs.run_pending()
    assert (Upload.objects.exists(), no_rows()) == (False, True)
    assert not EncryptedFinancialProfile.objects.exists()
