"""Creation and download of exports.

A job reads everything in one read-only transaction, so that the export is a consistent snapshot. It writes chunks and
progress through a second connection, so that they are visible at once. After the death of a worker, the retried job deletes
its chunks and starts again. Nothing is written to disk without encryption.
"""

import base64
import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

from django.core.mail import send_mail
from django.db import IntegrityError, connection, transaction

from core import clock
from core.errors import ConflictError, DomainError
from core.postgres.failures import QUERY_TIMEOUT, failure_of
from system.models import AlertType, Severity
from system.services.alerts import alert
from users.models import DataExport, DataExportChunk
from users.models.exports import ExportState
from users.privacy import archive
from users.second_connection import SecondConnection

CHUNK_BYTES = 256 * 1024
EXPORT_LIFETIME = timedelta(days=7)
PER_DAY = 3
DAY = timedelta(days=1)
READY = """Your data export is ready. Log in to download it. It will be deleted after seven days.

If you did not request it, change your password now.
"""


def request_export(user: Any, *, now: datetime) -> DataExport:
    """Create an export request. Raise ConflictError while one is in progress, a 429 after three in 24 hours."""
    recent = DataExport.objects.for_user(user).filter(created_at__gt=now - DAY).order_by("-created_at")
    times = list(recent.values_list("created_at", flat=True)[:PER_DAY])
    if len(times) == PER_DAY:
        seconds = int((times[-1] + DAY - now).total_seconds()) + 1
        sentence = f"You can have {PER_DAY} exports a day. Try again later."
        raise DomainError("too_many_exports", sentence, status=429, retry_after=seconds)
    try:
        with transaction.atomic():
            return DataExport.objects.create(user=user)
    except IntegrityError as error:
        sentence = "An export is already in progress. Wait until it is ready (GET /api/v1/users/me/export/)."
        raise ConflictError("export_under_way", sentence) from error


def make(export: DataExport) -> bool:
    """Create the file of an export. Return False if it is ready already, or if another worker is creating it."""
    if not _begin(export):
        return False
    try:
        with one_instant(), connection.cursor() as cursor:
            # a worker that was presumed dead may still be running; the lock ends with the transaction
            cursor.execute("SELECT pg_try_advisory_xact_lock(hashtextextended(%s, 0))", [f"export {export.pk}"])
            if not cursor.fetchone()[0]:
                return False
            with SecondConnection() as other:
                store = Store(export, other)
                archive.write(export.user, store, on_progress=store.on_progress)  # type: ignore[arg-type]  # zipfile needs no other methods
                store.end()
    except Exception as error:
        if failure_of(error) in (None, QUERY_TIMEOUT):  # after another failure of the database the job is retried
            DataExport.objects.filter(pk=export.pk).update(state=ExportState.FAILED)
        raise
    _finish(export, store)
    return True


def _begin(export: DataExport) -> bool:
    unfinished = DataExport.objects.filter(pk=export.pk).exclude(state=ExportState.READY)
    try:
        with transaction.atomic():
            return unfinished.update(state=ExportState.RUNNING, progress=0) > 0
    except IntegrityError:
        return False  # it failed, and the customer has requested another one since


@transaction.atomic
def _finish(export: DataExport, store: "Store") -> None:
    now = clock.now()
    export.state, export.progress, export.ready_at, export.expires_at = ExportState.READY, 100, now, now + EXPORT_LIFETIME
    export.size, export.sha256 = store.size, store.digest.hexdigest()
    export.save()
    until = clock.text_in(export.user.zone, export.expires_at)
    alert(
        user=export.user,
        alert_type=AlertType.SECURITY,
        severity=Severity.MEDIUM,
        title="Your data export is ready",
        message=f"Download it until {until}. If you did not request it, change your password now.",
        expires_at=export.expires_at,
    )
    send_mail("[MINGUS] Your data export is ready", READY, None, [export.user.email])


@contextmanager
def one_instant() -> Iterator[None]:
    """Run a block in one read-only transaction in which all statements see the same snapshot."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        yield


class Store:
    """A writable file that stores an export in encrypted chunks, which a second connection commits at once."""

    def __init__(self, export: DataExport, other: SecondConnection) -> None:
        self.export, self.other, self.percent, self.number_of_chunks = export, other, 0, 0
        self.waiting, self.size, self.digest = bytearray(), 0, hashlib.sha256()
        other.run(DataExportChunk.objects.for_user(export.user).filter(export=export).delete)

    def write(self, data: Any) -> int:
        """Buffer bytes, and store full chunks. Return the number of bytes, as files do."""
        self.waiting += data
        while len(self.waiting) >= CHUNK_BYTES:
            self._store(bytes(self.waiting[:CHUNK_BYTES]))
            del self.waiting[:CHUNK_BYTES]
        return len(data)

    def flush(self) -> None:
        """Do nothing, because chunks are stored when they are full."""

    def end(self) -> None:
        """Store the remaining bytes."""
        if self.waiting:
            self._store(bytes(self.waiting))
            self.waiting.clear()

    def on_progress(self, done: int, total: int) -> None:
        """Store the progress in percent, at most 99; `_finish` sets 100."""
        percent = min(99, 100 * done // total) if total else 99
        if percent > self.percent:
            self.percent = percent
            self.other.run(lambda: DataExport.objects.filter(pk=self.export.pk).update(progress=percent))

    def _store(self, data: bytes) -> None:
        content = base64.b64encode(data).decode()
        chunk = DataExportChunk(user_id=self.export.user_id, export=self.export, number=self.number_of_chunks, content=content)
        self.other.run(lambda: chunk.save(force_insert=True))
        self.digest.update(data)
        self.number_of_chunks, self.size = self.number_of_chunks + 1, self.size + len(data)


def chunks_of(export: DataExport) -> Iterator[bytes]:
    """Yield the bytes of an export that is ready; raise ConflictError before the first if it is not ready or has expired."""
    if export.state != ExportState.READY:
        raise ConflictError("export_not_ready", f"The state of this export is {export.state}. Wait until it is ready.")
    if export.expires_at is not None and export.expires_at <= clock.now():
        raise ConflictError("export_expired", "This export has expired. Request a new one.")
    chunks, number = DataExportChunk.objects.filter(user_id=export.user_id, export_id=export.pk), 0
    while (chunk := chunks.filter(number=number).first()) is not None:
        yield base64.b64decode(chunk.content)
        number += 1


def delete_old_exports(*, now: datetime) -> int:
    """Delete expired exports, and those that were not finished within a day. Return the number of deleted rows."""
    over = DataExport.objects.filter(expires_at__lte=now) | DataExport.objects.filter(
        expires_at__isnull=True, created_at__lte=now - DAY
    )
    keys = list(over.values_list("pk", flat=True))
    DataExportChunk.objects.filter(export__in=keys).delete()
    return DataExport.objects.filter(pk__in=keys).delete()[0]
