"""Statement files that were imported, and what became of each of their rows."""

from typing import Any

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q

from core.models.base import OwnedModel, same_owner_foreign_key
from core.models.constraints import between, json_shape
from core.models.fields import ChoiceField
from core.privacy.declarations import own
from core.privacy.masks import initials, personal
from finance.models.accounts import EncryptedFinancialProfile

TABLE = "finance_statementimport"
ROWS = "finance_statementimportrow"


class RowVerdict(models.TextChoices):
    """What became of a row of a statement."""

    CREATED = "created", "became a transaction"
    DUPLICATE = "duplicate", "is there already"
    TOMBSTONED = "tombstoned", "was there, and the user deleted it or set it aside"
    SUPERSEDED = "superseded", "took the place of a pending transaction"
    REVIEW = "review", "may be one that is there: the user decides"
    ERROR = "error", "can't be read"


class StatementFormat(models.TextChoices):
    OFX = "ofx", "OFX"
    QFX = "qfx", "QFX"
    CSV = "csv", "CSV"


class StatementImport(OwnedModel):
    """One statement file, brought into one account. Undoing it leaves this record."""

    account = same_owner_foreign_key(EncryptedFinancialProfile, on_delete=models.CASCADE, related_name="imports")
    format = ChoiceField(StatementFormat, max_length=10)
    filename = models.CharField(max_length=255, blank=True)
    file_digest = models.CharField(max_length=64)
    mapping = models.JSONField(default=dict, blank=True)
    created = models.IntegerField(default=0)
    duplicates = models.IntegerField(default=0)
    tombstoned = models.IntegerField(default=0)
    superseded = models.IntegerField(default=0)
    review = models.IntegerField(default=0)
    failed = models.IntegerField(default=0)
    statement = models.JSONField(default=dict, blank=True)
    warnings = models.JSONField(default=list, db_default=models.Value([], models.JSONField()), blank=True)
    account_before = models.JSONField(null=True, blank=True, editable=False)
    undone_at = models.DateTimeField(null=True, blank=True)

    privacy = own("which statement files he brought in")
    personal_fields = personal("mapping", "statement", "warnings", "account_before", "file_digest", filename=initials)

    class Meta(OwnedModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["user", "id"], name=f"{TABLE}_owner"),
            json_shape(TABLE, "mapping", "object"),
            json_shape(TABLE, "statement", "object"),
            json_shape(TABLE, "warnings", "array"),
            json_shape(TABLE, "account_before", "object"),
            between(TABLE, "created", 0),
        ]
        indexes = [
            models.Index(fields=["user", "-created_at", "-id"], name="finance_import_newest"),
            models.Index(fields=["user", "account", "-created_at"], name="finance_import_by_account"),
        ]

    def __str__(self) -> str:
        return self.filename or str(self.pk)

    def problems(self, *, limit: int) -> list[dict[str, Any]]:
        """The first `limit` rows that could not go in: {row, field, code, message}."""
        broken = self.rows.filter(user_id=self.user_id, verdict=RowVerdict.ERROR).order_by("number")
        return [{"row": number, **(data or {})} for number, data in broken.values_list("number", "data")[:limit]]


class StatementImportRow(OwnedModel):
    """One row of a statement, its verdict, and, while `is_claim`, the identity that later files are compared with.

    The identity of a row is the bank's id (`provider_id`), or else its content: `content_hash` over day, amount, currency
    and normalised text, and `occurrence`, which tells apart rows of equal content. A transaction that was pending under
    another id or amount has a claim for each. When the transaction is deleted, a
    trigger moves it into `deleted_row`, so that it stays deleted when the file comes again, and can be restored.
    """

    statement_import = same_owner_foreign_key(StatementImport, on_delete=models.CASCADE, related_name="rows")
    account = same_owner_foreign_key(EncryptedFinancialProfile, on_delete=models.CASCADE, related_name="+")
    number = models.IntegerField()
    verdict = ChoiceField(RowVerdict, max_length=12)
    transaction_id = models.UUIDField(null=True, blank=True)
    is_claim = models.BooleanField(default=False)
    provider_id = models.CharField(max_length=255, blank=True)
    content_hash = models.UUIDField(null=True, blank=True)
    occurrence = models.IntegerField(default=1)
    data = models.JSONField(null=True, blank=True)
    before = models.JSONField(null=True, blank=True)
    deleted_at = models.DateTimeField(null=True, blank=True)
    deleted_row = models.JSONField(null=True, blank=True)

    privacy = own(
        "what became of each row of a statement, so that a file that comes again adds nothing twice",
        loose_references={"transaction_id": "finance.FinancialTransaction"},
    )
    personal_fields = personal("provider_id", "content_hash", "data", "before", "deleted_row")

    class Meta(OwnedModel.Meta):
        verbose_name = "statement row"
        ordering = ["number"]
        constraints = [
            json_shape(ROWS, "data", "object"),
            json_shape(ROWS, "before", "object"),
            json_shape(ROWS, "deleted_row", "object"),
            models.UniqueConstraint(
                fields=["user", "account", "provider_id"],
                condition=Q(is_claim=True) & ~Q(provider_id=""),
                name=f"{ROWS}_provider_id_unique",
            ),
            models.UniqueConstraint(
                fields=["user", "account", "content_hash", "occurrence"],
                condition=Q(is_claim=True),
                name=f"{ROWS}_content_hash_unique",
            ),
        ]
        indexes = [
            models.Index(fields=["user", "account"], name="finance_import_row_account"),
            models.Index(fields=["user", "statement_import", "number", "id"], name="finance_import_row_number"),
            models.Index(
                fields=["user", "transaction_id"], name="finance_import_row_tx", condition=Q(transaction_id__isnull=False)
            ),
        ]

    def __str__(self) -> str:
        return f"row {self.number}: {self.verdict}"

    def clean(self) -> None:
        """A deleted transaction is the owner's own, and the one that the row speaks of: it may be restored as it is."""
        super().clean()
        kept = self.deleted_row
        if kept is not None and (kept.get("user_id"), kept.get("id")) != (str(self.user_id), str(self.transaction_id)):
            raise ValidationError({"deleted_row": "It must be the row's own transaction."}, "not_its_own")
