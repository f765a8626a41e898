"""The database's own protection of attachments: limits, owners, times and roles, and the nightly deletion."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import IntegrityError, connection, transaction

from core import clock, rls
from dev.factories import AttachmentChunkFactory, AttachmentFactory, TransactionFactory, UserFactory
from finance.models import Attachment, AttachmentChunk, FinancialTransaction
from finance.models.attachments import MAX_BYTES, MAX_BYTES_OF_USER
from finance.services import delete_detached
from tests.conftest import ClientFor, use_staff_role
from tests.finance.attachments.conftest import ATTACHMENTS, file_of, large_png
from users.models import User

DAY = timedelta(days=1)


def sql(statement: str, *values: Any) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement, values)


def fill(alice: User, number: int) -> list[Attachment]:
    """Create attachments of the largest size without contents."""
    rows = AttachmentFactory.build_batch(number, user=alice, transaction=TransactionFactory(user=alice))
    for row in rows:
        row.size = MAX_BYTES
    return Attachment.objects.bulk_create(rows)


def test_rows_of_more_than_100_mb_are_refused(alice: User) -> None:
    fill(alice, 10)
    with pytest.raises(IntegrityError, match="too large"), transaction.atomic():
        fill(alice, 1)
    with pytest.raises(IntegrityError, match="too large"), transaction.atomic():
        AttachmentFactory(user=alice)
    AttachmentFactory()  # of another user


def test_one_statement_is_refused_too(alice: User) -> None:
    with pytest.raises(IntegrityError, match="too large"), transaction.atomic():
        fill(alice, 11)
    assert not Attachment.objects.exists()


def test_a_size_can_not_be_raised_beyond_the_limit(alice: User) -> None:
    fill(alice, 9)
    AttachmentFactory.create_batch(2, user=alice)
    with pytest.raises(IntegrityError, match="too large"), transaction.atomic():
        Attachment.objects.filter(user=alice).update(size=MAX_BYTES)


def test_more_than_30_attachments_of_a_transaction_are_refused(alice: User) -> None:
    target = TransactionFactory(user=alice)
    AttachmentFactory.create_batch(30, user=alice, transaction=target)
    with pytest.raises(IntegrityError, match="too many"), transaction.atomic():
        AttachmentFactory(user=alice, transaction=target)
    with pytest.raises(IntegrityError, match="too many"), transaction.atomic():
        Attachment.objects.filter(pk=AttachmentFactory(user=alice).pk).update(transaction=target)


def test_another_users_transaction_is_refused(alice: User, bob: User) -> None:
    row, theirs = AttachmentFactory(user=alice), TransactionFactory(user=bob)
    with pytest.raises(IntegrityError, match="transaction_owner"), transaction.atomic():
        Attachment.objects.filter(pk=row.pk).update(transaction=theirs)


def test_another_users_attachment_gets_no_chunk(alice: User, bob: User) -> None:
    row, theirs = AttachmentChunkFactory(user=alice), AttachmentFactory(user=bob)
    with pytest.raises(IntegrityError, match="attachment_owner"), rls.as_customer(alice), transaction.atomic():
        AttachmentChunk.objects.filter(pk=row.pk).update(attachment=theirs)


def test_a_customer_sees_no_rows_of_others(alice: User, bob: User) -> None:
    AttachmentFactory(user=bob)
    with rls.as_customer(alice):
        assert (Attachment.objects.count(), AttachmentChunk.objects.count()) == (0, 0)
        assert Attachment.objects.update(name="a.pdf") == 0


def test_the_time_of_the_detachment_is_kept(alice: User) -> None:
    row: Any = AttachmentFactory(user=alice)
    FinancialTransaction.objects.get().delete()
    row.refresh_from_db()
    assert row.transaction_id is None
    assert abs(row.detached_at - clock.now()) < timedelta(minutes=5)
    detached_at = row.detached_at
    Attachment.objects.update(detached_at=clock.now() + 400 * DAY)
    row.refresh_from_db()
    assert row.detached_at == detached_at
    Attachment.objects.update(transaction=TransactionFactory(user=alice), detached_at=clock.now())
    row.refresh_from_db()
    assert row.detached_at is None


def test_a_row_without_a_transaction_has_a_time(alice: User) -> None:
    row = AttachmentFactory(user=alice, transaction=None)
    row.refresh_from_db()
    assert row.detached_at is not None


def test_detached_attachments_are_deleted_after_30_days(alice: User) -> None:
    kept, detached = AttachmentFactory(user=alice), AttachmentFactory(user=alice)
    FinancialTransaction.objects.filter(pk=detached.transaction_id).delete()
    now = clock.now()
    assert delete_detached(now=now + 29 * DAY) == 0
    assert delete_detached(now=now + 30 * DAY) == 1
    assert list(Attachment.objects.values_list("pk", flat=True)) == [kept.pk]
    assert AttachmentChunk.objects.values_list("attachment_id", flat=True).get() == kept.pk


def test_a_restored_transaction_keeps_its_attachments(alice: User) -> None:
    row = AttachmentFactory(user=alice)
    FinancialTransaction.objects.get().delete()
    restored = TransactionFactory(user=alice, id=row.transaction_id)
    assert Attachment.objects.filter(pk=row.pk, transaction=None).update(transaction=restored) == 1
    assert delete_detached(now=clock.now() + 31 * DAY) == 0


@pytest.mark.django_db(transaction=True)
def test_twenty_parallel_uploads_never_exceed_the_limit(api: ClientFor) -> None:
    alice = UserFactory()
    fill(alice, 9)
    target, content = TransactionFactory(user=alice), large_png(1_500_000)

    def send(number: int) -> int:
        try:
            form = {"transaction": str(target.pk), "file": file_of(content, f"{number}.png")}
            return int(api(alice).post(ATTACHMENTS, form, format="multipart").status_code)
        finally:
            connection.close()

    with ThreadPoolExecutor(8, initializer=use_staff_role) as pool:
        statuses = sorted(pool.map(send, range(20)))
    assert statuses == [201] * 6 + [400] * 14
    assert sum(Attachment.objects.values_list("size", flat=True)) <= MAX_BYTES_OF_USER


@pytest.mark.django_db(transaction=True)
def test_parallel_statements_never_exceed_the_limit() -> None:
    alice = UserFactory()
    fill(alice, 9)
    source = AttachmentFactory(user=alice)
    statement = """
    INSERT INTO finance_attachment (id, user_id, transaction_id, name, media_type, size, sha256)
    SELECT %s, user_id, transaction_id, name, media_type, 3000000, sha256 FROM finance_attachment WHERE id = %s
    """

    def insert(_: int) -> bool:
        try:
            sql(statement, uuid4(), source.pk)
        except IntegrityError:
            return False
        else:
            return True
        finally:
            connection.close()

    with ThreadPoolExecutor(8, initializer=use_staff_role) as pool:
        assert sorted(pool.map(insert, range(20))) == [False] * 17 + [True] * 3
