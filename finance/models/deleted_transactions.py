"""Deleted transactions, which can be restored for 30 days."""

from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import ExpressionWrapper, F, Value
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Cast

from core.models.base import OwnedModel, OwnedQuerySet, touch
from core.models.constraints import json_type
from core.privacy.declarations import Restore, own
from core.privacy.masks import personal

TABLE = "finance_deletedtransaction"
RETENTION = timedelta(days=30)


class DeletedTransactionQuerySet(OwnedQuerySet):
    def with_values(self) -> "DeletedTransactionQuerySet":
        """Return the rows with the values of the transactions that lists show."""
        texts = {name: KeyTextTransform(name, "row") for name in ("amount", "currency", "description", "merchant_name")}
        day = Cast(KeyTextTransform("transaction_date", "row"), models.DateField())
        until = ExpressionWrapper(F("deleted_at") + Value(RETENTION), models.DateTimeField())
        return self.annotate(**texts, transaction_date=day, restorable_until=until)


class DeletedTransaction(OwnedModel):
    """A deleted transaction, under its id, as a trigger has stored it; see `finance.models.transaction_triggers`.

    `row` has the columns of the transaction, with the amount as text. `parts` has the rows of other tables that belonged to it,
    by table. The row is deleted when the transaction is restored, or by a nightly job.
    """

    # The database deletes the rows of a deleted user: the trigger may store one while the user's rows are deleted.
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        related_name="%(class)s_set",
        editable=False,
        db_index=False,
        db_constraint=False,
    )
    row = models.JSONField(editable=False)
    parts = models.JSONField(default=dict, editable=False)
    deleted_at = models.DateTimeField(editable=False, help_text="The time of the deletion.")

    privacy = own("transactions that the customer deleted, so that they can be restored for 30 days", restore=Restore.NEVER)
    personal_fields = personal("row", "parts")

    class Meta(OwnedModel.Meta):
        verbose_name = "deleted transaction"
        triggers: list[Any] = [touch]  # unaudited: the log has the deletion with all values
        constraints = [json_type(TABLE, "row", "object"), json_type(TABLE, "parts", "object")]
        indexes = [models.Index(fields=["user", "-deleted_at", "-id"], name="finance_deleted_tx_newest")]

    objects = DeletedTransactionQuerySet.as_manager()  # type: ignore[misc]  # narrower than its base's

    def __str__(self) -> str:
        return str(self.pk)
