"""Lists, filters, changes and deletions of attachments through the API."""

from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from core import rls
from dev.factories import AttachmentFactory, TransactionFactory
from dev.receipts import png
from finance.models import Attachment, AttachmentChunk, FinancialTransaction
from system.models import AuditEvent
from tests.finance.attachments.conftest import ATTACHMENTS, Upload, error_of
from users.models import User


def ids(client: APIClient, **query: Any) -> list[str]:
    response = client.get(ATTACHMENTS, query)
    assert response.status_code == 200, response.content
    return [row["id"] for row in response.json()["results"]]


def test_a_list_has_only_the_users_rows_the_newest_first(as_alice: APIClient, alice: User, bob: User) -> None:
    AttachmentFactory(user=bob)
    rows = AttachmentFactory.create_batch(3, user=alice)
    assert ids(as_alice) == [str(row.pk) for row in reversed(rows)]


def test_a_list_reads_no_contents(as_alice: APIClient, alice: User) -> None:
    AttachmentFactory.create_batch(3, user=alice)
    with CaptureQueriesContext(connection) as queries:
        ids(as_alice)
    assert not any("finance_attachmentchunk" in query["sql"] or "sha256" in query["sql"] for query in queries)


def test_a_list_is_filtered(as_alice: APIClient, alice: User) -> None:
    first, second = AttachmentFactory(user=alice), AttachmentFactory(user=alice, content=png(), name="photo.png")
    assert ids(as_alice, transaction=str(first.transaction_id)) == [str(first.pk)]
    assert ids(as_alice, media_type="png") == [str(second.pk)]
    assert ids(as_alice, media_type__in="pdf,jpeg") == [str(first.pk)]
    assert ids(as_alice, created_at__gte=second.created_at.isoformat()) == [str(second.pk)]
    assert ids(as_alice, search="photo") == [str(second.pk)]
    assert ids(as_alice, transaction__isnull="true") == []


def test_a_name_is_changed(as_alice: APIClient, alice: User) -> None:
    row = AttachmentFactory(user=alice)
    response = as_alice.patch(f"{ATTACHMENTS}{row.pk}/", {"name": "lunch"})
    assert (response.status_code, response.json()["name"]) == (200, "lunch.pdf")


def test_a_response_can_be_sent_back(as_alice: APIClient, upload: Upload) -> None:
    row = upload().json()
    response = as_alice.put(f"{ATTACHMENTS}{row['id']}/", row)
    assert (response.status_code, response.json() | {"updated_at": ""}) == (200, row | {"updated_at": ""})


@pytest.mark.parametrize("field", ["media_type", "size", "sha256", "detached_at", "content"])
def test_other_fields_can_not_be_changed(as_alice: APIClient, alice: User, field: str) -> None:
    row = AttachmentFactory(user=alice)
    before = Attachment.objects.values().get()
    assert as_alice.patch(f"{ATTACHMENTS}{row.pk}/", {field: "x"}).status_code in (200, 400)
    assert Attachment.objects.values().get() | {"updated_at": 0} == before | {"updated_at": 0}


def test_an_attachment_is_moved_to_another_own_transaction(as_alice: APIClient, alice: User) -> None:
    row, target = AttachmentFactory(user=alice), TransactionFactory(user=alice)
    response = as_alice.patch(f"{ATTACHMENTS}{row.pk}/", {"transaction": str(target.pk)})
    assert (response.status_code, response.json()["transaction"]) == (200, str(target.pk))


def test_an_attachment_is_not_moved_to_another_users_transaction(as_alice: APIClient, alice: User, bob: User) -> None:
    row, theirs = AttachmentFactory(user=alice), TransactionFactory(user=bob)
    response = as_alice.patch(f"{ATTACHMENTS}{row.pk}/", {"transaction": str(theirs.pk)})
    assert error_of(response) == (400, "does_not_exist", "transaction")


def test_an_attachment_is_not_moved_to_a_full_transaction(as_alice: APIClient, alice: User) -> None:
    row, target = AttachmentFactory(user=alice), TransactionFactory(user=alice)
    AttachmentFactory.create_batch(30, user=alice, transaction=target)
    response = as_alice.patch(f"{ATTACHMENTS}{row.pk}/", {"transaction": str(target.pk)})
    assert error_of(response) == (400, "too_many_attachments", "transaction")
    unchanged = as_alice.patch(f"{ATTACHMENTS}{Attachment.objects.latest('pk').pk}/", {"transaction": str(target.pk)})
    assert unchanged.status_code == 200


def test_an_attachment_is_not_detached_by_a_user(as_alice: APIClient, alice: User) -> None:
    row = AttachmentFactory(user=alice)
    assert error_of(as_alice.patch(f"{ATTACHMENTS}{row.pk}/", {"transaction": None})) == (400, "null", "transaction")


def test_an_attachment_is_deleted_with_its_contents(as_alice: APIClient, alice: User) -> None:
    row = AttachmentFactory(user=alice)
    assert as_alice.delete(f"{ATTACHMENTS}{row.pk}/").status_code == 204
    assert (Attachment.objects.count(), AttachmentChunk.objects.count()) == (0, 0)
    assert FinancialTransaction.objects.exists()


def test_another_users_attachment_is_not_found(as_alice: APIClient, bob: User) -> None:
    path = f"{ATTACHMENTS}{AttachmentFactory(user=bob).pk}/"
    responses = [as_alice.get(path), as_alice.patch(path, {"name": "a"}), as_alice.delete(path)]
    assert [response.status_code for response in responses] == [404, 404, 404]
    assert Attachment.objects.exists()


def test_an_attachment_of_a_deleted_transaction_remains(as_alice: APIClient, alice: User) -> None:
    row = AttachmentFactory(user=alice)
    assert as_alice.delete(f"/api/v1/finance/transactions/{row.transaction_id}/").status_code == 204
    shown = as_alice.get(f"{ATTACHMENTS}{row.pk}/").json()
    assert (shown["transaction"], shown["detached_at"] is None) == (None, False)
    assert ids(as_alice, transaction__isnull="true") == [str(row.pk)]
    assert as_alice.put(f"{ATTACHMENTS}{row.pk}/", shown | {"name": "kept"}).status_code == 200
    target = TransactionFactory(user=alice)
    moved = as_alice.patch(f"{ATTACHMENTS}{row.pk}/", {"transaction": str(target.pk)}).json()
    assert (moved["transaction"], moved["detached_at"]) == (str(target.pk), None)


def test_the_audit_log_has_neither_name_nor_contents(as_alice: APIClient, upload: Upload) -> None:
    row = upload(name="secret lunch.pdf").json()
    as_alice.patch(f"{ATTACHMENTS}{row['id']}/", {"name": "hidden dinner.pdf"})
    as_alice.delete(f"{ATTACHMENTS}{row['id']}/")
    events = list(AuditEvent.objects.of_row("finance_attachment", row["id"]).order_by("id"))
    assert [event.action for event in events] == ["insert", "update", "delete"]
    texts = str([(event.table_name, event.changes) for event in AuditEvent.objects.all()])
    assert [word for word in ("lunch", "dinner", "%PDF", "finance_attachmentchunk") if word in texts] == []
    assert "<secret>" in texts


def test_the_fixture_of_a_row_has_no_readable_digest(alice: User, capsys: pytest.CaptureFixture[str]) -> None:
    AttachmentFactory(user=alice)
    with rls.as_customer(alice):
        call_command("dumpdata", "finance.attachment")
    assert '"sha256": "encrypted:' in capsys.readouterr().out
