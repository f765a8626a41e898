"""An export of a customer's data: that it was asked for, how far it is, and its bytes, sealed and in pieces."""

from typing import Any

from django.db import models
from django.db.models import Q

from core.encryption.fields import encrypt
from core.models.base import OwnedModel, same_owner_foreign_key
from core.models.fields import BoundedIntegerField, ChoiceField
from core.privacy.declarations import internal

TABLE = "users_dataexport"


class ExportState(models.TextChoices):
    WAITING = "waiting", "waits for a worker"
    RUNNING = "running", "is being made"
    READY = "ready", "can be downloaded"
    FAILED = "failed", "could not be made"


UNFINISHED_STATES = (ExportState.WAITING, ExportState.RUNNING)


class DataExport(OwnedModel):
    """One export: everything of one customer in a zip, until it expires."""

    state = ChoiceField(ExportState, max_length=20, default=ExportState.WAITING, editable=False)
    progress = BoundedIntegerField(min=0, max=100, default=0, editable=False, help_text="Percent.")
    size = models.BigIntegerField(null=True, blank=True, editable=False, help_text="Bytes of the zip, once it is ready.")
    sha256 = models.CharField(max_length=64, blank=True, editable=False)
    ready_at = models.DateTimeField(null=True, blank=True, editable=False)
    expires_at = models.DateTimeField(null=True, blank=True, editable=False)

    privacy = internal("a copy of the other rows, made for him to download and deleted after a week")

    class Meta(OwnedModel.Meta):
        verbose_name = "data export"
        constraints = [
            models.UniqueConstraint(fields=["user", "id"], name=f"{TABLE}_owner"),
            models.UniqueConstraint(
                fields=["user"],
                condition=Q(state__in=UNFINISHED_STATES),
                name=f"{TABLE}_state_one_under_way",
                violation_error_message="An export is under way already.",
            ),
        ]
        indexes = [models.Index(fields=["user", "-created_at", "-id"], name="users_export_newest")]

    def __str__(self) -> str:
        return f"{self.created_at:%Y-%m-%d} {self.state}"


class DataExportChunk(OwnedModel):
    """A piece of the zip of an export, in base64 and sealed for its owner."""

    export = same_owner_foreign_key(DataExport, on_delete=models.CASCADE, related_name="chunks")
    number = BoundedIntegerField(min=0)
    # SECURITY: everything of a customer in one place, his account numbers in clear
    content: Any = encrypt(models.TextField(), label="users.data_export_chunk.content")

    privacy = internal("pieces of an export, deleted with it")

    class Meta(OwnedModel.Meta):
        constraints = [models.UniqueConstraint(fields=["user", "export", "number"], name="users_dataexportchunk_number_unique")]

    def __str__(self) -> str:
        return f"piece {self.number}"
