"""Altered or invalid exports are refused with the wrong line or file, and nothing is written."""

import io
import json
import zipfile
from collections.abc import Callable, Mapping
from hashlib import sha256
from types import MappingProxyType
from typing import Any

import pytest
from django.conf import LazySettings
from django.core.files.uploadedfile import SimpleUploadedFile
from rest_framework.test import APIClient

from dev.factories import AccountFactory, CategoryFactory, OnboardingFactory, TransactionFactory, UserFactory
from finance.models import EncryptedFinancialProfile
from tests.conftest import Storing
from tests.privacy.conftest import files_in, zip_of
from users.models import OnboardingProgress, User
from users.privacy import export_reader

PATH = "/api/v1/users/me/import/"
CATEGORIES = "data/finance_category.jsonl"
TRANSACTIONS = "data/finance_financialtransaction.jsonl"
ACCOUNTS = "data/finance_encryptedfinancialprofile.jsonl"
ROWS = "data/finance_statementimportrow.jsonl"


@pytest.fixture(scope="module")
def export(storing: Storing) -> Mapping[str, bytes]:
    """Return the files of an export with one account and two transactions, created once for all tests of this module."""
    with storing():
        owner = UserFactory.create()
        account = AccountFactory(user=owner)
        TransactionFactory.create_batch(2, user=owner, financial_profile=account)
        return MappingProxyType(files_in(zip_of(owner)))


def packed(files: Mapping[str, bytes], **manifest: Any) -> bytes:
    """Return `files` as a zip with a matching manifest."""
    original = json.loads(files["manifest.json"])
    for entry in original["files"]:
        entry["sha256"] = sha256(files[entry["name"]]).hexdigest()
    return zipped({**files, "manifest.json": json.dumps(original | manifest).encode()})


def zipped(files: Mapping[str, bytes]) -> bytes:
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return sink.getvalue()


def with_row(export: Mapping[str, bytes], name: str = TRANSACTIONS, **values: Any) -> bytes:
    """Return the export with the last row of a file changed."""
    rows = [json.loads(text) for text in export[name].splitlines()] or [{"id": 1}]
    rows[-1] |= values
    return packed({**export, name: b"".join(json.dumps(row).encode() + b"\n" for row in rows)})


@pytest.fixture
def send(signed_in: APIClient) -> Callable[[bytes], Any]:
    def post(data: bytes) -> Any:
        return signed_in.post(PATH, {"file": SimpleUploadedFile("export.zip", data)}, format="multipart")

    return post


def refusal(response: Any) -> tuple[int, str, str]:
    """Check that nothing was written, and return the status, the error code and its text."""
    error = response.json()["errors"][0]
    assert not EncryptedFinancialProfile.objects.filter(user__email="alice@example.com").exists()
    return response.status_code, error["code"], error["detail"]


def test_an_import_replaces_the_onboarding_steps(alice: User, export: Any, send: Any) -> None:
    OnboardingFactory(user=alice)
    response = send(packed(export))
    assert response.status_code == 201, response.content
    assert response.json()["rows"][TRANSACTIONS] == 2
    assert not OnboardingProgress.objects.filter(user=alice).exists()


def test_a_second_import_is_refused(export: Any, send: Any) -> None:
    send(packed(export))
    response = send(packed(export))
    assert (response.status_code, response.json()["errors"][0]["code"]) == (409, "account_not_empty")
    assert "accounts" in response.json()["errors"][0]["detail"]


def test_a_token_may_not_import(as_alice: APIClient, export: Any) -> None:
    response = as_alice.post(PATH, {"file": SimpleUploadedFile("export.zip", packed(export))}, format="multipart")
    assert (response.status_code, response.json()["errors"][0]["code"]) == (403, "session_required")


WRONG_ROWS = [
    ({"amount": "abc"}, "amount"),
    ({"amount": "NaN"}, "amount"),
    ({"amount": "5.00"}, "amount: Income and refunds must be above 0"),
    ({"amount": "-99999999999999.00"}, "amount"),
    ({"amount": []}, "amount"),
    ({"currency": "XXXX"}, "currency"),
    ({"transaction_type": "gift"}, "transaction_type"),
    ({"transaction_date": "0001-01-01"}, "transaction_date"),
    ({"created_at": "2999-01-01T00:00:00Z"}, "created_at: It must not be in the future"),
    ({"metadata": []}, "metadata"),
    ({"sources": {"payee": "user"}}, "sources_kind: Each source must be an object with a kind"),
    ({"metadata": {"a": 1e999}}, "not valid JSON"),
    ({"metadata": {"a": "\x00"}}, "null characters"),
    ({"metadata": {"a": "\ud800"}}, "not valid JSON"),
    ({"id": 0}, "id: A row's number"),
    ({"id": "1"}, "id: A row's number"),
    ({"id": 1}, "is a duplicate"),
    ({"user_id": "x"}, "user_id: There is no such field"),
    ({"user": "x"}, "user: There is no such field"),
    ({"financial_profile_id": "@finance_encryptedfinancialprofile/9"}, "not in the file"),
    ({"financial_profile_id": "@finance_financialtransaction/1"}, "financial_profile_id: Must be a reference"),
    ({"financial_profile_id": "0197f000-0000-7000-8000-000000000000"}, "financial_profile_id: Must be a reference"),
]


@pytest.mark.parametrize(("values", "detail"), WRONG_ROWS, ids=str)
def test_an_invalid_row_is_named(values: dict[str, Any], detail: str, export: Any, send: Any) -> None:
    status, code, sentence = refusal(send(with_row(export, **values)))
    assert (status, code in ("invalid_row", "invalid_json")) == (400, True)
    assert f"{TRANSACTIONS}, line 2" in sentence
    assert detail in sentence


def test_an_encrypted_value_is_validated(export: Any, send: Any) -> None:
    status, _, sentence = refusal(send(with_row(export, ACCOUNTS, account_number="no number!")))
    assert (status, "account_number" in sentence) == (400, True)


def test_another_users_account_cannot_be_referenced(export: Any, send: Any, bob: User) -> None:
    foreign = AccountFactory(user=bob)
    status, _, sentence = refusal(send(with_row(export, financial_profile_id=str(foreign.pk))))
    assert (status, "financial_profile_id" in sentence) == (400, True)


def test_another_users_deleted_transaction_is_refused(export: Any, send: Any, bob: User) -> None:
    spent = TransactionFactory(user=bob)
    row: dict[str, Any] = {
        "statement_import_id": "@finance_statementimport/1",
        "account_id": "@finance_encryptedfinancialprofile/1",
    }
    row |= {"number": 1, "verdict": "created", "transaction_id": "@finance_financialtransaction/3", "is_claim": True}
    forged = with_row(export, ROWS, **row, deleted_row={"id": str(spent.pk), "user_id": str(bob.pk)})
    status, _, sentence = refusal(send(forged))
    assert (status, "deleted_row: It must be the transaction" in sentence) == (400, True)


@pytest.mark.parametrize("column", ["parent_id", "merged_into_id"])
def test_a_circle_of_categories_is_refused(alice: User, send: Any, column: str) -> None:
    owner = UserFactory.create()
    CategoryFactory.create_batch(2, user=owner)
    files = files_in(zip_of(owner))
    rows = [json.loads(text) for text in files[CATEGORIES].splitlines()]
    for row, other in zip(rows, (2, 1), strict=True):
        row[column] = f"@finance_category/{other}"
    text = b"".join(json.dumps(row).encode() + b"\n" for row in rows)
    assert refusal(send(packed({**files, CATEGORIES: text})))[:2] == (400, "invalid_row")


def test_deep_nesting_is_refused(export: Any, send: Any) -> None:
    deep = b'{"id":1,"metadata":' + b'{"a":' * 900 + b"1" + b"}" * 901 + b"\n"
    assert refusal(send(packed({**export, TRANSACTIONS: deep})))[0] == 400


def test_an_invalid_zip_is_refused(send: Any) -> None:
    assert refusal(send(b"PK\x03\x04 and then nothing"))[:2] == (400, "not_a_zip")


def test_a_path_outside_of_the_export_is_refused(export: Any, send: Any) -> None:
    assert refusal(send(packed({**export, "../../etc/passwd": b"x"})))[:2] == (400, "unknown_file")


def test_a_file_twice_is_refused(export: Any, send: Any) -> None:
    sink = io.BytesIO(packed(export))
    with pytest.warns(UserWarning, match="Duplicate name"), zipfile.ZipFile(sink, "a") as archive:
        archive.writestr(TRANSACTIONS, b"")
    assert refusal(send(sink.getvalue()))[:2] == (400, "incomplete")


def test_a_wrong_hash_is_refused(export: Any, send: Any) -> None:
    assert refusal(send(zipped({**export, TRANSACTIONS: export[TRANSACTIONS] + b"\n"})))[:2] == (400, "changed")


def test_a_missing_file_is_refused(export: Any, send: Any) -> None:
    assert refusal(send(zipped({name: text for name, text in export.items() if name != ACCOUNTS})))[:2] == (400, "incomplete")


def test_a_later_version_is_refused(export: Any, send: Any) -> None:
    status, code, sentence = refusal(send(packed(export, schema=2)))
    assert (status, code) == (400, "unknown_version")
    assert "version 2" in sentence


@pytest.mark.parametrize(
    "manifest", [b"", b"[]", b"{}", b'{"format": 1', b"[" * 100_000, b'{"format":"mingus-export","schema":1,"files":[1]}']
)
def test_a_broken_manifest_is_refused(manifest: bytes, export: Any, send: Any) -> None:
    assert refusal(send(zipped({**export, "manifest.json": manifest})))[0] == 400


def test_more_than_the_largest_unpacked_size_is_refused(export: Any, send: Any, settings: LazySettings) -> None:
    settings.RESTORE_MAX_BYTES = 100_000
    assert refusal(send(packed({**export, TRANSACTIONS: b" " * 200_000})))[:2] == (400, "too_large")


def test_an_overlong_line_is_refused(export: Any, send: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(export_reader, "MAX_LINE", 10_000)
    assert refusal(send(packed({**export, TRANSACTIONS: b" " * 200_000})))[:2] == (400, "too_large")


def test_damaged_bytes_are_refused(export: Any, send: Any) -> None:
    data = bytearray(packed(export))
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        largest = max(archive.infolist(), key=lambda info: info.compress_size)
    # in the middle of its contents: bytes of a file's header, such as its time, are not read
    data[largest.header_offset + 30 + len(largest.filename) + largest.compress_size // 2] ^= 0xFF
    assert refusal(send(bytes(data)))[0] == 400
