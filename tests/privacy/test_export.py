"""The endpoint `users/me/export/`: requested by the user, created by a job, downloaded within a week."""

import hashlib
from datetime import timedelta

import pytest
from django.core import mail
from django.db import connection
from rest_framework.test import APIClient

from core import clock, jobs
from dev.factories import ExportFactory, TransactionFactory
from system.models import SystemAlert
from tests.conftest import ClientFor
from tests.privacy.conftest import files_in, rows_in
from users import tasks
from users.models import DataExport, DataExportChunk, User
from users.privacy import exports

PATH = "/api/v1/users/me/export/"


@pytest.fixture
def ready(no_jobs: None, alice: User, signed_in: APIClient, monkeypatch: pytest.MonkeyPatch) -> DataExport:
    """Return a finished export of ten transactions, stored in chunks of 500 bytes."""
    monkeypatch.setattr(exports, "CHUNK_BYTES", 500)
    TransactionFactory.create_batch(10, user=alice)
    response = signed_in.post(PATH)
    assert (response.status_code, response.json()["state"]) == (202, "waiting")
    jobs.run_pending()
    return DataExport.objects.get(pk=response.json()["id"])


def download(client: APIClient, export: DataExport) -> bytes:
    response = client.get(f"{PATH}{export.pk}/download/")
    assert response.status_code == 200, response.content
    assert response.headers["Cache-Control"] == "no-store"
    return b"".join(response.streaming_content)


def test_it_is_created_and_downloaded(ready: DataExport, signed_in: APIClient) -> None:
    body = signed_in.get(f"{PATH}{ready.pk}/").json()
    data = download(signed_in, ready)
    assert (body["state"], body["progress"], body["size"]) == ("ready", 100, len(data))
    assert body["sha256"] == hashlib.sha256(data).hexdigest()
    assert {"README.txt", "manifest.json"} <= set(files_in(data))
    assert len(rows_in(data, "finance.FinancialTransaction")) == 10
    assert ready.expires_at == (ready.ready_at or clock.now()) + timedelta(days=7)


def test_the_customer_is_notified(ready: DataExport, alice: User) -> None:
    assert SystemAlert.objects.get(user=alice).title == "Your data export is ready"
    assert [(message.subject, message.to) for message in mail.outbox] == [("[MINGUS] Your data export is ready", [alice.email])]


def test_the_customer_reads_the_end_in_their_time_zone(ready: DataExport, alice: User) -> None:
    end = ready.expires_at
    assert end is not None
    assert (
        f"until {end.astimezone(alice.zone):%Y-%m-%d %H:%M} (America/New_York)." in SystemAlert.objects.get(user=alice).message
    )


def test_it_is_stored_in_encrypted_pieces(ready: DataExport) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT content FROM users_dataexportchunk ORDER BY number")
        stored = [bytes(content) for (content,) in cursor.fetchall()]
    assert len(stored) > 2
    assert [blob for blob in stored if b"UEsDB" in blob or b"PK\x03" in blob] == []  # first bytes of a zip, in base64 and plain


def test_a_retry_replaces_the_pieces_of_a_dead_worker(ready: DataExport, signed_in: APIClient) -> None:
    whole = download(signed_in, ready)
    DataExport.objects.filter(pk=ready.pk).update(state="running")
    DataExportChunk.objects.filter(export=ready, number__gte=2).delete()
    DataExportChunk.objects.create(user=ready.user, export=ready, number=99, content="bGVmdA==")
    SystemAlert.objects.all().delete()
    tasks.make_export(user=str(ready.user_id), export=str(ready.pk))
    assert download(signed_in, ready) == whole


def test_a_failed_export_is_completed_by_a_retry(ready: DataExport, monkeypatch: pytest.MonkeyPatch) -> None:
    DataExport.objects.filter(pk=ready.pk).update(state="waiting")
    monkeypatch.setattr(exports.Store, "write", lambda self, data: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        tasks.make_export(user=str(ready.user_id), export=str(ready.pk))
    assert DataExport.objects.get(pk=ready.pk).state == "failed"
    monkeypatch.undo()
    tasks.make_export(user=str(ready.user_id), export=str(ready.pk))
    assert DataExport.objects.get(pk=ready.pk).state == "ready"


def test_a_finished_export_is_not_created_again(ready: DataExport) -> None:
    before = list(DataExportChunk.objects.values_list("pk", flat=True))
    tasks.make_export(user=str(ready.user_id), export=str(ready.pk))
    assert list(DataExportChunk.objects.values_list("pk", flat=True)) == before


def test_it_is_deleted_after_a_week(ready: DataExport) -> None:
    end = ready.expires_at or clock.now()
    exports.delete_old_exports(now=end - timedelta(seconds=1))
    assert DataExportChunk.objects.exists()
    exports.delete_old_exports(now=end)
    assert (DataExport.objects.count(), DataExportChunk.objects.count()) == (0, 0)


def test_an_expired_export_cannot_be_downloaded(ready: DataExport, signed_in: APIClient) -> None:
    DataExport.objects.filter(pk=ready.pk).update(expires_at=clock.now())
    response = signed_in.get(f"{PATH}{ready.pk}/download/")
    assert (response.status_code, response.json()["errors"][0]["code"]) == (409, "export_expired")


def test_an_unfinished_export_cannot_be_downloaded(alice: User, signed_in: APIClient) -> None:
    waiting = ExportFactory(user=alice, state="waiting")
    response = signed_in.get(f"{PATH}{waiting.pk}/download/")
    assert (response.status_code, response.json()["errors"][0]["code"]) == (409, "export_not_ready")


def test_one_export_is_created_at_a_time(alice: User, signed_in: APIClient) -> None:
    ExportFactory(user=alice, state="running")
    response = signed_in.post(PATH)
    assert (response.status_code, response.json()["errors"][0]["code"]) == (409, "export_under_way")


def test_three_exports_a_day_are_allowed(alice: User, signed_in: APIClient) -> None:
    ExportFactory.create_batch(3, user=alice)
    response = signed_in.post(PATH)
    assert (response.status_code, response.json()["errors"][0]["code"]) == (429, "too_many_exports")
    assert 86_000 < int(response.headers["Retry-After"]) <= 86_401


def test_a_token_lists_exports_but_downloads_none(alice: User, api: ClientFor) -> None:
    export = ExportFactory(user=alice, state="ready")
    client = api(alice)
    assert [row["id"] for row in client.get(PATH).json()["results"]] == [str(export.pk)]
    refused = [client.post(PATH), client.get(f"{PATH}{export.pk}/"), client.get(f"{PATH}{export.pk}/download/")]
    assert {(response.status_code, response.json()["errors"][0]["code"]) for response in refused} == {(403, "session_required")}


def test_another_users_export_is_not_found(bob: User, signed_in: APIClient) -> None:
    foreign = ExportFactory(user=bob, state="ready")
    assert signed_in.get(f"{PATH}{foreign.pk}/download/").status_code == 404
