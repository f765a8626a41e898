"""Addition, move and deletion of attachments, within the limits of a user and of a transaction."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from mmap import ACCESS_READ, mmap
from typing import Any

from django.core.files.uploadedfile import TemporaryUploadedFile, UploadedFile
from django.db import transaction
from django.db.models import Count, Sum

from core.encryption import data_keys
from core.errors import DomainError
from finance.attachment_names import clean_name
from finance.attachment_types import Content
from finance.models import Attachment, FinancialTransaction
from finance.models.attachments import LOCK, MAX_BYTES_OF_USER, MAX_OF_TRANSACTION, MAX_OF_USER
from users.locks import lock

KEPT_DETACHED = timedelta(days=30)
BATCH = 500


def attach(*, owner: Any, target: FinancialTransaction, file: UploadedFile, name: str = "") -> Attachment:
    """Store a file as an attachment of a transaction. Raise DomainError if it is refused or exceeds a limit."""
    row = Attachment(user=owner, transaction=target)
    with contents_of(file) as content:
        row.describe(content)
        row.name = clean_name(name or file.name or "", row.media_type)
        with data_keys.cached_in_transaction([owner.pk]):
            lock(f"{LOCK} {owner.pk}")
            _require_room_for_file(row)
            _require_room_on(target)
            row.save(force_insert=True)
            row.store_chunks(content)
    return row


@contextmanager
def contents_of(file: UploadedFile) -> Iterator[Content]:
    """Open an upload: a large one is in a temporary file, which is mapped, so that it needs no memory of the process."""
    if isinstance(file, TemporaryUploadedFile) and file.size:
        with mmap(file.fileno(), 0, access=ACCESS_READ) as content:
            yield content
    else:
        file.seek(0)
        yield file.read()


@transaction.atomic
def move(attachment: Attachment, *, target: FinancialTransaction) -> None:
    """Set the transaction of an attachment, without saving it. Raise DomainError if the transaction has too many."""
    lock(f"{LOCK} {attachment.user_id}")
    _require_room_on(target)
    attachment.transaction, attachment.detached_at = target, None


def delete_detached(*, now: datetime) -> int:
    """Delete the attachments whose transaction was deleted 30 days ago, with their contents. Return their number."""
    rows, deleted = Attachment.objects.filter(detached_at__lte=now - KEPT_DETACHED).order_by("detached_at"), 0
    while keys := list(rows.values_list("pk", flat=True)[:BATCH]):
        # a transaction that was restored meanwhile has its attachments again
        deleted += rows.filter(pk__in=keys).order_by().delete()[0]
    return deleted


def _require_room_for_file(row: Attachment) -> None:
    found = Attachment.objects.for_user(row.user).aggregate(total=Sum("size", default=0), number=Count("pk"))
    used = found["total"]
    if found["number"] >= MAX_OF_USER:
        sentence = f"You have {MAX_OF_USER:,} attachments, which is the limit. Delete some first."
        raise DomainError("too_many_attachments", sentence, field="file")
    if used + row.size > MAX_BYTES_OF_USER:
        remedy = f"{used:,} of {MAX_BYTES_OF_USER:,} bytes are used, and the file has {row.size:,}. Delete attachments first."
        raise DomainError("storage_full", f"There is no room for this file: {remedy}", field="file")


def _require_room_on(target: FinancialTransaction) -> None:
    if Attachment.objects.filter(user_id=target.user_id, transaction_id=target.pk).count() >= MAX_OF_TRANSACTION:
        sentence = f"This transaction has {MAX_OF_TRANSACTION} attachments, which is the limit. Delete one first."
        raise DomainError("too_many_attachments", sentence, field="transaction")
