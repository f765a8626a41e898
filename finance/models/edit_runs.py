"""Edits of many transactions that can be undone, with the values before and after of each row."""

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from core.models.base import OwnedModel, same_owner_foreign_key, touch
from core.models.constraints import json_type, rule
from core.models.fields import BoundedIntegerField, ChoiceField
from core.privacy.declarations import internal
from core.privacy.masks import personal
from finance.models.rules import Rule

TABLE = "finance_editrun"
ROWS = "finance_editedrow"


class EditKind(models.TextChoices):
    BULK = "bulk", "bulk edit"
    MERGE = "merge", "merge of categories, payees or tags"
    RULE = "rule", "rule"
    RECONCILIATION = "reconcile", "reconciliation"


class EditRun(OwnedModel):
    """An edit of many transactions at once, which can be undone until `undo_until`.

    Several rules that run one after the other are an edit each. `details` has the ids of the other rows that a merge changed,
    or the balances that a reconciliation has set. A nightly job deletes runs, see `finance.services.edit_runs`.
    """

    kind = ChoiceField(EditKind, max_length=10, editable=False, help_text="What has changed the transactions.")
    rule = same_owner_foreign_key(
        Rule,
        on_delete=models.DO_NOTHING,
        null=True,
        blank=True,
        editable=False,
        related_name="runs",
        help_text="The rule of a run. Null: another kind of edit, or the rule was deleted.",
    )
    rule_version = BoundedIntegerField(
        min=1, null=True, blank=True, editable=False, help_text="The version of the rule that ran. Null: another kind of edit."
    )
    row_count = BoundedIntegerField(min=0, default=0, editable=False, help_text="The number of transactions that it changed.")
    undo_until = models.DateTimeField(editable=False, help_text="It can be undone before this time.")
    undone_at = models.DateTimeField(null=True, blank=True, editable=False, help_text="When it was undone. Null: it was not.")
    details = models.JSONField(null=True, blank=True, editable=False)

    privacy = internal("edits of many transactions, so that they can be undone for 30 days; they repeat other rows")
    personal_fields = personal("details")

    class Meta(OwnedModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["user", "id"], name=f"{TABLE}_owner"),
            json_type(TABLE, "details", "object"),
            rule(
                f"{TABLE}_rule_version_known",
                Q(kind=EditKind.RULE, rule_version__isnull=False) | Q(~Q(kind=EditKind.RULE), rule=None, rule_version=None),
                "Only a run of a rule names a rule, and it names the version.",
            ),
            rule(
                f"{TABLE}_undone_at_in_time",
                Q(undone_at__isnull=True) | Q(undone_at__lt=F("undo_until")),
                "It can't be undone after undo_until.",
            ),
        ]
        indexes = [
            models.Index(fields=["user", "-created_at", "-id"], name="finance_edit_run_newest"),
            models.Index(fields=["user", "rule"], name="finance_edit_run_of_rule", condition=Q(rule__isnull=False)),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} of {self.row_count} rows"


class EditedRow(OwnedModel):
    """The values of one transaction before and after an edit, of the changed fields only, written by a trigger.

    The source of a field is beside its value, such as `sources.category`. The transaction may be deleted since.
    """

    # A run has many rows, so one constraint, on the run with its owner, serves for both keys.
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        related_name="%(class)s_set",
        editable=False,
        db_index=False,
        db_constraint=False,
    )
    # the key in the database deletes the rows of a deleted run; Django's own cascade would read them first
    run = same_owner_foreign_key(EditRun, on_delete=models.DO_NOTHING, related_name="rows", editable=False)
    transaction_id = models.UUIDField(editable=False)
    before = models.JSONField(editable=False)
    after = models.JSONField(editable=False)

    privacy = internal("values of transactions before an edit, so that it can be undone; deleted after 30 days")
    personal_fields = personal("before", "after")

    class Meta(OwnedModel.Meta):
        triggers: list[Any] = [touch]  # unaudited: the changes of the transactions are in the log
        constraints = [
            models.UniqueConstraint(fields=["user", "run", "transaction_id"], name=f"{ROWS}_transaction_id_unique"),
            json_type(ROWS, "before", "object"),
            json_type(ROWS, "after", "object"),
        ]

    def __str__(self) -> str:
        return str(self.transaction_id)
