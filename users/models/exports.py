"""Exports of a customer's data: state, progress, and the file in encrypted chunks."""

from typing import Any

from django.db import models
from django.db.models import Q

from core.encryption.fields import encrypt
from core.models.base import OwnedModel, same_owner_foreign_key
from core.models.fields import BoundedIntegerField, ChoiceField
from core.privacy.declarations import internal

TABLE = "users_dataexport"


class ExportState(models.TextChoices):
    WAITING = "waiting", "waiting for a worker"
    RUNNING = "running", "in progress"
    READY = "ready", "ready for download"
    FAILED = "failed", "failed"


UNFINISHED_STATES = (ExportState.WAITING, ExportState.RUNNING)


class DataExport(OwnedModel):
    """An export of all data of one customer as a ZIP file, until it expires."""

    state = ChoiceField(
        ExportState,
        max_length=20,
        default=ExportState.WAITING,
        editable=False,
        help_text="State of the job that writes the file.",
    )
    progress = BoundedIntegerField(min=0, max=100, default=0, editable=False, help_text="Progress in percent, 0 to 100.")
    size = models.BigIntegerField(null=True, blank=True, editable=False, help_text="Bytes of the ZIP file; null until ready.")
    sha256 = models.CharField(
        max_length=64,
        blank=True,
        editable=False,
        help_text="SHA-256 of the ZIP file, in hexadecimal digits. Empty until ready.",
    )
    ready_at = models.DateTimeField(
        null=True, blank=True, editable=False, help_text="When the file became ready for download. Null until then."
    )
    expires_at = models.DateTimeField(
        null=True, blank=True, editable=False, help_text="When the file is deleted. Null until it is ready."
    )

    privacy = internal("a copy of the other rows for download, deleted after a week")

    class Meta(OwnedModel.Meta):
        verbose_name = "data export"
        constraints = [
            models.UniqueConstraint(fields=["user", "id"], name=f"{TABLE}_owner"),
            models.UniqueConstraint(
                fields=["user"],
                condition=Q(state__in=UNFINISHED_STATES),
                name=f"{TABLE}_state_one_under_way",
                violation_error_message="An export is already in progress.",
            ),
        ]
        indexes = [models.Index(fields=["user", "-created_at", "-id"], name="users_export_newest")]

    def __str__(self) -> str:
        return f"{self.created_at:%Y-%m-%d} {self.state}"


class DataExportChunk(OwnedModel):
    """A chunk of an export's ZIP file, in base64 and encrypted with the owner's data key."""

    export = same_owner_foreign_key(DataExport, on_delete=models.CASCADE, related_name="chunks")
    number = BoundedIntegerField(min=0)
    # SECURITY: encrypted, because it contains all data of a customer, with account numbers in plain text
    content: Any = encrypt(models.TextField(), label="users.data_export_chunk.content")

    privacy = internal("chunks of an export, deleted with it")

    class Meta(OwnedModel.Meta):
        constraints = [models.UniqueConstraint(fields=["user", "export", "number"], name="users_dataexportchunk_number_unique")]

    def __str__(self) -> str:
        return f"chunk {self.number}"
