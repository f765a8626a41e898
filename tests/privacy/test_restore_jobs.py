"""Large exports: accepted with 202 and imported by a job, in constant memory and within bounds."""

import io
import tracemalloc
import zipfile
from collections.abc import Callable
from typing import Any

import pytest
from django.conf import LazySettings
from django.core.files.uploadedfile import SimpleUploadedFile
from rest_framework.test import APIClient

from core import jobs
from core.errors import DomainError
from dev.factories import AccountFactory, TransactionFactory, UserFactory
from finance.models import FinancialTransaction
from tests.privacy.conftest import data_files, files_in, zip_of
from tests.privacy.test_import_refusals import PATH, TRANSACTIONS, packed, zipped
from users import uploads
from users.models import Upload, UploadChunk, User
from users.privacy import archive
from users.privacy.export_reader import ExportReader
from users.privacy.restore import restore
from users.second_connection import SecondConnection

MEGABYTE = 1024**2
STAMPS = ("id", "created_at", "updated_at")


def transactions(owner: User, number: int, **values: Any) -> None:
    """Create transactions in one statement."""
    one = TransactionFactory.build(user=owner, financial_profile=AccountFactory(user=owner), **values)
    stored = [field for field in one._meta.concrete_fields if field.name not in STAMPS and not field.generated]
    columns = {field.attname: getattr(one, field.attname) for field in stored}
    FinancialTransaction.objects.bulk_create([FinancialTransaction(**columns) for _ in range(number)])


@pytest.fixture
def send(no_jobs: None, signed_in: APIClient) -> Callable[[bytes], Any]:
    def post(data: bytes) -> Any:
        return signed_in.post(PATH, {"file": SimpleUploadedFile("export.zip", data)}, format="multipart")

    return post


@pytest.fixture
def owner(no_jobs: None) -> User:
    return UserFactory.create()


def error(response: Any) -> tuple[int, str]:
    return response.status_code, response.json()["errors"][0]["code"]


def test_more_than_500_rows_are_imported_by_a_job(owner: User, alice: User, send: Any, signed_in: APIClient) -> None:
    transactions(owner, 501)
    exported = zip_of(owner)
    response = send(exported)
    body = response.json()
    assert (response.status_code, body["kind"], body["status"], body["size"]) == (202, "restore", "queued", len(exported))
    assert not FinancialTransaction.objects.filter(user=alice).exists()
    jobs.run_pending()
    done = signed_in.get(response.headers["Location"]).json()
    assert (done["status"], done["progress"], done["result"]["rows"][TRANSACTIONS]) == ("done", 100, 501)
    assert data_files(zip_of(alice), "data") == data_files(exported, "data")
    assert not UploadChunk.objects.exists()


def test_more_than_a_megabyte_is_imported_by_a_job(owner: User, send: Any, signed_in: APIClient) -> None:
    transactions(owner, 30, metadata={"text": "a" * 40_000})
    exported = zip_of(owner)
    assert len(exported) < MEGABYTE
    response = send(exported)
    assert response.status_code == 202
    jobs.run_pending()
    assert signed_in.get(response.headers["Location"]).json()["result"]["rows"][TRANSACTIONS] == 30


def test_a_small_export_is_imported_at_once(owner: User, send: Any) -> None:
    transactions(owner, 400)
    assert send(zip_of(owner)).status_code == 201
    assert not Upload.objects.exists()


def test_a_file_that_is_no_export_is_refused_at_once(send: Any, settings: LazySettings) -> None:
    settings.IMPORT_DIRECT_BYTES = 0
    assert error(send(b"no zip" * 1000)) == (400, "not_a_zip")


def test_an_account_with_data_is_refused_at_once(owner: User, alice: User, send: Any) -> None:
    transactions(owner, 501)
    AccountFactory(user=alice)
    assert error(send(zip_of(owner))) == (409, "account_not_empty")


def test_the_job_names_an_invalid_row(owner: User, alice: User, send: Any, signed_in: APIClient) -> None:
    transactions(owner, 501)
    files = files_in(zip_of(owner))
    files[TRANSACTIONS] = files[TRANSACTIONS].replace(b'"id":501,', b'"id":1,')
    response = send(packed(files))
    jobs.run_pending()
    failed = signed_in.get(response.headers["Location"]).json()
    assert (failed["status"], failed["error"]["code"], failed["error"]["attr"]) == ("failed", "invalid_row", "file")
    assert f"{TRANSACTIONS}, line 501" in failed["error"]["detail"]
    assert not FinancialTransaction.objects.filter(user=alice).exists()


def test_the_job_refuses_changed_contents(owner: User, alice: User, send: Any, signed_in: APIClient) -> None:
    transactions(owner, 501)
    files = files_in(zip_of(owner))
    files[TRANSACTIONS] += b"\n"
    response = send(zipped(files))
    jobs.run_pending()
    assert signed_in.get(response.headers["Location"]).json()["error"]["code"] == "changed"


def test_the_account_stays_usable_while_an_export_is_imported(
    owner: User, alice: User, send: Any, signed_in: APIClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    transactions(owner, 501)
    response = send(zip_of(owner))
    dentist = {"date_name": "Dentist", "date_type": "health", "date_value": "2031-05-06"}
    statuses: list[int] = []

    def use_account(percent: int) -> None:
        if percent > 90:
            statuses.append(signed_in.post("/api/v1/system/important-dates/", dentist, format="json").status_code)
            statuses.append(signed_in.get("/api/v1/users/profile/").status_code)

    def restoring(upload: Upload, file: Any, on_progress: Any) -> Any:
        with SecondConnection() as other:
            return {"rows": restore(upload.user, file, on_progress=lambda percent: other.run(lambda: use_account(percent)))}

    monkeypatch.setitem(uploads.KINDS, "restore", restoring)
    jobs.run_pending()
    assert signed_in.get(response.headers["Location"]).json()["status"] == "done"
    assert statuses
    assert set(statuses) <= {200, 201}


# Harmless archives of repeated text, as a ZIP bomb has.


def test_a_zip_bomb_is_refused_before_it_is_unpacked(owner: User, send: Any) -> None:
    bomb = packed({**files_in(zip_of(owner)), TRANSACTIONS: b" " * (20 * MEGABYTE)})
    assert len(bomb) < 100_000
    assert error(send(bomb)) == (400, "too_compressed")
    assert not Upload.objects.exists()


def test_the_unpacked_size_is_limited(owner: User, send: Any, settings: LazySettings) -> None:
    settings.RESTORE_MAX_BYTES = 2 * MEGABYTE
    transactions(owner, 60, metadata={"text": "a" * 40_000})
    assert error(send(zip_of(owner))) == (400, "too_large")


def test_a_size_in_the_directory_that_is_too_low_unpacks_no_more(owner: User) -> None:
    bomb = bytearray(packed({**files_in(zip_of(owner)), TRANSACTIONS: b" " * (20 * MEGABYTE)}))
    size = bomb.rindex(TRANSACTIONS.encode()) - 22  # the name follows 46 bytes of the directory, with the size at the 24th
    assert bomb[size : size + 4] == (20 * MEGABYTE).to_bytes(4, "little")
    bomb[size : size + 4] = (1_000).to_bytes(4, "little")
    with pytest.raises(DomainError) as refused:
        ExportReader(io.BytesIO(bytes(bomb))).check_contents()
    assert refused.value.code in {"damaged", "changed"}


def test_a_forged_directory_is_not_read_into_memory(owner: User, send: Any) -> None:
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w") as forged:
        for number in range(20_000):
            forged.writestr(f"{number:040}", b"")
    assert len(sink.getvalue()) > MEGABYTE
    assert error(send(sink.getvalue())) == (400, "not_a_zip")


def test_the_most_compressible_export_of_ours_can_be_imported(
    owner: User, alice: User, send: Any, signed_in: APIClient
) -> None:
    """Import an export of 20 MB of equal texts, which would be a ZIP bomb without its padding."""
    transactions(owner, 400, metadata={"text": "a" * 50_000})
    exported = zip_of(owner)
    files = files_in(exported)
    assert sum(map(len, files.values())) > 18 * MEGABYTE
    assert set(files.pop(archive.PADDING)) == {0}
    assert error(send(zipped(files))) == (400, "too_compressed")
    response = send(exported)
    jobs.run_pending()
    assert signed_in.get(response.headers["Location"]).json()["result"]["rows"][TRANSACTIONS] == 400
    assert data_files(zip_of(alice), "data") == data_files(exported, "data")


@pytest.mark.faults
def test_memory_does_not_grow_with_the_file(owner: User, alice: User) -> None:
    transactions(owner, 600, metadata={"text": "a" * 50_000})
    exported = zip_of(owner)
    tracemalloc.start()
    restore(alice, io.BytesIO(exported))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert FinancialTransaction.objects.filter(user=alice).count() == 600
    assert peak < 25 * MEGABYTE


def test_a_usual_export_has_no_padding(owner: User) -> None:
    transactions(owner, 400)
    assert archive.PADDING not in files_in(zip_of(owner))
