"""Downloads of attachments: their headers, and contents that can't be decrypted."""

import hashlib
from base64 import b64encode

import pytest
from django.db import connection
from rest_framework.test import APIClient

from core import rls
from core.encryption import data_keys
from core.encryption.key_ring import TamperedError
from dev.factories import AttachmentFactory, TokenFactory
from dev.receipts import jpeg, png
from finance.models import Attachment, AttachmentChunk
from finance.models.attachments import CHUNK_BYTES
from tests.finance.attachments.conftest import ATTACHMENTS, RECEIPT, Upload, body_of, error_of, file_of, large_png
from users.models import User


def download_of(row: Attachment) -> str:
    return f"{ATTACHMENTS}{row.pk}/download/"


@pytest.mark.parametrize(
    ("content", "name", "content_type"),
    [(RECEIPT, "a.pdf", "application/pdf"), (png(), "a.png", "image/png"), (jpeg(), "a.jpg", "image/jpeg")],
)
def test_a_download_has_the_bytes_and_safe_headers(
    as_alice: APIClient, alice: User, content: bytes, name: str, content_type: str
) -> None:
    response = as_alice.get(download_of(AttachmentFactory(user=alice, content=content, name=name)))
    assert (response.status_code, body_of(response)) == (200, content)
    assert response.headers["Content-Type"] == content_type
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert response.headers["Content-Disposition"] == f'attachment; filename="{name}"'
    assert response.headers["Content-Length"] == str(len(content))
    assert response.headers["Cache-Control"] == "private, no-store"
    digest = b64encode(hashlib.sha256(content).digest()).decode()
    assert response.headers["Repr-Digest"] == f"sha-256=:{digest}:"


def test_a_file_of_several_chunks_comes_back(upload: Upload, as_alice: APIClient) -> None:
    content = large_png(2 * CHUNK_BYTES + 7)
    upload(content, "photo.png")
    assert body_of(as_alice.get(download_of(Attachment.objects.get()))) == content


def test_a_known_file_is_not_sent_again(as_alice: APIClient, alice: User) -> None:
    row = AttachmentFactory(user=alice)
    first = as_alice.get(download_of(row))
    body_of(first)
    again = as_alice.get(download_of(row), headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.content) == (304, b"")


def test_another_users_file_is_not_found(as_alice: APIClient, bob: User) -> None:
    assert as_alice.get(download_of(AttachmentFactory(user=bob))).status_code == 404


@pytest.mark.parametrize(("scope", "status"), [("read", 403), ("read-write", 201)])
def test_a_token_that_can_only_read_can_download_but_not_upload(alice: User, scope: str, status: int) -> None:
    row = AttachmentFactory(user=alice)
    client = APIClient(headers={"Authorization": f"Bearer {TokenFactory(user=alice, scope=scope).text}"})
    assert body_of(client.get(download_of(row))) != b""
    form = {"transaction": str(row.transaction_id), "file": file_of()}
    assert client.post(ATTACHMENTS, form, format="multipart").status_code == status


def test_a_file_can_not_be_read_after_the_data_key_is_destroyed(as_alice: APIClient, alice: User) -> None:
    row = AttachmentFactory(user=alice)
    data_keys.destroy(alice)
    assert as_alice.get(f"{ATTACHMENTS}{row.pk}/").status_code == 200
    assert error_of(as_alice.get(download_of(row))) == (409, "unreadable", None)


def test_a_missing_chunk_is_an_error(as_alice: APIClient, alice: User) -> None:
    row = AttachmentFactory(user=alice, is_stored=False)
    assert error_of(as_alice.get(download_of(row))) == (409, "unreadable", None)


def test_exchanged_chunks_are_noticed_before_the_last_one(alice: User) -> None:
    row = AttachmentFactory(user=alice, content=large_png(2 * CHUNK_BYTES), name="a.png")
    with rls.as_customer(alice):
        first, second = AttachmentChunk.objects.order_by("number").values_list("pk", flat=True)
        for key, number in ((first, 5), (second, 0), (first, 1)):
            AttachmentChunk.objects.filter(pk=key).update(number=number)
        parts = row.read_file()
        next(parts)
        with pytest.raises(TamperedError):
            next(parts)


def test_a_chunk_of_another_row_can_not_be_decrypted(as_alice: APIClient, alice: User) -> None:
    row, other = AttachmentFactory(user=alice), AttachmentFactory(user=alice)
    with rls.as_customer(alice), connection.cursor() as cursor:
        cursor.execute(
            "UPDATE finance_attachmentchunk SET content = "
            "(SELECT content FROM finance_attachmentchunk WHERE attachment_id = %s) WHERE attachment_id = %s",
            [other.pk, row.pk],
        )
    assert error_of(as_alice.get(download_of(row))) == (409, "unreadable", None)
