"""Processing of an upload by a job: everything in one transaction, which also ends the upload, so that it happens once.

The status and the progress are written through a second connection, so that they are visible at once. If the worker dies,
nothing of the transaction remains, and the retried job starts again.
"""

import io
import time
from datetime import datetime, timedelta
from typing import Any, BinaryIO
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import F, QuerySet

from core import clock, jobs
from core.errors import ConflictError, DomainError
from core.postgres.failures import QUERY_TIMEOUT, failure_of
from users.locks import lock
from users.models import Upload, UploadChunk, User
from users.models.uploads import ACTIVE_STATUSES, UploadKind, UploadStatus
from users.second_connection import SecondConnection
from users.uploads.kinds import KINDS
from users.uploads.storage import StoppedError, UploadReader, store

LIFETIME = timedelta(days=1)
MAX_ATTEMPTS = jobs.MAX_RETRIES + 1
RETRY_AFTER_SECONDS = 30
SECONDS_BETWEEN_REPORTS = 0.5
MAX_FILENAME = 255
# codes and messages of DomainErrors
INTERRUPTED = "interrupted", "The job was interrupted too often. Nothing was changed. Upload the file again, in smaller parts."
INTERNAL = "error", "An internal error occurred. Nothing was changed. Contact support with the `id` of this upload."
EXPIRED = "expired", "The file waited for a day and was deleted. Nothing was changed. Upload it again."


@transaction.atomic
def accept(*, user: User, kind: UploadKind, file: BinaryIO, filename: str, size: int, options: dict[str, Any]) -> Upload:
    """Store a file for a job. Raise a 429 if the user has too many files that wait or are being processed.

    `users.tasks.queue_upload` calls it and enqueues the job.
    """
    lock(f"uploads of {user.pk}")  # two requests at the same time would both find a free place
    if Upload.objects.for_user(user).filter(status__in=ACTIVE_STATUSES).count() >= settings.UPLOADS_PER_USER:
        raise DomainError(
            "too_many_uploads",
            f"{settings.UPLOADS_PER_USER} of your files are waiting or being processed. Wait until one is finished, or cancel "
            "one (GET /api/v1/users/me/uploads/).",
            status=429,
            retry_after=RETRY_AFTER_SECONDS,
        )
    upload = Upload(user=user, kind=kind, filename=filename[:MAX_FILENAME], size=size, options=options)
    upload.save(force_insert=True)
    store(upload, file)
    return upload


def process(pk: UUID) -> None:
    """Process an upload with the database role of its owner. Do nothing if it has ended or no longer exists."""
    upload = None
    try:
        with transaction.atomic(), SecondConnection() as other:
            # a worker that was presumed dead may still be running; the lock ends with its transaction
            lock(f"upload {pk}")
            upload = other.run(lambda: _begin(pk))
            if upload is not None:
                file = io.BufferedReader(UploadReader(upload, other))
                result = KINDS[upload.kind](upload, file, ProgressReporter(upload, other))
                _finish(upload, result)
    except StoppedError:
        return
    except DomainError as error:
        _fail(pk, error)
    except Exception as error:
        if upload is not None:
            _retry_or_fail(upload, error)
        raise


def cancel(upload: Upload) -> None:
    """Cancel a locked upload; a job that is processing it rolls back. Raise ConflictError if it has ended."""
    if upload.status not in ACTIVE_STATUSES:
        raise ConflictError("already_ended", f"The status of this upload is {upload.status}. It can't be canceled any more.")
    _end(upload, UploadStatus.CANCELED)


def delete_old_uploads(*, now: datetime) -> int:
    """Delete uploads a day after they ended, and fail those that have not ended within a day. Return the number of deleted."""
    for upload in Upload.objects.filter(status__in=ACTIVE_STATUSES, created_at__lte=now - LIFETIME):
        _fail(upload.pk, DomainError(*EXPIRED))
    return Upload.objects.filter(expires_at__lte=now).delete()[0]


class ProgressReporter:
    """A callable that stores the progress, at most twice a second. It raises StoppedError if the upload was canceled."""

    def __init__(self, upload: Upload, other: SecondConnection) -> None:
        self._running, self._other = _active(upload.pk).filter(status=UploadStatus.RUNNING), other
        self._percent, self._reported_at = 0, 0.0

    def __call__(self, percent: int) -> None:
        if time.monotonic() < self._reported_at + SECONDS_BETWEEN_REPORTS:
            return
        self._percent, self._reported_at = max(self._percent, min(99, percent)), time.monotonic()
        if not self._other.run(lambda: self._running.update(progress=self._percent)):
            raise StoppedError


def _begin(pk: UUID) -> Upload | None:
    """Mark an upload as running. Return None if it has ended or no longer exists, because of an erasure."""
    with transaction.atomic():
        upload: Upload | None = _active(pk).select_related("user").select_for_update(of=("self",)).first()
        if upload is not None:
            upload.status, upload.progress, upload.attempts = UploadStatus.RUNNING, 0, upload.attempts + 1
            upload.save(update_fields=["status", "progress", "attempts"])
    if upload is not None and upload.attempts > MAX_ATTEMPTS:  # it may have killed the worker each time
        raise DomainError(*INTERRUPTED)
    return upload


def _finish(upload: Upload, result: dict[str, Any]) -> None:
    """End the upload in the transaction that contains its changes. Raise StoppedError if it has ended otherwise."""
    locked = _active(upload.pk).select_for_update().first()
    if locked is None:
        raise StoppedError
    locked.result = result
    _end(locked, UploadStatus.DONE)


@transaction.atomic
def _fail(pk: UUID, error: DomainError) -> None:
    upload = _active(pk).select_for_update().first()
    if upload is not None:
        upload.error = {"code": error.code, "detail": error.message, "attr": error.field}
        _end(upload, UploadStatus.FAILED)


def _retry_or_fail(upload: Upload, error: Exception) -> None:
    """Let the job retry the upload, unless it was the last time. A failure of the database does not count (`core.jobs`)."""
    if failure_of(error) not in (None, QUERY_TIMEOUT):
        _active(upload.pk).update(status=UploadStatus.QUEUED, progress=0, attempts=F("attempts") - 1)
    elif upload.attempts >= MAX_ATTEMPTS:
        _fail(upload.pk, DomainError(*INTERNAL))
    else:
        _active(upload.pk).update(status=UploadStatus.QUEUED, progress=0)


def _end(upload: Upload, status: UploadStatus) -> None:
    now = clock.now()
    upload.status, upload.finished_at, upload.expires_at = status, now, now + LIFETIME
    if status == UploadStatus.DONE:
        upload.progress = 100
    upload.save()
    UploadChunk.objects.filter(user_id=upload.user_id, upload_id=upload.pk).delete()


def _active(pk: UUID) -> QuerySet[Upload]:
    return Upload.objects.filter(pk=pk, status__in=ACTIVE_STATUSES)
