"""Imported statement files and the outcome of each of their rows."""

from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Count, Q

from core.models.base import OwnedModel, same_owner_foreign_key
from core.models.constraints import between, json_type
from core.models.fields import ChoiceField, JSONListField, JSONObjectField
from core.models.money import MoneyField
from core.privacy.declarations import own
from core.privacy.masks import initials, personal
from finance.models.accounts import EncryptedFinancialProfile

TABLE = "finance_statementimport"
ROWS = "finance_statementimportrow"


class RowVerdict(models.TextChoices):
    """Outcome of a statement row."""

    CREATED = "created", "imported as a new transaction"
    DUPLICATE = "duplicate", "already in the account"
    TOMBSTONED = "tombstoned", "deleted or ignored by the user before"
    SUPERSEDED = "superseded", "updated a transaction, or removed it as the bank's correction"
    REVIEW = "review", "unsure, for the user to resolve"
    ERROR = "error", "invalid row"


class BalanceReason(models.TextChoices):
    """Why an import did not set the account's balance."""

    NO_BALANCE = "no_balance", "the statement has no closing balance"
    NO_BOOKED_ROWS = "no_booked_rows", "the statement has no booked rows"
    OTHER_CURRENCY = "other_currency", "the balance is not in the account's currency"
    SIGN_UNKNOWN = "sign_unknown", "nothing shows whether the balance is owed or in credit"
    GAP = "gap", "the balances and the rows do not add up"
    SIGNS_IN_DOUBT = "signs_in_doubt", "the signs of the rows look wrong"
    UNREADABLE_ROWS = "unreadable_rows", "some rows can't be read"
    OUT_OF_RANGE = "out_of_range", "the balance has too many digits or decimals"
    NEWER_BALANCE = "newer_balance", "the account has the balance of a later day"


class ReviewReason(models.TextChoices):
    """Cause of a review. All rows of an import that wait for the same reason can be resolved by one decision."""

    POSSIBLE_DUPLICATE = "possible_duplicate", "equal to a transaction in day and amount"
    PENDING_MAY_HAVE_POSTED = "pending_may_have_posted", "may be a pending transaction that has posted"
    SAME_ID_OTHER_CONTENT = "same_id_other_content", "the bank has used the id before, with another day, amount or text"
    IDS_CHANGED = "ids_changed", "known under another id of the bank"
    SAME_ROW_OTHER_TEXT = "same_row_other_text", "known with another text, from another choice of columns"
    CORRECTION = "correction", "the bank corrects a transaction that was changed or linked"


class StatementFormat(models.TextChoices):
    OFX = "ofx", "OFX"
    QFX = "qfx", "QFX"
    CAMT = "camt", "CAMT"
    MT940 = "mt940", "MT940"
    QIF = "qif", "QIF"
    CSV = "csv", "CSV"
    XLSX = "xlsx", "XLSX"
    ODS = "ods", "ODS"
    JSON = "json", "JSON"
    YNAB = "ynab", "YNAB"
    MINT = "mint", "Mint"
    FIREFLY = "firefly", "Firefly III"
    ACTUAL = "actual", "Actual"
    MINGUS = "mingus", "MINGUS"


TABLES = (StatementFormat.CSV, StatementFormat.XLSX, StatementFormat.ODS)


class StatementImport(OwnedModel):
    """A statement file that was imported into an account. The record remains after an undo."""

    account = same_owner_foreign_key(
        EncryptedFinancialProfile,
        on_delete=models.CASCADE,
        related_name="imports",
        help_text="The id of the account that it was imported into.",
    )
    format = ChoiceField(StatementFormat, max_length=10, help_text="Format of the file, detected or sent.")
    filename = models.CharField(max_length=255, blank=True, help_text="Name of the file without its folder.")
    file_digest = models.CharField(max_length=64)
    id_scheme = models.CharField(max_length=20, blank=True, help_text="Kind of the bank's ids, such as `ofx` for FITIDs.")
    mapping = JSONObjectField(help_text="Columns of a table. Empty for other formats.")
    options = JSONObjectField(
        help_text="`invert`, `encoding`, `date_order` and `decimal` as sent or remembered. Empty ones were detected.",
    )
    created = models.IntegerField(default=0, help_text="Rows that were imported as new transactions.")
    duplicates = models.IntegerField(default=0, help_text="Rows that were in the account already.")
    tombstoned = models.IntegerField(default=0, help_text="Rows that the user deleted or ignored before.")
    superseded = models.IntegerField(default=0, help_text="Rows that updated or corrected a transaction.")
    review = models.IntegerField(default=0, help_text="Rows that the user must resolve.")
    failed = models.IntegerField(default=0, help_text="Invalid rows, which were left out.")
    statement = JSONObjectField(help_text="Opening, closing and computed balance, and the gap.")
    balance_set = models.BooleanField(default=False, help_text="True: the closing balance became that of the account.")
    balance_reason = ChoiceField(
        BalanceReason, max_length=20, blank=True, help_text="Why the balance was not set. Empty if it was."
    )
    warnings = JSONListField(db_default=models.Value([], models.JSONField()), help_text="Each with a code and a message.")
    account_before = models.JSONField(null=True, blank=True, editable=False)
    undone_at = models.DateTimeField(null=True, blank=True, help_text="When it was undone. Null: it was not.")
    move = models.UUIDField(
        null=True,
        blank=True,
        help_text="Equal for the accounts of one file that were moved in together. Null: a single account.",
    )

    privacy = own("statement files that the customer imported")
    personal_fields = personal(
        "mapping", "options", "statement", "warnings", "account_before", "file_digest", filename=initials
    )

    class Meta(OwnedModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["user", "id", "account"], name=f"{TABLE}_owner"),
            models.UniqueConstraint(fields=["user", "id"], name=f"{TABLE}_key_owner"),
            json_type(TABLE, "account_before", "object"),
            between(TABLE, "created", 0),
        ]
        indexes = [
            models.Index(fields=["user", "-created_at", "-id"], name="finance_import_newest"),
            models.Index(fields=["user", "account", "-created_at"], name="finance_import_by_account"),
            models.Index(fields=["user", "move"], condition=Q(move__isnull=False), name="finance_import_by_move"),
        ]

    def __str__(self) -> str:
        return self.filename or str(self.pk)

    def problems(self, *, limit: int) -> list[dict[str, Any]]:
        """Return {row, field, code, message} for the first `limit` invalid rows."""
        invalid = self.rows.filter(user_id=self.user_id, verdict=RowVerdict.ERROR).order_by("number")
        return [{"row": number, **(data or {})} for number, data in invalid.values_list("number", "data")[:limit]]

    def review_reasons(self) -> dict[str, int]:
        """Return the number of rows that are in review, by reason."""
        waiting = self.rows.filter(user_id=self.user_id, verdict=RowVerdict.REVIEW).order_by("reason")
        return dict(waiting.values_list("reason").annotate(Count("pk")))


class StatementImportRow(OwnedModel):
    """A statement row and its verdict. While `is_claim`, later files are compared with its identity.

    The identity is the bank's id (`provider_id`, of the kind `StatementImport.id_scheme`) with the content: `content_hash`
    over day, amount, currency and normalized text. Claims of equal content are numbered by `occurrence`. A transaction has a
    claim for each id and each content under which files have reported it. When a transaction is deleted, a trigger copies it
    into its claims as `deleted_row`, so that it is not imported again and can be restored.
    """

    # A file has many rows, so one constraint, on the import with its owner and account, serves for all three keys.
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        related_name="%(class)s_set",
        editable=False,
        db_index=False,
        db_constraint=False,
    )
    statement_import = same_owner_foreign_key(StatementImport, on_delete=models.CASCADE, related_name="rows")
    account = same_owner_foreign_key(EncryptedFinancialProfile, on_delete=models.DO_NOTHING, related_name="+")
    number = models.IntegerField(
        help_text="Line of a CSV, MT940 or QIF file, number in a sheet, or else position in the statement, from 1."
    )
    verdict = ChoiceField(RowVerdict, max_length=12, help_text="What became of the row.")
    reason = ChoiceField(ReviewReason, max_length=30, blank=True, help_text="Why the row is or was in review. May be empty.")
    transaction_id = models.UUIDField(null=True, blank=True)
    is_claim = models.BooleanField(default=False)
    provider_id = models.CharField(max_length=255, blank=True, help_text="The bank's id of the transaction. May be empty.")
    transaction_date = models.DateField(null=True, blank=True, help_text="Day in the file. Null for an invalid row.")
    amount = MoneyField(null=True, blank=True, help_text="Signed amount in the file. Null for an invalid row.")
    currency = models.CharField(max_length=3, blank=True, help_text="ISO 4217 code of the amount.")
    content_hash = models.UUIDField(null=True, blank=True)
    occurrence = models.IntegerField(default=1)
    data = models.JSONField(null=True, blank=True)
    before = models.JSONField(null=True, blank=True)
    deleted_at = models.DateTimeField(null=True, blank=True, help_text="When its transaction was deleted. Null: it was not.")
    deleted_row = models.JSONField(null=True, blank=True)

    privacy = own(
        "outcome of each statement row, so that importing a file again creates no duplicates",
        loose_references={"transaction_id": "finance.FinancialTransaction"},
    )
    personal_fields = personal("provider_id", "amount", "content_hash", "data", "before", "deleted_row")

    class Meta(OwnedModel.Meta):
        verbose_name = "statement row"
        ordering = ["number"]
        constraints = [
            json_type(ROWS, "data", "object"),
            json_type(ROWS, "before", "object"),
            json_type(ROWS, "deleted_row", "object"),
            models.UniqueConstraint(
                fields=["user", "account", "provider_id", "content_hash"],
                condition=Q(is_claim=True) & ~Q(provider_id=""),
                nulls_distinct=False,
                name=f"{ROWS}_provider_id_unique",
            ),
            models.UniqueConstraint(
                fields=["user", "account", "content_hash", "occurrence"],
                condition=Q(is_claim=True),
                name=f"{ROWS}_content_hash_unique",
            ),
        ]
        indexes = [
            models.Index(fields=["user", "statement_import", "number", "id"], name="finance_import_row_number"),
            models.Index(
                fields=["user", "transaction_id"], name="finance_import_row_tx", condition=Q(transaction_id__isnull=False)
            ),
        ]

    def __str__(self) -> str:
        return f"row {self.number}: {self.verdict}"

    def clean(self) -> None:
        """Refuse a `deleted_row` of another owner or transaction, because it can be restored unchanged."""
        super().clean()
        row = self.deleted_row
        if row is not None and (row.get("user_id"), row.get("id")) != (str(self.user_id), str(self.transaction_id)):
            raise ValidationError({"deleted_row": "It must be the transaction that transaction_id refers to."}, "not_its_own")
