"""Imports of large files: accepted with 202, done by a job, and the same as those of small files."""

from datetime import timedelta

import pytest
from django.conf import LazySettings
from django.db import connection
from rest_framework.test import APIClient

from core import clock, jobs
from finance.models import EncryptedFinancialProfile, FinancialTransaction, StatementImport, StatementImportRow
from tests.commands.conftest import no_jobs
from tests.conftest import ClientFor
from tests.finance.imports.conftest import URL, Send
from tests.finance.imports.statement_files import Line, csv_file, csv_of, ofx_of
from tests.finance.imports.test_api import error
from tests.finance.imports.upload_files import LARGE, location, no_rows
from users import uploads
from users.models import Upload, UploadChunk, User
from users.uploads import storage

__all__ = ["no_jobs"]

UPLOADS = "/api/v1/users/me/uploads/"
SMALL = csv_of(Line(), Line(text="Tea"))
pytestmark = pytest.mark.usefixtures("no_jobs")


def test_more_than_500_rows_are_imported_by_a_job(send: Send, as_alice: APIClient) -> None:
    response = send(LARGE, filename="year.csv")
    body = response.json()
    assert (body["status"], body["progress"], body["kind"], body["filename"]) == ("queued", 0, "import", "year.csv")
    assert (body["result"], body["error"], no_rows()) == (None, None, True)
    jobs.run_pending()
    done = as_alice.get(location(response)).json()
    assert (done["id"], done["status"], done["progress"], done["error"]) == (body["id"], "done", 100, None)
    assert (done["result"]["created"], done["result"]["dry_run"]) == (501, False)
    assert done["result"]["id"] == str(StatementImport.objects.get(filename="year.csv").pk)
    assert FinancialTransaction.objects.count() == 501


def test_500_rows_are_imported_at_once(send: Send) -> None:
    response = send(csv_of(*[Line(text=f"Shop {number}") for number in range(500)]))
    assert (response.status_code, response.json()["created"]) == (201, 500)
    assert not Upload.objects.exists()


def test_more_than_a_megabyte_is_imported_by_a_job(send: Send, as_alice: APIClient) -> None:
    response = send(csv_file(*[f"2026-03-02,-{number}.00,{'x' * 30_000} {number}" for number in range(1, 41)]))
    jobs.run_pending()
    assert as_alice.get(location(response)).json()["result"]["created"] == 40


@pytest.mark.parametrize("content", [LARGE, ofx_of(*[Line(id=f"P{number}", text=f"S {number}") for number in range(501)])])
def test_a_jobs_result_is_that_of_a_request(send: Send, as_alice: APIClient, settings: LazySettings, content: bytes) -> None:
    fields = {"opening_balance": "10.00", "dry_run": "true"}
    queued = send(content, **fields)
    jobs.run_pending()
    settings.IMPORT_DIRECT_ROWS = 1_000
    direct = send(content, **fields)
    assert direct.status_code == 200
    assert as_alice.get(location(queued)).json()["result"] == direct.json()


def test_a_dry_run_writes_nothing_to_the_ledger(send: Send, as_alice: APIClient) -> None:
    response = send(LARGE, dry_run="true")
    jobs.run_pending()
    done = as_alice.get(location(response)).json()
    assert (done["kind"], done["status"], len(done["result"]["preview"])) == ("dry_run", "done", 100)
    assert (done["result"]["created"], done["result"]["id"], no_rows()) == (501, None, True)
    assert StatementImportRow.objects.count() == 0


def test_a_mapping_and_the_hint_are_passed_on(send: Send, as_alice: APIClient) -> None:
    rows = [f"x,{number % 28 + 1:02}.03.2026,{number}.00" for number in range(1, 502)]
    response = send(csv_file(*rows, header="A,B,C"), mapping='{"date": "B", "amount": "C", "description": "A"}')
    jobs.run_pending()
    assert as_alice.get(location(response)).json()["result"]["created"] == 501


@pytest.mark.parametrize("is_long", [False, True], ids=["many-rows", "many-bytes"])
@pytest.mark.parametrize(
    ("content", "fields", "attr", "code"),
    [
        (LARGE, {"mapping": '{"color": "Date"}'}, "mapping", "bad_mapping"),
        (LARGE, {"mapping": '{"date": "Day"}'}, "mapping", "unknown_columns"),
        (LARGE, {"format": "ofx"}, "format", "wrong_format"),
        (LARGE.replace(b"Amount", b"Wealth"), {}, "file", "unknown_columns"),
        (b"<html>" + LARGE, {}, "file", "not_a_statement"),
    ],
)
def test_what_can_be_checked_at_once_is_a_400(
    send: Send, settings: LazySettings, content: bytes, fields: dict[str, str], attr: str, code: str, is_long: bool
) -> None:
    settings.IMPORT_DIRECT_BYTES = 100 if is_long else 1_000_000
    assert error(send(content, **fields)) == (400, attr, code)
    assert not Upload.objects.exists()


def test_a_large_file_of_several_accounts_needs_a_hint_at_once(send: Send, settings: LazySettings) -> None:
    settings.IMPORT_DIRECT_BYTES = 100
    EncryptedFinancialProfile.objects.update(account_number=None)
    one, other = ofx_of(Line(id="P1"), account="1111"), ofx_of(Line(id="P2"), account="2222")
    both = one.replace(b"</BANKMSGSRSV1></OFX>", b"") + other[other.index(b"<STMTTRNRS>") :]
    assert error(send(both)) == (400, "file", "several_accounts")


def test_the_cut_beginning_of_a_large_file_is_not_held_against_it(
    send: Send, settings: LazySettings, monkeypatch: pytest.MonkeyPatch, as_alice: APIClient
) -> None:
    settings.IMPORT_DIRECT_BYTES = 100
    monkeypatch.setattr("finance.services.import_jobs.HEAD_BYTES", 200)
    rows = [*["03/04/2026,-5.00,Café"] * 600, "03/25/2026,-5.00,Café"]  # the last row shows that the month is first
    response = send(csv_file(*rows))
    jobs.run_pending()
    assert as_alice.get(location(response)).json()["result"]["created"] == 601


def test_a_closed_account_is_refused_at_once(send: Send, settings: LazySettings) -> None:
    settings.IMPORT_DIRECT_BYTES = 100
    EncryptedFinancialProfile.objects.update(is_active=False)
    assert error(send(LARGE)) == (409, None, "account_closed")


def test_a_refusal_by_the_job_has_the_usual_error(send: Send, as_alice: APIClient, settings: LazySettings) -> None:
    settings.IMPORT_MAX_ROWS = 500
    settings.IMPORT_DIRECT_ROWS = 400
    response = send(LARGE)
    jobs.run_pending()
    failed = as_alice.get(location(response)).json()
    assert (failed["status"], failed["result"]) == ("failed", None)
    assert failed["error"] == {
        "code": "too_many_rows",
        "detail": "The file has more than 500 rows. Import it in parts.",
        "attr": "file",
    }
    assert no_rows()
    assert not UploadChunk.objects.exists()


def test_an_account_that_is_deleted_meanwhile_is_an_error(send: Send, as_alice: APIClient) -> None:
    response = send(LARGE)
    EncryptedFinancialProfile.objects.all().delete()
    jobs.run_pending()
    assert as_alice.get(location(response)).json()["error"]["code"] == "does_not_exist"


def test_an_idempotency_key_queues_one_upload(send: Send, as_alice: APIClient) -> None:
    as_alice.credentials(HTTP_IDEMPOTENCY_KEY="once", **as_alice._credentials)
    first, repeated = send(LARGE), send(LARGE)
    assert location(first) == location(repeated)
    assert (repeated.headers["Idempotent-Replayed"], Upload.objects.count()) == ("true", 1)


def test_the_file_waits_encrypted_and_is_deleted_with_the_job(send: Send, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(storage, "CHUNK_BYTES", 5_000)
    send(LARGE)
    with connection.cursor() as cursor:
        cursor.execute("SELECT content FROM users_uploadchunk ORDER BY number")
        stored = [bytes(content) for (content,) in cursor.fetchall()]
    assert len(stored) == -(-len(LARGE) // 5_000)
    assert [blob for blob in stored if b"Shop" in blob or not blob.startswith(b"\x02")] == []
    jobs.run_pending()
    assert FinancialTransaction.objects.count() == 501
    assert not UploadChunk.objects.exists()


def test_the_outcome_is_not_stored_in_plain_text(send: Send) -> None:
    send(LARGE, dry_run="true", mapping='{"date": "Date", "amount": "Amount", "description": "Description"}')
    jobs.run_pending()
    with connection.cursor() as cursor:
        cursor.execute("SELECT row_to_json(users_upload)::text FROM users_upload")
        [(stored,)] = cursor.fetchall()
    assert "Shop" not in stored
    assert "Description" not in stored


def test_the_outcome_is_deleted_after_a_day(send: Send, as_alice: APIClient) -> None:
    path = location(send(LARGE, dry_run="true"))
    jobs.run_pending()
    end = Upload.objects.get().expires_at or clock.now()
    uploads.delete_old_uploads(now=end - timedelta(seconds=1))
    assert as_alice.get(path).status_code == 200
    uploads.delete_old_uploads(now=end)
    assert as_alice.get(path).status_code == 404


def test_a_file_that_waits_for_a_day_is_deleted(send: Send, as_alice: APIClient) -> None:
    path = location(send(LARGE))
    uploads.delete_old_uploads(now=clock.now() + timedelta(hours=23))
    assert UploadChunk.objects.exists()
    uploads.delete_old_uploads(now=clock.now() + timedelta(days=1))
    assert as_alice.get(path).json()["error"]["code"] == "expired"
    jobs.run_pending()
    assert (UploadChunk.objects.exists(), no_rows()) == (False, True)


def test_waiting_uploads_are_limited_per_user(send: Send, settings: LazySettings, bob: User, api: ClientFor) -> None:
    settings.UPLOADS_PER_USER = 2
    first = location(send(LARGE))
    send(LARGE)
    refused = send(LARGE)
    assert error(refused) == (429, None, "too_many_uploads")
    assert refused.headers["Retry-After"] == "30"
    assert send(SMALL).status_code == 201
    assert send(LARGE, client=api(bob), account=str(EncryptedFinancialProfile.objects.get().pk)).status_code == 400
    assert api(User.objects.get(email="alice@example.com")).post(f"{first}cancel/").status_code == 200
    assert send(LARGE).status_code == 202


def test_a_canceled_upload_is_not_imported(send: Send, as_alice: APIClient) -> None:
    path = location(send(LARGE))
    response = as_alice.post(f"{path}cancel/")
    assert (response.status_code, response.json()["status"]) == (200, "canceled")
    assert not UploadChunk.objects.exists()
    jobs.run_pending()
    assert (as_alice.get(path).json()["status"], no_rows()) == ("canceled", True)
    assert as_alice.post(f"{path}cancel/").json()["errors"][0]["code"] == "already_ended"


def test_another_users_upload_is_not_found(send: Send, bob: User, api: ClientFor) -> None:
    path = location(send(LARGE))
    assert api(bob).get(path).status_code == 404
    assert api(bob).post(f"{path}cancel/").status_code == 404
    assert api(bob).get(UPLOADS).json()["results"] == []


def test_uploads_are_listed_and_filtered(send: Send, as_alice: APIClient) -> None:
    send(LARGE)
    send(LARGE, dry_run="true")
    assert [row["kind"] for row in as_alice.get(UPLOADS).json()["results"]] == ["dry_run", "import"]
    assert [row["kind"] for row in as_alice.get(UPLOADS, {"kind": "import"}).json()["results"]] == ["import"]
    assert as_alice.get(UPLOADS, {"status": "done"}).json()["results"] == []


def test_a_read_token_cannot_cancel(send: Send, alice: User, api: ClientFor) -> None:
    path = location(send(LARGE))
    reader = api(alice, "read")
    assert (reader.get(path).status_code, reader.post(f"{path}cancel/").status_code) == (200, 403)


def test_small_files_are_imported_while_a_large_one_waits(send: Send) -> None:
    send(LARGE)
    assert (send(SMALL).status_code, send(SMALL).json()["duplicates"]) == (201, 2)


def test_imports_list_only_what_was_imported(send: Send, as_alice: APIClient) -> None:
    send(LARGE)
    assert as_alice.get(URL).json()["results"] == []
