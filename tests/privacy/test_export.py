"""`users/me/export/`: asked for by a person, made by a job, downloaded within a week."""

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
from tests.privacy.conftest import opened, rows_in
from users import tasks
from users.models import DataExport, DataExportChunk, User
from users.privacy import exports

PATH = "/api/v1/users/me/export/"


@pytest.fixture
def ready(no_jobs: None, alice: User, signed_in: APIClient, monkeypatch: pytest.MonkeyPatch) -> DataExport:
    """An export of ten transactions, in pieces of 500 bytes."""
    monkeypatch.setattr(exports, "PIECE", 500)
    TransactionFactory.create_batch(10, user=alice)
    answer = signed_in.post(PATH)
    assert (answer.status_code, answer.json()["state"]) == (202, "waiting")
    jobs.run_pending()
    return DataExport.objects.get(pk=answer.json()["id"])


def download(client: APIClient, export: DataExport) -> bytes:
    answer = client.get(f"{PATH}{export.pk}/download/")
    assert answer.status_code == 200, answer.content
    assert answer.headers["Cache-Control"] == "no-store"
    return b"".join(answer.streaming_content)


def test_it_is_made_and_downloaded(ready: DataExport, signed_in: APIClient) -> None:
    said = signed_in.get(f"{PATH}{ready.pk}/").json()
    data = download(signed_in, ready)
    assert (said["state"], said["progress"], said["size"]) == ("ready", 100, len(data))
    assert said["sha256"] == hashlib.sha256(data).hexdigest()
    assert {"README.txt", "manifest.json"} <= set(opened(data))
    assert len(rows_in(data, "finance.FinancialTransaction")) == 10
    assert ready.expires_at == (ready.ready_at or clock.now()) + timedelta(days=7)


def test_the_customer_is_told(ready: DataExport, alice: User) -> None:
    assert SystemAlert.objects.get(user=alice).title == "Your data export is ready"
    assert [(message.subject, message.to) for message in mail.outbox] == [("[MINGUS] Your data export is ready", [alice.email])]


def test_it_is_stored_in_pieces_that_nobody_can_read(ready: DataExport) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT content FROM users_dataexportchunk ORDER BY number")
        stored = [bytes(content) for (content,) in cursor.fetchall()]
    assert len(stored) > 2
    assert [blob for blob in stored if b"UEsDB" in blob or b"PK\x03" in blob] == []  # how a zip begins, in base64 and plain


def test_a_worker_that_died_leaves_nothing_behind(ready: DataExport, signed_in: APIClient) -> None:
    whole = download(signed_in, ready)
    DataExport.objects.filter(pk=ready.pk).update(state="running")
    DataExportChunk.objects.filter(export=ready, number__gte=2).delete()
    DataExportChunk.objects.create(user=ready.user, export=ready, number=99, content="bGVmdA==")
    SystemAlert.objects.all().delete()
    tasks.make_export(user=str(ready.user_id), export=str(ready.pk))
    assert download(signed_in, ready) == whole


def test_a_failure_is_shown_and_another_try_makes_it_whole(ready: DataExport, monkeypatch: pytest.MonkeyPatch) -> None:
    DataExport.objects.filter(pk=ready.pk).update(state="waiting")
    monkeypatch.setattr(exports.Store, "write", lambda self, data: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        tasks.make_export(user=str(ready.user_id), export=str(ready.pk))
    assert DataExport.objects.get(pk=ready.pk).state == "failed"
    monkeypatch.undo()
    tasks.make_export(user=str(ready.user_id), export=str(ready.pk))
    assert DataExport.objects.get(pk=ready.pk).state == "ready"


def test_one_that_is_ready_is_not_made_again(ready: DataExport) -> None:
    before = list(DataExportChunk.objects.values_list("pk", flat=True))
    tasks.make_export(user=str(ready.user_id), export=str(ready.pk))
    assert list(DataExportChunk.objects.values_list("pk", flat=True)) == before


def test_it_is_deleted_after_a_week(ready: DataExport) -> None:
    end = ready.expires_at or clock.now()
    exports.delete_old_exports(now=end - timedelta(seconds=1))
    assert DataExportChunk.objects.exists()
    exports.delete_old_exports(now=end)
    assert (DataExport.objects.count(), DataExportChunk.objects.count()) == (0, 0)


def test_one_that_has_expired_is_not_handed_out(ready: DataExport, signed_in: APIClient) -> None:
    DataExport.objects.filter(pk=ready.pk).update(expires_at=clock.now())
    answer = signed_in.get(f"{PATH}{ready.pk}/download/")
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (409, "export_expired")


def test_one_that_is_under_way_can_not_be_downloaded(alice: User, signed_in: APIClient) -> None:
    waiting = ExportFactory(user=alice, state="waiting")
    answer = signed_in.get(f"{PATH}{waiting.pk}/download/")
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (409, "export_not_ready")


def test_one_at_a_time(alice: User, signed_in: APIClient) -> None:
    ExportFactory(user=alice, state="running")
    answer = signed_in.post(PATH)
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (409, "export_under_way")


def test_three_a_day(alice: User, signed_in: APIClient) -> None:
    ExportFactory.create_batch(3, user=alice)
    answer = signed_in.post(PATH)
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (429, "too_many_exports")
    assert 86_000 < int(answer.headers["Retry-After"]) <= 86_401


def test_a_token_sees_that_there_is_one_and_gets_none(alice: User, api: ClientFor) -> None:
    export = ExportFactory(user=alice, state="ready")
    client = api(alice)
    assert [row["id"] for row in client.get(PATH).json()["results"]] == [str(export.pk)]
    refused = [client.post(PATH), client.get(f"{PATH}{export.pk}/"), client.get(f"{PATH}{export.pk}/download/")]
    assert [(answer.status_code, answer.json()["errors"][0]["code"]) for answer in refused] == [(403, "session_required")] * 3


def test_a_strangers_export_is_not_there(bob: User, signed_in: APIClient) -> None:
    foreign = ExportFactory(user=bob, state="ready")
    assert signed_in.get(f"{PATH}{foreign.pk}/download/").status_code == 404
