"""Making an export and handing it out.

A job reads everything in one read-only transaction, so that the export shows one instant, and writes its pieces and its
progress by a second connection, so that they can be seen meanwhile. A worker that dies leaves pieces without an end; the
job is put back, throws them away and begins again. Nothing is written to a disk in clear.
"""

import base64
import hashlib
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from contextvars import copy_context
from datetime import datetime, timedelta
from typing import Any

from django.core.mail import send_mail
from django.db import IntegrityError, connection, connections, transaction

from core import clock
from core.errors import ConflictError, DomainError
from system.models import AlertType, Severity
from system.services.alerts import alert
from users.models import DataExport, DataExportChunk
from users.models.exports import ExportState
from users.privacy import archive

PIECE = 256 * 1024
EXPORT_LIFETIME = timedelta(days=7)
PER_DAY = 3
DAY = timedelta(days=1)
READY = """The export of your data that was asked for is ready. Log in to download it; it is deleted after seven days.

If you did not ask for it, change your password now.
"""


class TooManyExportsError(DomainError):
    """The day's exports are used up; `seconds_left` until one more can be made."""

    def __init__(self, seconds_left: int) -> None:
        super().__init__("too_many_exports", f"You can have {PER_DAY} exports a day. Try again later.", status=429)
        self.seconds_left = seconds_left


def request_export(user: Any, *, now: datetime) -> DataExport:
    """Note that `user` wants an export. Raises ConflictError while one is under way, TooManyExportsError after three a day."""
    recent = DataExport.objects.for_user(user).filter(created_at__gt=now - DAY).order_by("-created_at")
    times = list(recent.values_list("created_at", flat=True)[:PER_DAY])
    if len(times) == PER_DAY:
        raise TooManyExportsError(int((times[-1] + DAY - now).total_seconds()) + 1)
    try:
        with transaction.atomic():
            return DataExport.objects.create(user=user)
    except IntegrityError as error:
        sentence = "An export is under way already. Wait until it is ready (GET /api/v1/users/me/export/)."
        raise ConflictError("export_under_way", sentence) from error


def make(export: DataExport) -> bool:
    """Make an export from the beginning; gives False when it is made already or somebody else is at it."""
    if not _begin(export):
        return False
    try:
        with one_instant(), connection.cursor() as cursor:
            # another worker that was taken for dead may still be at it; the lock ends with the transaction
            cursor.execute("SELECT pg_try_advisory_xact_lock(hashtextextended(%s, 0))", [f"export {export.pk}"])
            if not cursor.fetchone()[0]:
                return False
            with Store(export) as store:
                archive.write(export.user, store, on_progress=store.on_progress)  # type: ignore[arg-type]  # a zip needs no more of a file
                store.end()
    except Exception:
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
        return False  # it failed, and the customer has asked for another one since


@transaction.atomic
def _finish(export: DataExport, store: "Store") -> None:
    now = clock.now()
    export.state, export.progress, export.ready_at, export.expires_at = ExportState.READY, 100, now, now + EXPORT_LIFETIME
    export.size, export.sha256 = store.size, store.digest.hexdigest()
    export.save()
    alert(
        user=export.user,
        alert_type=AlertType.SECURITY,
        severity=Severity.MEDIUM,
        title="Your data export is ready",
        message=f"Download it until {export.expires_at:%Y-%m-%d}. If you did not ask for it, change your password now.",
        expires_at=export.expires_at,
    )
    send_mail("[MINGUS] Your data export is ready", READY, None, [export.user.email])


@contextmanager
def one_instant() -> Iterator[None]:
    """Run a block in one read-only transaction whose statements all see the same state."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        yield


class Store:
    """Takes an export's bytes and stores them in sealed pieces, by a connection of its own and so at once."""

    def __init__(self, export: DataExport) -> None:
        self.export, self.percent, self.pieces = export, 0, 0
        self.waiting, self.size, self.digest = bytearray(), 0, hashlib.sha256()

    def __enter__(self) -> "Store":
        self.thread = ThreadPoolExecutor(1, thread_name_prefix="export")
        self._apart(DataExportChunk.objects.for_user(self.export.user).filter(export=self.export).delete)
        return self

    def __exit__(self, *failure: object) -> None:
        self._apart(connections.close_all)
        self.thread.shutdown()

    def write(self, data: Any) -> int:
        """Take bytes, as a file does."""
        self.waiting += data
        while len(self.waiting) >= PIECE:
            self._store(bytes(self.waiting[:PIECE]))
            del self.waiting[:PIECE]
        return len(data)

    def flush(self) -> None:
        """Nothing: pieces are stored when they are full."""

    def end(self) -> None:
        """Store what is left."""
        if self.waiting:
            self._store(bytes(self.waiting))
            self.waiting.clear()

    def on_progress(self, done: int, total: int) -> None:
        """Show how far it is, in percent; 100 is shown by who knows that all is stored."""
        percent = min(99, 100 * done // total) if total else 99
        if percent > self.percent:
            self.percent = percent
            self._apart(lambda: DataExport.objects.filter(pk=self.export.pk).update(progress=percent))

    def _store(self, piece: bytes) -> None:
        content = base64.b64encode(piece).decode()
        chunk = DataExportChunk(user_id=self.export.user_id, export=self.export, number=self.pieces, content=content)
        self._apart(lambda: chunk.save(force_insert=True))
        self.digest.update(piece)
        self.pieces, self.size = self.pieces + 1, self.size + len(piece)

    def _apart(self, work: Callable[[], Any]) -> None:
        self.thread.submit(copy_context().run, work).result()


def pieces_of(export: DataExport) -> Iterator[bytes]:
    """Yield the bytes of an export that is ready; raise ConflictError before the first when there is nothing to hand out."""
    if export.state != ExportState.READY:
        raise ConflictError("export_not_ready", f"This export {export.get_state_display()}. Ask for its state again later.")
    if export.expires_at is not None and export.expires_at <= clock.now():
        raise ConflictError("export_expired", "This export has expired. Ask for a new one.")
    chunks, number = DataExportChunk.objects.filter(user_id=export.user_id, export_id=export.pk), 0
    while (chunk := chunks.filter(number=number).first()) is not None:
        yield base64.b64decode(chunk.content)
        number += 1


def delete_old_exports(*, now: datetime) -> int:
    """Delete exports whose time is over, and those that nobody finished within a day; gives how many."""
    over = DataExport.objects.filter(expires_at__lte=now) | DataExport.objects.filter(
        expires_at__isnull=True, created_at__lte=now - DAY
    )
    keys = list(over.values_list("pk", flat=True))
    DataExportChunk.objects.filter(export__in=keys).delete()
    return DataExport.objects.filter(pk__in=keys).delete()[0]
