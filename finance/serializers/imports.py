"""Statement files, and what became of their rows, as JSON."""

from typing import Any

import orjson
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from core.api.examples import EXAMPLE_ID
from core.api.serializers import BaseSerializer, OwnedKeyField, StrictSerializer
from core.models.validators import has_null_character
from finance.models import EncryptedFinancialProfile, FinancialTransaction, StatementImport, StatementImportRow
from finance.models.imports import RowVerdict
from finance.services import ReviewDecision
from finance.statements.parse import FORMATS

EXAMPLE_STATEMENT = {"opening": "727.64", "closing": "382.34", "computed": "382.37", "gap": "-0.03", "currency": "CAD"}
EXAMPLE_ERROR = {"row": 17, "field": "amount", "code": "bad_amount", "message": "“12,34,5” is not an amount of money."}
EXAMPLE_WARNING = {
    "code": "foreign_currency",
    "message": "The account is in USD; amounts in CAD keep their currency, nothing is converted.",
}
EXAMPLE_ROW = {
    "date": "2009-04-01",
    "posted_date": "2009-04-01",
    "amount": "-6.60",
    "currency": "CAD",
    "transaction_type": "expense",
    "description": "POS MERCHANDISE",
    "merchant_name": "MCDONALD'S #112",
    "category": "",
    "provider_id": "0000123456782009040100001",
    "is_pending": False,
}
EXAMPLE_COUNTS = {"created": 1, "duplicates": 1, "tombstoned": 0, "superseded": 1, "review": 0}
MAX_MAPPING = 20_000
MAX_ERRORS = 1_000


class MappingField(serializers.CharField):
    """A JSON object in a form's text field."""

    default_error_messages = {"invalid_json": 'Write a JSON object such as {{"date": "Booked on", "amount": "Betrag"}}.'}

    def to_internal_value(self, data: Any) -> Any:
        text = super().to_internal_value(data)
        try:
            mapping = orjson.loads(text)
        except orjson.JSONDecodeError:
            self.fail("invalid_json")
        if not isinstance(mapping, dict) or has_null_character(mapping):
            self.fail("invalid_json")
        return mapping


class ImportFormSerializer(StrictSerializer):
    """A statement file and where it belongs."""

    file = serializers.FileField(max_length=255, help_text="OFX, QFX or CSV.")
    account = OwnedKeyField(queryset=EncryptedFinancialProfile.objects.all())
    format = serializers.ChoiceField(FORMATS, default="auto")
    mapping = MappingField(
        max_length=MAX_MAPPING, required=False, help_text="CSV only: a JSON object, field to column's title or number."
    )
    dry_run = serializers.BooleanField(default=False, help_text="Say what would happen, and change nothing.")
    account_hint = serializers.CharField(
        max_length=64, required=False, help_text="Which account of an OFX file: its number or last four characters."
    )
    opening_balance = serializers.DecimalField(15, 2, required=False, help_text="Where the file does not say.")
    closing_balance = serializers.DecimalField(15, 2, required=False, help_text="Where the file does not say.")


class ProblemSerializer(serializers.Serializer):
    row = serializers.IntegerField(help_text="The line of a CSV, the ordinal in an OFX statement.")
    field = serializers.CharField()
    code = serializers.CharField()
    message = serializers.CharField()


class CautionSerializer(serializers.Serializer):
    code = serializers.CharField()
    message = serializers.CharField()


class ProofSerializer(serializers.Serializer):
    opening = serializers.DecimalField(20, 2, allow_null=True)
    closing = serializers.DecimalField(20, 2, allow_null=True)
    computed = serializers.DecimalField(20, 2, allow_null=True, help_text="Opening plus every booked row of the file.")
    gap = serializers.DecimalField(20, 2, allow_null=True, help_text="Closing minus computed; 0.00 proves the statement.")
    currency = serializers.CharField(max_length=3)


class PreviewRowSerializer(serializers.Serializer):
    number = serializers.IntegerField()
    verdict = serializers.ChoiceField(RowVerdict.choices)
    transaction_id = serializers.UUIDField(allow_null=True)
    data = serializers.JSONField()  # type: ignore[assignment]  # a field, not the property of that name


class ImportResultSerializer(serializers.Serializer):
    """What an import did, or would do."""

    id = serializers.UUIDField(allow_null=True, help_text="Null for a dry run.")
    format = serializers.CharField()
    account = serializers.UUIDField()
    dry_run = serializers.BooleanField()
    created = serializers.IntegerField()
    duplicates = serializers.IntegerField()
    tombstoned = serializers.IntegerField()
    superseded = serializers.IntegerField()
    review = serializers.IntegerField()
    errors = ProblemSerializer(many=True)  # type: ignore[assignment]  # a field, not the property of that name
    statement = ProofSerializer()
    warnings = CautionSerializer(many=True)
    preview = PreviewRowSerializer(many=True, required=False, help_text="Of a dry run: the first 100 rows.")

    class Meta:
        example = {
            "id": EXAMPLE_ID,
            "format": "ofx",
            "account": EXAMPLE_ID,
            "dry_run": False,
            **EXAMPLE_COUNTS,
            "errors": [EXAMPLE_ERROR],
            "statement": EXAMPLE_STATEMENT,
            "warnings": [EXAMPLE_WARNING],
        }

    def to_representation(self, instance: Any) -> dict[str, Any]:
        answer: dict[str, Any] = super().to_representation(instance)
        return answer if instance.dry_run else {name: value for name, value in answer.items() if name != "preview"}


class ImportSerializer(BaseSerializer):
    class Meta:
        model = StatementImport
        fields = [
            "id",
            "account",
            "format",
            "filename",
            "mapping",
            *EXAMPLE_COUNTS,
            "failed",
            "statement",
            "warnings",
            "undone_at",
            "created_at",
            "updated_at",
        ]
        read_only_fields = fields
        example: dict[str, Any] = {
            "format": "ofx",
            "filename": "april.ofx",
            **EXAMPLE_COUNTS,
            "failed": 1,
            "statement": EXAMPLE_STATEMENT,
            "warnings": [EXAMPLE_WARNING],
        }


class ImportDetailSerializer(ImportSerializer):
    errors = serializers.SerializerMethodField(help_text="The first 1,000.")  # type: ignore[assignment]  # as above

    class Meta(ImportSerializer.Meta):
        fields = [*ImportSerializer.Meta.fields, "errors"]
        read_only_fields = fields
        example = ImportSerializer.Meta.example | {"errors": [EXAMPLE_ERROR]}

    @extend_schema_field(ProblemSerializer(many=True))
    def get_errors(self, record: StatementImport) -> list[dict[str, Any]]:
        return record.problems(limit=MAX_ERRORS)


class ImportRowSerializer(BaseSerializer):
    class Meta:
        model = StatementImportRow
        fields = ["id", "number", "verdict", "transaction_id", "provider_id", "data", "deleted_at", "created_at", "updated_at"]
        read_only_fields = fields
        extra_kwargs = {
            "transaction_id": {"help_text": "What the row became or is."},
            "data": {"help_text": "In review, superseded and tombstoned: the row, with `candidates`. Broken: what is wrong."},
        }
        example = {
            "verdict": "review",
            "provider_id": "0000123456782009040100001",
            "data": EXAMPLE_ROW | {"candidates": [EXAMPLE_ID]},
        }


class SettlementSerializer(StrictSerializer):
    """What a row in review is: a transaction of its own, one that is there already, or nothing to keep."""

    decision = serializers.ChoiceField([decision.value for decision in ReviewDecision])
    transaction = OwnedKeyField(queryset=FinancialTransaction.objects.all(), required=False, help_text="For `match`.")


class KeptSerializer(serializers.Serializer):
    transaction = serializers.UUIDField()
    reason = serializers.CharField(help_text="`changed`: it was changed after the import.")


class UndoResultSerializer(serializers.Serializer):
    """What an undo did."""

    id = serializers.UUIDField()
    removed = serializers.IntegerField(help_text="Transactions that are gone.")
    restored = serializers.IntegerField(help_text="Pending transactions that are again what they were.")
    kept = KeptSerializer(many=True)

    class Meta:
        example = {
            "id": EXAMPLE_ID,
            "removed": 41,
            "restored": 1,
            "kept": [{"transaction": EXAMPLE_ID, "reason": "changed"}],
        }
