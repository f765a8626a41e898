"""Serializers of statement imports and their rows."""

from typing import Any

from drf_spectacular.utils import extend_schema_field, extend_schema_serializer
from rest_framework import serializers

from core.api.examples import EXAMPLE_ID
from core.api.money import AmountField
from core.api.serializers import BaseSerializer, JsonField, JsonObjectField, ListedChoiceField, OwnedKeyField, StrictSerializer
from finance.models import FinancialTransaction, StatementImport, StatementImportRow
from finance.models.imports import BalanceReason, ReviewReason, RowVerdict, StatementFormat
from finance.serializers.warnings import WarningSerializer
from finance.services import ReviewDecision
from finance.services.import_sources import AUTO
from finance.statements.text_options import DATE_ORDERS, DECIMALS

EXAMPLE_STATEMENT = {"opening": "727.64", "closing": "382.34", "computed": "382.37", "gap": "-0.03", "currency": "CAD"}
EXAMPLE_ERROR = {"row": 17, "field": "amount", "code": "bad_amount", "message": "“12,34,5” is not an amount of money."}
EXAMPLE_WARNING = {"code": "foreign_currency", "message": "The account is in USD. Amounts in CAD are not converted."}
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
EXAMPLE_COUNTS = {"created": 1, "duplicates": 1, "tombstoned": 0, "superseded": 1, "review": 2, "failed": 1}
EXAMPLE_REASONS = {"ids_changed": 2}
EXAMPLE_OPTIONS = {"invert": False, "encoding": "", "date_order": "", "decimal": ""}
EXAMPLE_BALANCE = {"balance_set": False, "balance_reason": "gap"}
REASONS_HELP = 'The number of rows in review for each reason, as in `{"ids_changed": 2}`. Empty if there are none.'
MAX_ERRORS = 1_000


@extend_schema_serializer(description="A row of the file that can't be imported.")
class RowProblemSerializer(serializers.Serializer):
    row = serializers.IntegerField(
        help_text="Line number in a CSV, MT940 or QIF file, number in a sheet, or else position in the statement, from 1."
    )
    field = serializers.CharField(help_text="The invalid field, such as `amount`.")
    code = serializers.CharField(help_text="A stable code of the problem.")
    message = serializers.CharField(help_text="A sentence for the user.")


@extend_schema_serializer(description="The check that opening balance and booked rows add up to the closing balance.")
class BalanceCheckSerializer(serializers.Serializer):
    opening = AmountField(allow_null=True, help_text="Balance before the first row.")
    closing = AmountField(allow_null=True, help_text="Balance after the last row.")
    computed = AmountField(allow_null=True, help_text="Opening plus the booked rows in `currency`.")
    gap = AmountField(allow_null=True, help_text="Closing minus computed; 0 if the statement adds up.")
    currency = serializers.CharField(max_length=3, help_text="ISO 4217 code of the four amounts.")


@extend_schema_serializer(description="The options of an import, as sent or as in an earlier import of the account.")
class ImportOptionsSerializer(serializers.Serializer):
    invert = serializers.BooleanField(help_text="True: the sign of every amount was changed.")
    encoding = serializers.CharField(allow_blank=True, help_text="An encoding, `auto`, or empty if it was detected.")
    date_order = serializers.ChoiceField([AUTO, *DATE_ORDERS], allow_blank=True, help_text="Empty: it was detected.")
    decimal = serializers.ChoiceField([AUTO, *DECIMALS], allow_blank=True, help_text="Decimal mark. Empty: detected.")


@extend_schema_serializer(description="A row of the file, and the verdict that it would get.")
class PreviewRowSerializer(serializers.Serializer):
    number = serializers.IntegerField(
        help_text="Line number in a CSV, MT940 or QIF file, number in a sheet, or else position in the statement, from 1."
    )
    verdict = serializers.ChoiceField(RowVerdict.choices, help_text="What would become of the row.")
    reason = serializers.ChoiceField(
        ReviewReason.choices, allow_blank=True, help_text="The reason of a review, otherwise empty."
    )
    transaction_id = serializers.UUIDField(allow_null=True, help_text="The existing transaction that the row matches, or null.")
    data = JsonObjectField(  # type: ignore[assignment]  # a field, not the property of that name
        help_text="The row as read, in review with `candidates`; for an invalid row `field`, `code` and `message`."
    )


@extend_schema_serializer(description="The result of an import or of a dry run, with the number of rows of each verdict.")
class ImportResultSerializer(serializers.Serializer):
    id = serializers.UUIDField(allow_null=True, help_text="Null for a dry run.")
    format = serializers.ChoiceField(StatementFormat.choices, help_text="Format of the file, detected or sent.")
    account = serializers.UUIDField(help_text="The id of the account.")
    dry_run = serializers.BooleanField(help_text="True: nothing was changed.")
    created = serializers.IntegerField(help_text="New transactions.")
    duplicates = serializers.IntegerField(help_text="Rows that were in the account already.")
    tombstoned = serializers.IntegerField(help_text="Rows that the user deleted or ignored before.")
    superseded = serializers.IntegerField(help_text="Rows that updated or corrected a transaction.")
    review = serializers.IntegerField(help_text="Rows that the user must resolve, in `rows/` or by reason with `resolve/`.")
    review_reasons = serializers.DictField(child=serializers.IntegerField(), help_text=REASONS_HELP)
    failed = serializers.IntegerField(help_text="Invalid rows, which are left out.")
    errors = RowProblemSerializer(  # type: ignore[assignment]  # a field, not the property of that name
        many=True, help_text="The first 1,000 invalid rows. If there are more, there is a warning."
    )
    statement = BalanceCheckSerializer(help_text="The stated balances. Null: neither in the file nor sent with it.")
    balance_set = serializers.BooleanField(help_text="True: the closing balance is the account's now, or would be.")
    balance_reason = serializers.ChoiceField(
        BalanceReason.choices, allow_blank=True, help_text="Why the balance is not set. Empty if it is."
    )
    options = ImportOptionsSerializer(help_text="The options that were used, sent or remembered.")
    mapping = JsonObjectField(
        help_text="The columns and formats of a CSV file that were used, to send as `mapping`. Empty for other formats."
    )
    unused_columns = serializers.ListField(
        child=serializers.CharField(), help_text="Titles of the columns of a CSV file that the mapping does not use."
    )
    warnings = WarningSerializer(many=True, help_text="Problems that did not stop the import. Empty: none.")
    first_rows = serializers.ListField(
        child=serializers.ListField(child=serializers.CharField(allow_blank=True)),
        help_text="The cells of the first rows of a CSV file, to confirm the columns. Empty unless it is a dry run.",
    )
    preview = PreviewRowSerializer(many=True, help_text="The first 100 rows. Empty unless it is a dry run.")

    class Meta:
        example = {
            "id": EXAMPLE_ID,
            "format": "ofx",
            "account": EXAMPLE_ID,
            "dry_run": False,
            **EXAMPLE_COUNTS,
            "review_reasons": EXAMPLE_REASONS,
            "errors": [EXAMPLE_ERROR],
            "statement": EXAMPLE_STATEMENT,
            **EXAMPLE_BALANCE,
            "options": EXAMPLE_OPTIONS,
            "mapping": {},
            "unused_columns": [],
            "warnings": [EXAMPLE_WARNING],
            "first_rows": [],
            "preview": [],
        }

    def to_representation(self, instance: Any) -> dict[str, Any]:
        data: dict[str, Any] = super().to_representation(instance)
        return data if instance.dry_run else data | {"preview": [], "first_rows": []}


@extend_schema_field(ImportOptionsSerializer)
class OptionsField(JsonField):
    """The options of an import, as a typed object in the schema."""


@extend_schema_field(BalanceCheckSerializer)
class BalanceCheckField(JsonField):
    """The balances of a statement, as a typed object in the schema."""


@extend_schema_field(WarningSerializer(many=True))
class WarningsField(JsonField):
    """The warnings of an import, as typed objects in the schema."""


@extend_schema_serializer(description="A statement file that was imported, with the number of rows of each verdict.")
class ImportSerializer(BaseSerializer):
    options = OptionsField(read_only=True, help_text="The options that were used, sent or remembered.")
    statement = BalanceCheckField(read_only=True, help_text="Null balances are neither in the file nor sent with it.")
    warnings = WarningsField(read_only=True, help_text="Empty if there are none.")

    class Meta:
        model = StatementImport
        fields = [
            "id",
            "account",
            "format",
            "id_scheme",
            "filename",
            "mapping",
            "options",
            *EXAMPLE_COUNTS,
            "statement",
            "balance_set",
            "balance_reason",
            "warnings",
            "undone_at",
            "move",
            "created_at",
            "updated_at",
        ]
        read_only_fields = fields
        example: dict[str, Any] = {
            "format": "ofx",
            "id_scheme": "ofx",
            "filename": "april.ofx",
            "options": EXAMPLE_OPTIONS,
            **EXAMPLE_COUNTS,
            "statement": EXAMPLE_STATEMENT,
            **EXAMPLE_BALANCE,
            "warnings": [EXAMPLE_WARNING],
        }


@extend_schema_serializer(description="A statement file that was imported, with its first 1,000 invalid rows.")
class ImportDetailSerializer(ImportSerializer):
    errors = serializers.SerializerMethodField(help_text="The first 1,000 invalid rows.")  # type: ignore[assignment]  # a field

    review_reasons = serializers.SerializerMethodField(help_text=REASONS_HELP)

    class Meta(ImportSerializer.Meta):
        fields = [*ImportSerializer.Meta.fields, "review_reasons", "errors"]
        read_only_fields = fields
        example = ImportSerializer.Meta.example | {"review_reasons": EXAMPLE_REASONS, "errors": [EXAMPLE_ERROR]}

    @extend_schema_field(RowProblemSerializer(many=True))
    def get_errors(self, record: StatementImport) -> list[dict[str, Any]]:
        return record.problems(limit=MAX_ERRORS)

    def get_review_reasons(self, record: StatementImport) -> dict[str, int]:
        return record.review_reasons()


@extend_schema_serializer(description="A row of an imported statement file, and its verdict.")
class ImportRowSerializer(BaseSerializer):
    data = JsonObjectField(  # type: ignore[assignment]  # a field, not the property of that name
        read_only=True,
        allow_null=True,
        help_text="The row as read, in review with `candidates`, or an invalid row's problem. May be null.",
    )

    class Meta:
        model = StatementImportRow
        fields = [
            "id",
            "number",
            "verdict",
            "reason",
            "transaction_id",
            "provider_id",
            "transaction_date",
            "amount",
            "currency",
            "data",
            "deleted_at",
            "created_at",
            "updated_at",
        ]
        read_only_fields = fields
        extra_kwargs = {
            "transaction_id": {"help_text": "The transaction that the row created or matches. Null if there is none."},
        }
        example = {
            "verdict": "review",
            "reason": "ids_changed",
            "provider_id": "0000123456782009040100001",
            "transaction_date": "2009-04-01",
            "amount": "-6.60",
            "currency": "CAD",
            "data": EXAMPLE_ROW | {"candidates": [EXAMPLE_ID]},
        }


@extend_schema_serializer(description="The decision on a row in review.")
class RowDecisionSerializer(StrictSerializer):
    decision = ListedChoiceField([each.value for each in ReviewDecision], help_text="`ignore` is for later imports, too.")
    transaction = OwnedKeyField(
        queryset=FinancialTransaction.objects.all(),
        required=False,
        help_text="The id of the transaction that is the row. Required for `match`.",
    )


@extend_schema_serializer(description="The decision on all rows that are in review for a reason.")
class ReviewsDecisionSerializer(StrictSerializer):
    reason = ListedChoiceField(ReviewReason.choices, help_text="Of the rows to decide, as in `review_reasons` of the import.")
    decision = ListedChoiceField(
        [each.value for each in ReviewDecision], help_text="`match` takes the first of each row's `candidates`."
    )


@extend_schema_serializer(description="The number of rows that the decision gave each verdict.")
class ResolutionSerializer(serializers.Serializer):
    created = serializers.IntegerField(help_text="New transactions.")
    duplicates = serializers.IntegerField(help_text="Rows that were matched without a change.")
    tombstoned = serializers.IntegerField(help_text="Rows that are ignored, also in later imports.")
    superseded = serializers.IntegerField(help_text="Rows that updated or deleted the transaction that they match.")
    left = serializers.IntegerField(help_text="Rows still in review, for example because their candidate was deleted.")

    class Meta:
        example = {"created": 0, "duplicates": 412, "tombstoned": 0, "superseded": 0, "left": 0}


@extend_schema_serializer(description="A transaction that the undo did not change.")
class UnchangedTransactionSerializer(serializers.Serializer):
    transaction = serializers.UUIDField(help_text="The id of the transaction.")
    reason = serializers.ChoiceField(["changed"], help_text="It was changed after the import.")


@extend_schema_serializer(description="The result of undoing an import.")
class UndoResultSerializer(serializers.Serializer):
    id = serializers.UUIDField(help_text="The id of the import.")
    removed = serializers.IntegerField(help_text="Number of deleted transactions.")
    restored = serializers.IntegerField(help_text="Number of superseded transactions that have their former values again.")
    kept = UnchangedTransactionSerializer(many=True, help_text="Transactions that were changed after the import.")

    class Meta:
        example = {"id": EXAMPLE_ID, "removed": 41, "restored": 1, "kept": [{"transaction": EXAMPLE_ID, "reason": "changed"}]}
