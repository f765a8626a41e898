"""Attachments in exports, imports and erasures."""

import hashlib
import io
import json
import zipfile
from collections.abc import Callable

import pytest
from rest_framework.test import APIClient

from core import rls
from core.encryption.key_ring import EncryptionError
from core.errors import DomainError
from dev.factories import AttachmentFactory, TransactionFactory, UserFactory
from dev.receipts import pdf, png
from finance.models import Attachment, AttachmentChunk
from finance.models.attachments import CHUNK_BYTES
from tests.finance.attachments.conftest import large_png
from tests.privacy.conftest import data_files, files_in, rows_in, zip_of
from users.models import AccountErasure, User
from users.privacy.erasure import begin_erasure, run_erasure
from users.privacy.restore import restore

FILE, ROWS = "files/finance_attachment/1.pdf", "data/finance_attachment.jsonl"
CONTENT = pdf("Corner Shop", "Total 4.20 EUR")
Change = Callable[[dict[str, bytes]], None]


@pytest.fixture
def empty(db: None) -> User:
    return UserFactory.create(email="empty@example.com")


@pytest.fixture
def exported(alice: User) -> bytes:
    AttachmentFactory(user=alice, name="lunch.pdf", content=CONTENT)
    return zip_of(alice)


def packed(files: dict[str, bytes]) -> bytes:
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return sink.getvalue()


def test_an_export_has_the_files_and_their_rows(exported: bytes) -> None:
    assert files_in(exported)[FILE] == CONTENT
    [row] = rows_in(exported, "finance.Attachment")
    assert (row["id"], row["name"], row["size"], row["media_type"]) == (1, "lunch.pdf", len(CONTENT), "pdf")
    assert row["transaction_id"] == "@finance_financialtransaction/1"
    assert "finance_attachmentchunk" not in str(files_in(exported).keys())


def test_an_import_restores_the_files(alice: User, empty: User) -> None:
    target = TransactionFactory(user=alice)
    AttachmentFactory(user=alice, transaction=target, content=large_png(2 * CHUNK_BYTES + 1), name="photo.png")
    AttachmentFactory(user=alice, transaction=target, name="lunch.pdf")
    detached = AttachmentFactory(user=alice, transaction=None)
    before = zip_of(alice)
    with rls.as_customer(empty):
        restore(empty, io.BytesIO(before))
        after = zip_of(empty)
        copies = Attachment.objects.filter(user=empty).order_by("pk")
        assert [b"".join(row.read_file())[:4] for row in copies] == [b"\x89PNG", b"%PDF", b"%PDF"]
    assert data_files(after, "data", "files") == data_files(before, "data", "files")
    detached.refresh_from_db()
    assert copies.last().detached_at == detached.detached_at


def without_the_file(files: dict[str, bytes]) -> None:
    del files[FILE]


def with_another_file(files: dict[str, bytes]) -> None:
    files[FILE] = pdf("Other Shop", "Total 4.20 EUR")


def with_a_script(files: dict[str, bytes]) -> None:
    files[FILE] = b"<script>alert(1)</script>"


def with_a_further_file(files: dict[str, bytes]) -> None:
    files["files/finance_attachment/2.pdf"] = CONTENT


def with_a_large_file(files: dict[str, bytes]) -> None:
    files["files/finance_attachment/2.png"] = large_png(10 * 1024**2 + 1)


def with_a_file_of_another_table(files: dict[str, bytes]) -> None:
    files["files/finance_category/1.pdf"] = CONTENT


def with_a_path(files: dict[str, bytes]) -> None:
    files["files/finance_attachment/../../1.pdf"] = CONTENT


@pytest.mark.parametrize(
    ("change", "code", "words"),
    [
        (without_the_file, "invalid_row", "is missing"),
        (with_another_file, "invalid_row", "not the one that its row describes"),
        (with_a_script, "invalid_row", "of another type"),
        (with_a_further_file, "unknown_file", "No row has the file"),
        (with_a_large_file, "unknown_file", "no file"),
        (with_a_file_of_another_table, "unknown_file", "no file"),
        (with_a_path, "unknown_file", "no file"),
    ],
)
def test_a_changed_export_is_refused(exported: bytes, empty: User, change: Change, code: str, words: str) -> None:
    files = files_in(exported)
    change(files)
    with pytest.raises(DomainError, match=words) as refused, rls.as_customer(empty):
        restore(empty, io.BytesIO(packed(files)))
    assert refused.value.code == code
    assert not Attachment.objects.filter(user=empty).exists()


@pytest.mark.parametrize("name", ["evil.exe", "a\u202eb.pdf", "a/b.pdf"])
def test_a_changed_name_is_refused(exported: bytes, empty: User, name: str) -> None:
    files = files_in(exported)
    files[ROWS] = json.dumps(json.loads(files[ROWS]) | {"name": name}).encode() + b"\n"
    manifest = json.loads(files["manifest.json"])
    [listed] = [item for item in manifest["files"] if item["name"] == ROWS]
    listed["sha256"] = hashlib.sha256(files[ROWS]).hexdigest()
    files["manifest.json"] = json.dumps(manifest).encode()
    with pytest.raises(DomainError, match="name_characters: A name has the ending") as refused, rls.as_customer(empty):
        restore(empty, io.BytesIO(packed(files)))
    assert refused.value.code == "invalid_row"


def test_a_file_that_can_not_be_decrypted_is_left_out(alice: User, empty: User) -> None:
    AttachmentFactory(user=alice, is_stored=False)
    AttachmentFactory(user=alice, name="lunch.pdf")
    before = zip_of(alice)
    assert json.loads(files_in(before)["manifest.json"])["unreadable"] == 1
    assert [row["name"] for row in rows_in(before, "finance.Attachment")] == ["lunch.pdf"]
    with rls.as_customer(empty):
        restore(empty, io.BytesIO(before))
    assert Attachment.objects.get(user=empty).name == "lunch.pdf"


def test_an_operator_imports_the_files_too(exported: bytes, empty: User) -> None:
    restore(empty, io.BytesIO(exported))
    with rls.as_customer(empty):
        assert b"".join(Attachment.objects.get(user=empty).read_file()) == CONTENT


def test_an_erasure_deletes_files_and_makes_copies_unreadable(alice: User, as_alice: APIClient) -> None:
    row = AttachmentFactory(user=alice, content=png(), name="photo.png")
    with rls.as_customer(alice):
        copy = AttachmentChunk.objects.get()  # as from a backup; it is decrypted when it is read
    run_erasure(begin_erasure(alice, requested_by="customer"))
    assert AccountErasure.objects.get().finished_at is not None
    assert (Attachment.objects.count(), AttachmentChunk.objects.count()) == (0, 0)
    with pytest.raises(EncryptionError):
        copy.content  # noqa: B018 - decrypts
    assert as_alice.get(f"/api/v1/finance/attachments/{row.pk}/download/").status_code in (401, 403)
