"""Uploaded files that wait for a job: an import, a dry run or a restore; with its progress and its outcome for a day."""

from typing import Any

from django.db import models

from core.encryption.fields import encrypt
from core.models.base import OwnedModel, same_owner_foreign_key, touch
from core.models.fields import BoundedIntegerField, ChoiceField
from core.privacy.declarations import internal
from core.privacy.masks import personal

TABLE = "users_upload"


class UploadKind(models.TextChoices):
    """The work that a job does with the file."""

    IMPORT = "import", "import of a bank statement"
    DRY_RUN = "dry_run", "preview of an import"
    RESTORE = "restore", "import of a data export"
    MOVE = "move", "import of all accounts of another app, or its preview"
    BULK = "bulk", "change of many transactions"
    RULES = "rules", "run of rules"


class UploadStatus(models.TextChoices):
    QUEUED = "queued", "waiting for a worker"
    RUNNING = "running", "in progress"
    DONE = "done", "finished"
    FAILED = "failed", "failed; nothing was changed"
    CANCELED = "canceled", "canceled; nothing was changed"


ACTIVE_STATUSES = (UploadStatus.QUEUED, UploadStatus.RUNNING)


class Upload(OwnedModel):
    """An uploaded file that a job processes. Its chunks are deleted when the job ends, the row a day later.

    `options`, `result` and `error` are encrypted, because they contain texts and amounts of the file.
    """

    kind = ChoiceField(UploadKind, max_length=20, editable=False, help_text="What the job does with the file.")
    status = ChoiceField(
        UploadStatus, max_length=20, default=UploadStatus.QUEUED, editable=False, help_text="State of the job."
    )
    progress = BoundedIntegerField(min=0, max=100, default=0, editable=False, help_text="Progress in percent, 0 to 100.")
    filename = models.CharField(max_length=255, blank=True, editable=False, help_text="Name of the file as it was sent.")
    size = models.BigIntegerField(editable=False, help_text="Size of the file in bytes.")
    attempts = BoundedIntegerField(min=0, default=0, editable=False, help_text="Number of times that a worker has started it.")
    options: Any = encrypt(models.JSONField(default=dict, editable=False), label="users.upload.options")
    result: Any = encrypt(models.JSONField(null=True, editable=False), label="users.upload.result")
    error: Any = encrypt(models.JSONField(null=True, editable=False), label="users.upload.error")
    finished_at = models.DateTimeField(null=True, blank=True, editable=False, help_text="When the job ended. Null until then.")
    expires_at = models.DateTimeField(
        null=True, blank=True, editable=False, help_text="The job and its result are deleted then. Null until it has ended."
    )

    personal_fields = personal("filename")
    privacy = internal("files that wait for a job, which deletes them, and the outcome of the job for a day")

    class Meta(OwnedModel.Meta):
        verbose_name = "file upload"
        triggers = [touch]  # unaudited, see UNAUDITED in `tests/contract/test_audit.py`
        constraints = [models.UniqueConstraint(fields=["user", "id"], name=f"{TABLE}_owner")]
        indexes = [models.Index(fields=["user", "-created_at", "-id"], name="users_upload_newest")]

    def __str__(self) -> str:
        return self.filename or str(self.pk)


class UploadChunk(OwnedModel):
    """A chunk of an uploaded file, in base64 and encrypted with the owner's data key."""

    upload = same_owner_foreign_key(Upload, on_delete=models.CASCADE, related_name="chunks")
    number = BoundedIntegerField(min=0)
    # SECURITY: encrypted, because a file may contain account numbers in plain text
    content: Any = encrypt(models.TextField(), label="users.upload_chunk.content")

    privacy = internal("chunks of an uploaded file, deleted when its job ends")

    class Meta(OwnedModel.Meta):
        triggers = [touch]  # unaudited: the log would keep the file for years
        constraints = [models.UniqueConstraint(fields=["user", "upload", "number"], name="users_uploadchunk_number_unique")]

    def __str__(self) -> str:
        return f"chunk {self.number}"
