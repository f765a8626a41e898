"""Uploads of attachments: what is stored, and what is refused."""

from typing import Any

import pytest
from django.db import connection
from rest_framework.test import APIClient

from core import rls
from dev.factories import AttachmentFactory, TransactionFactory
from dev.receipts import jpeg, png
from finance.models import Attachment, AttachmentChunk, FinancialTransaction
from finance.models.attachments import CHUNK_BYTES, MAX_BYTES
from tests.finance.attachments.conftest import ATTACHMENTS, RECEIPT, Upload, error_of, file_of, large_png
from users.models import User


def test_a_file_is_attached(upload: Upload, spent: FinancialTransaction) -> None:
    response = upload()
    assert response.status_code == 201, response.content
    shown = response.json()
    assert (shown["transaction"], shown["name"], shown["media_type"]) == (str(spent.pk), "receipt.pdf", "pdf")
    assert (shown["size"], shown["detached_at"]) == (len(RECEIPT), None)
    assert {"sha256", "content"} & shown.keys() == set()


@pytest.mark.parametrize(("content", "media_type", "name"), [(png(), "png", "a.png"), (jpeg(), "jpeg", "a.jpg")])
def test_the_content_determines_the_type(upload: Upload, content: bytes, media_type: str, name: str) -> None:
    shown = upload(content, "a").json()
    assert (shown["media_type"], shown["name"]) == (media_type, name)


def test_the_contents_are_encrypted(upload: Upload, alice: User) -> None:
    upload()
    with rls.as_customer(alice), connection.cursor() as cursor:
        cursor.execute("SELECT content FROM finance_attachmentchunk")
        [(stored,)] = cursor.fetchall()
    assert len(stored) == len(RECEIPT) + 33
    assert b"%PDF" not in bytes(stored)


def test_a_file_of_the_largest_size_is_stored_in_chunks(upload: Upload) -> None:
    response = upload(large_png(MAX_BYTES), "photo.png")
    assert response.status_code == 201, response.content
    assert AttachmentChunk.objects.count() == MAX_BYTES // CHUNK_BYTES


def test_a_file_that_is_too_large_is_refused(upload: Upload) -> None:
    assert error_of(upload(large_png(MAX_BYTES + 1), "photo.png")) == (400, "too_large", "file")


def test_a_body_that_is_too_large_is_refused_before_it_is_read(as_alice: APIClient) -> None:
    response = as_alice.generic("POST", ATTACHMENTS, b"", "multipart/form-data; boundary=x", CONTENT_LENGTH=str(10**8))
    assert error_of(response) == (413, "too_large", "file")
    assert "Send a smaller file" in response.json()["errors"][0]["detail"]


def test_a_body_in_chunks_is_refused(as_alice: APIClient) -> None:
    options = {"HTTP_TRANSFER_ENCODING": "chunked", "CONTENT_LENGTH": ""}
    assert as_alice.generic("POST", ATTACHMENTS, b"", "multipart/form-data; boundary=x", **options).status_code == 411


def test_an_empty_file_is_refused(upload: Upload) -> None:
    assert error_of(upload(b"")) == (400, "empty", "file")


def test_two_files_are_refused(upload: Upload) -> None:
    assert error_of(upload(file=[file_of(), file_of()])) == (400, "several", "file")


def test_a_file_of_another_name_is_refused(upload: Upload) -> None:
    assert error_of(upload(other=file_of())) == (400, "unknown_field", "other")


def test_a_text_instead_of_a_file_is_refused(upload: Upload) -> None:
    assert error_of(upload(file="receipt.pdf")) == (400, "invalid", "file")


def test_json_is_refused(as_alice: APIClient, spent: FinancialTransaction) -> None:
    assert as_alice.post(ATTACHMENTS, {"transaction": str(spent.pk)}).status_code == 415


@pytest.mark.parametrize("name", ["transaction", "file"])
def test_a_missing_field_is_named(as_alice: APIClient, spent: FinancialTransaction, name: str) -> None:
    form: dict[str, Any] = {"transaction": str(spent.pk), "file": file_of()}
    del form[name]
    assert error_of(as_alice.post(ATTACHMENTS, form, format="multipart")) == (400, "required", name)


def test_another_users_transaction_is_refused(upload: Upload, bob: User) -> None:
    assert error_of(upload(transaction=str(TransactionFactory(user=bob).pk))) == (400, "does_not_exist", "transaction")
    assert not Attachment.objects.exists()


def test_a_retry_with_the_same_key_stores_one_file(as_alice: APIClient, spent: FinancialTransaction) -> None:
    def post(content: bytes = RECEIPT) -> Any:
        form = {"transaction": str(spent.pk), "file": file_of(content)}
        return as_alice.post(ATTACHMENTS, form, format="multipart", headers={"Idempotency-Key": "once"})

    first, again = post(), post()
    assert (first.status_code, again.status_code, again.headers["Idempotent-Replayed"]) == (201, 201, "true")
    assert first.json() == again.json()
    assert (Attachment.objects.count(), AttachmentChunk.objects.count()) == (1, 1)
    assert post(png()).status_code == 422


def test_a_refused_file_leaves_nothing(upload: Upload) -> None:
    assert upload(b"%PDF-1.4 cut").status_code == 400
    assert not AttachmentChunk.objects.exists()


def test_a_transaction_has_at_most_30_attachments(upload: Upload, spent: FinancialTransaction, alice: User) -> None:
    AttachmentFactory.create_batch(29, user=alice, transaction=spent)
    assert upload().status_code == 201
    assert error_of(upload()) == (400, "too_many_attachments", "transaction")
    assert upload(transaction=str(TransactionFactory(user=alice).pk)).status_code == 201


def test_a_user_has_at_most_100_mb(upload: Upload, alice: User) -> None:
    Attachment.objects.bulk_create(
        AttachmentFactory.build(user=alice, transaction=TransactionFactory(user=alice)) for _ in range(10)
    )
    Attachment.objects.order_by("pk").update(size=MAX_BYTES)
    response = upload()
    assert error_of(response) == (400, "storage_full", "file")
    assert "Delete attachments first" in response.json()["errors"][0]["detail"]
