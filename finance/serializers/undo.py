"""Serializers of edits that can be undone, and of deleted transactions."""

from typing import Any, ClassVar

from drf_spectacular.utils import extend_schema_serializer
from rest_framework import serializers
from rest_framework.exceptions import ErrorDetail, ValidationError

from core.api.bulk_bodies import MAX_ROWS, BulkResultSerializer
from core.api.derived_fields import public_names
from core.api.examples import EXAMPLE_DAY, EXAMPLE_ID, EXAMPLE_TIME
from core.api.serializers import BaseSerializer, OwnedKeyField, StrictSerializer
from finance.models import DeletedTransaction, EditRun, FinancialTransaction
from finance.serializers.transactions import TransactionSerializer
from finance.serializers.warnings import WarningSerializer

REASONS = ("changed", "deleted", "missing", "conflict")


@extend_schema_serializer(description="An edit of many transactions at once, which can be undone for some time.")
class EditRunSerializer(BaseSerializer):
    class Meta:
        model = EditRun
        fields = ["id", "kind", "rule", "rule_version", "row_count", "undo_until", "undone_at", "created_at", "updated_at"]
        read_only_fields = fields
        example: ClassVar[dict[str, Any]] = {
            "id": EXAMPLE_ID,
            "kind": "merge",
            "rule": None,
            "rule_version": None,
            "row_count": 14,
            "undo_until": EXAMPLE_TIME,
            "undone_at": None,
            "created_at": EXAMPLE_TIME,
            "updated_at": EXAMPLE_TIME,
        }


@extend_schema_serializer(description="The numbers of rows that a bulk call changed, ids of new ones, a token and warnings.")
class UndoableBulkResultSerializer(BulkResultSerializer):
    undo_token = serializers.UUIDField(
        allow_null=True,
        help_text="Undoes the updates for a day, by `bulk/undo/`. It is the id of an edit in `edit-runs/`. Null: no updates.",
    )

    warnings = WarningSerializer(many=True, help_text="Empty if there are none.")

    class Meta:
        example: Any = {"created": [], "updated": 14, "deleted": 0, "undo_token": EXAMPLE_ID, "warnings": []}


@extend_schema_serializer(description="The token of a bulk call.")
class UndoTokenSerializer(StrictSerializer):
    undo_token = OwnedKeyField(queryset=EditRun.objects.all(), help_text="From the result of the bulk call.")


@extend_schema_serializer(description="A row that an undo has left as it is.")
class KeptRowSerializer(serializers.Serializer):
    id = serializers.UUIDField(help_text="The id of a transaction; after a merge also of a due date or category.")
    reason = serializers.ChoiceField(
        REASONS,
        help_text="`changed` or `deleted` since, `missing`: what it referred to was deleted, `conflict`: its former values "
        "are refused now, such as a reference number that another transaction has, or the edit replaced its splits or "
        "refund_of.",
    )


@extend_schema_serializer(description="The result of an undo.")
class UndoneEditSerializer(serializers.Serializer):
    id = serializers.UUIDField(help_text="The id of the edit.")
    restored = serializers.IntegerField(help_text="The number of transactions that have their former values again.")
    kept_count = serializers.IntegerField(help_text="The number of rows that were left as they are.")
    kept = KeptRowSerializer(many=True, help_text="The first 1,000 of these rows.")

    class Meta:
        example = {"id": EXAMPLE_ID, "restored": 13, "kept_count": 1, "kept": [{"id": EXAMPLE_ID, "reason": "changed"}]}


@extend_schema_serializer(description="A deleted transaction, which can be restored for 30 days.")
class DeletedTransactionSerializer(BaseSerializer):
    transaction_date = serializers.DateField(read_only=True, help_text="Day of the transaction itself, not of its booking.")
    amount = serializers.CharField(read_only=True, help_text="A decimal: above 0 if money entered the account, else below 0.")
    currency = serializers.CharField(read_only=True, help_text="ISO 4217 code of the amount.")
    description = serializers.CharField(read_only=True, help_text="Text of the bank statement or of the user. May be empty.")
    merchant_name = serializers.CharField(read_only=True, help_text="The other party, as the bank wrote it. May be empty.")
    restorable_until = serializers.DateTimeField(read_only=True, help_text="It can be restored before this time.")

    class Meta:
        model = DeletedTransaction
        annotated = ("transaction_date", "amount", "currency", "description", "merchant_name", "restorable_until")
        fields = ["id", *annotated, "deleted_at"]
        read_only_fields = ["id", "deleted_at"]
        example = {
            "id": EXAMPLE_ID,
            "transaction_date": EXAMPLE_DAY,
            "amount": "-6.60",
            "currency": "CAD",
            "description": "POS MERCHANDISE",
            "merchant_name": "MCDONALD'S #112",
            "deleted_at": EXAMPLE_TIME,
            "restorable_until": EXAMPLE_TIME,
        }


@extend_schema_serializer(description="Something that a restored transaction referred to and that does not exist any more.")
class MissingReferenceSerializer(serializers.Serializer):
    id = serializers.UUIDField(help_text="The id of the transaction.")
    field = serializers.CharField(
        help_text="The field of the transaction, such as `tags`; `transfer`; or the table of what was linked to it, such as "
        "`duedatepayment`."
    )
    value = serializers.CharField(help_text="The slug, name or id that the field had.")


MISSING: Any = MissingReferenceSerializer(
    many=True, read_only=True, help_text="What the transactions referred to and what was deleted since. It stays empty."
)
EXAMPLE_MISSING = [{"id": EXAMPLE_ID, "field": "tags", "value": "trip to Rome"}]


@extend_schema_serializer(description="A transaction that was restored.", component_name="RestoredFinancialTransaction")
class RestoredTransactionSerializer(TransactionSerializer):
    missing = MISSING

    class Meta(TransactionSerializer.Meta):
        fields = [*public_names(FinancialTransaction), "missing"]
        example = TransactionSerializer.Meta.example | {"missing": EXAMPLE_MISSING}


@extend_schema_serializer(description="The deleted transactions to restore: either `ids`, or those since a time.")
class BulkRestoreSerializer(StrictSerializer):
    ids = serializers.ListField(
        child=serializers.UUIDField(), required=False, max_length=MAX_ROWS, help_text="The ids of deleted transactions."
    )
    deleted_since = serializers.DateTimeField(
        required=False, help_text="Restore those that were deleted at this time or later, at most 1,000."
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if len(attrs) != 1:
            raise ValidationError([ErrorDetail("Send either ids or deleted_since.", "required")])
        return attrs


@extend_schema_serializer(description="The result of a restoration of many transactions.")
class BulkRestoredSerializer(serializers.Serializer):
    restored = serializers.IntegerField(help_text="The number of restored transactions.")
    missing = MISSING

    class Meta:
        example = {"restored": 12, "missing": EXAMPLE_MISSING}
