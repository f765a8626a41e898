"""Serializers of statement imports and their rows."""

from typing import Any

from drf_spectacular.utils import extend_schema_field, extend_schema_serializer
from rest_framework import serializers

from core.api.examples import EXAMPLE_ID
from core.api.serializers import BaseSerializer, OwnedKeyField, StrictSerializer
from core.errors import DomainError
from core.json_input import parsed
from core.models.validators import has_null_character
from finance.models import EncryptedFinancialProfile, FinancialTransaction, StatementImport, StatementImportRow
from finance.models.imports import BalanceReason, RowVerdict
from finance.services import ReviewDecision
from finance.services.import_sources import AUTO
from finance.statements.encoding_names import NAMES, known_codec, name_of
from finance.statements.parse import FORMATS
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
EXAMPLE_COUNTS = {"created": 1, "duplicates": 1, "tombstoned": 0, "superseded": 1, "review": 0, "failed": 1}
EXAMPLE_OPTIONS = {"invert": False, "encoding": "", "date_order": "", "decimal": ""}
EXAMPLE_BALANCE = {"balance_set": False, "balance_reason": "gap"}
MAX_MAPPING = 20_000
SHOWN = 40
MAX_ERRORS = 1_000


class MappingField(serializers.CharField):
    """A JSON object in a text field of a multipart form."""

    default_error_messages = {
        "invalid_json": '{problem}Send a JSON object such as {{"date": "Booked on", "amount": "Betrag"}}.',
    }

    def to_internal_value(self, data: Any) -> Any:
        text = super().to_internal_value(data)
        try:
            mapping = parsed(text.encode(), "The mapping")
        except (DomainError, UnicodeEncodeError) as error:
            self.fail("invalid_json", problem=f"{error} ")
        if not isinstance(mapping, dict) or has_null_character(mapping):
            self.fail("invalid_json", problem="")
        return mapping


class ListedChoiceField(serializers.ChoiceField):
    """A choice whose error lists the choices."""

    default_error_messages = {"invalid_choice": "“{input}” is unknown. Use one of: {known}."}

    def to_internal_value(self, data: Any) -> Any:
        if str(data) not in self.choices:
            self.fail("invalid_choice", input=str(data)[:SHOWN], known=" ".join(map(str, self.choices)))
        return super().to_internal_value(data)


class EncodingField(ListedChoiceField):
    """An encoding by any of its names, returned as the first one of `choices`."""

    def to_internal_value(self, data: Any) -> Any:
        codec = known_codec(str(data))
        return super().to_internal_value(name_of(codec) if codec and data not in self.choices else data)


@extend_schema_serializer(description="A statement file, and the account to import it into.")
class ImportFormSerializer(StrictSerializer):
    file = serializers.FileField(
        max_length=255,
        help_text="An OFX, QFX or CSV file. Texts are cut: descriptions at 2,000 characters, names at 255, categories at 100.",
    )
    account = OwnedKeyField(queryset=EncryptedFinancialProfile.objects.all(), help_text="The id of an open account.")
    format = ListedChoiceField(FORMATS, default="auto", help_text="With `auto`, the content determines the format.")
    mapping = MappingField(
        max_length=MAX_MAPPING,
        required=False,
        help_text='CSV only: JSON with the column title or number (from 0) of each field, as in {"date": "Day", "amount": 3}. '
        "Options: `date_format`, `decimal`, `delimiter`. Default: the account's last mapping if it fits, else detected.",
    )
    dry_run = serializers.BooleanField(default=False, help_text="True: return the result with a `preview`, and change nothing.")
    account_hint = serializers.CharField(
        max_length=64, required=False, help_text="For an OFX file with several accounts: its number or last four characters."
    )
    opening_balance = serializers.DecimalField(
        15, 2, required=False, help_text="Used if the file states none. Below 0 if money is owed."
    )
    closing_balance = serializers.DecimalField(
        15, 2, required=False, help_text="Used if the file states none. Below 0 if money is owed."
    )
    invert = serializers.BooleanField(
        allow_null=True,
        required=False,
        default=None,
        help_text="True: change the sign of every amount, for banks that write charges of a card as positive amounts. "
        "Default (null or absent): as in the account's last import that was not undone.",
    )
    encoding = EncodingField(
        [AUTO, *NAMES],
        required=False,
        default="",
        help_text="The encoding of the file, also by other names such as cp1252. `auto`: detect it. Default: as in an earlier "
        "import of the account if it fits, else detected.",
    )
    date_order = ListedChoiceField(
        [AUTO, *DATE_ORDERS],
        required=False,
        default="",
        help_text="Whether dates such as 03/04/2026 begin with the day or the month. `auto`: detect it. Default: as in an "
        "earlier import of the account if it fits, else detected.",
    )
    decimal = ListedChoiceField(
        [AUTO, *DECIMALS],
        required=False,
        default="",
        help_text="The decimal mark of amounts. `auto`: detect it. Default: as in an earlier import of the account if it fits, "
        "else detected.",
    )


@extend_schema_serializer(description="A row of the file that can't be imported.")
class RowProblemSerializer(serializers.Serializer):
    row = serializers.IntegerField(help_text="Line number in a CSV file, or position in an OFX statement, from 1.")
    field = serializers.CharField(help_text="The invalid field, such as `amount`.")
    code = serializers.CharField(help_text="A stable code of the problem.")
    message = serializers.CharField(help_text="A sentence for the user.")


@extend_schema_serializer(description="A problem that did not stop the import.")
class WarningSerializer(serializers.Serializer):
    code = serializers.CharField(help_text="A stable code of the problem.")
    message = serializers.CharField(help_text="A sentence for the user.")


@extend_schema_serializer(description="The check that opening balance and booked rows add up to the closing balance.")
class BalanceCheckSerializer(serializers.Serializer):
    opening = serializers.DecimalField(20, 2, allow_null=True, help_text="Balance before the first row.")
    closing = serializers.DecimalField(20, 2, allow_null=True, help_text="Balance after the last row.")
    computed = serializers.DecimalField(20, 2, allow_null=True, help_text="Opening plus the booked rows in `currency`.")
    gap = serializers.DecimalField(20, 2, allow_null=True, help_text="Closing minus computed. 0.00 if the statement adds up.")
    currency = serializers.CharField(max_length=3, help_text="ISO 4217 code of the four amounts.")


@extend_schema_serializer(description="The options of an import, as sent or as in an earlier import of the account.")
class ImportOptionsSerializer(serializers.Serializer):
    invert = serializers.BooleanField(help_text="True: the sign of every amount was changed.")
    encoding = serializers.CharField(allow_blank=True, help_text="An encoding, `auto`, or empty if it was detected.")
    date_order = serializers.CharField(allow_blank=True, help_text="`day_first`, `month_first`, `auto`, or empty if detected.")
    decimal = serializers.CharField(allow_blank=True, help_text="`.`, `,`, `auto`, or empty if it was detected.")


@extend_schema_serializer(description="A row of the file, and the verdict that it would get.")
class PreviewRowSerializer(serializers.Serializer):
    number = serializers.IntegerField(help_text="Line number in a CSV file, or position in an OFX statement, from 1.")
    verdict = serializers.ChoiceField(RowVerdict.choices)
    transaction_id = serializers.UUIDField(allow_null=True, help_text="The existing transaction that the row matches, or null.")
    data = serializers.JSONField(  # type: ignore[assignment]  # a field, not the property of that name
        help_text="The row as read, in review with `candidates`; for an invalid row `field`, `code` and `message`."
    )


@extend_schema_serializer(description="The result of an import or of a dry run, with the number of rows of each verdict.")
class ImportResultSerializer(serializers.Serializer):
    id = serializers.UUIDField(allow_null=True, help_text="Null for a dry run.")
    format = serializers.CharField(help_text="`ofx`, `qfx` or `csv`, as detected or sent.")
    account = serializers.UUIDField(help_text="The id of the account.")
    dry_run = serializers.BooleanField(help_text="True: nothing was changed.")
    created = serializers.IntegerField(help_text="New transactions.")
    duplicates = serializers.IntegerField(help_text="Rows that were in the account already.")
    tombstoned = serializers.IntegerField(help_text="Rows that the user deleted or ignored before.")
    superseded = serializers.IntegerField(help_text="Rows that updated a pending transaction.")
    review = serializers.IntegerField(help_text="Possible duplicates. Resolve them in `rows/`.")
    failed = serializers.IntegerField(help_text="Invalid rows.")
    errors = RowProblemSerializer(  # type: ignore[assignment]  # a field, not the property of that name
        many=True, help_text="The first 1,000 invalid rows. If there are more, there is a warning."
    )
    statement = BalanceCheckSerializer(help_text="Null balances are neither in the file nor sent with it.")
    balance_set = serializers.BooleanField(help_text="True: the closing balance is the account's now, or would be.")
    balance_reason = serializers.ChoiceField(
        BalanceReason.choices, allow_blank=True, help_text="Why the balance is not set. Empty if it is."
    )
    options = ImportOptionsSerializer(help_text="The options that were used, sent or remembered.")
    mapping = serializers.DictField(
        help_text="The columns and formats of a CSV file that were used, to send as `mapping`. Empty for other formats."
    )
    unused_columns = serializers.ListField(
        child=serializers.CharField(), help_text="Titles of the columns of a CSV file that the mapping does not use."
    )
    warnings = WarningSerializer(many=True, help_text="Empty if there are none.")
    first_rows = serializers.ListField(
        child=serializers.ListField(child=serializers.CharField(allow_blank=True)),
        required=False,
        help_text="The cells of the first rows of a CSV file, to confirm the columns. Dry runs only.",
    )
    preview = PreviewRowSerializer(many=True, required=False, help_text="The first 100 rows. Dry runs only.")

    class Meta:
        example = {
            "id": EXAMPLE_ID,
            "format": "ofx",
            "account": EXAMPLE_ID,
            "dry_run": False,
            **EXAMPLE_COUNTS,
            "errors": [EXAMPLE_ERROR],
            "statement": EXAMPLE_STATEMENT,
            **EXAMPLE_BALANCE,
            "options": EXAMPLE_OPTIONS,
            "mapping": {},
            "unused_columns": [],
            "warnings": [EXAMPLE_WARNING],
        }

    def to_representation(self, instance: Any) -> dict[str, Any]:
        data: dict[str, Any] = super().to_representation(instance)
        only_in_dry_runs = () if instance.dry_run else ("preview", "first_rows")
        return {name: value for name, value in data.items() if name not in only_in_dry_runs}


@extend_schema_serializer(description="A statement file that was imported, with the number of rows of each verdict.")
class ImportSerializer(BaseSerializer):
    class Meta:
        model = StatementImport
        fields = [
            "id",
            "account",
            "format",
            "filename",
            "mapping",
            "options",
            *EXAMPLE_COUNTS,
            "statement",
            "balance_set",
            "balance_reason",
            "warnings",
            "undone_at",
            "created_at",
            "updated_at",
        ]
        read_only_fields = fields
        example: dict[str, Any] = {
            "format": "ofx",
            "filename": "april.ofx",
            "options": EXAMPLE_OPTIONS,
            **EXAMPLE_COUNTS,
            "statement": EXAMPLE_STATEMENT,
            **EXAMPLE_BALANCE,
            "warnings": [EXAMPLE_WARNING],
        }


@extend_schema_serializer(description="A statement file that was imported, with its first 1,000 invalid rows.")
class ImportDetailSerializer(ImportSerializer):
    errors = serializers.SerializerMethodField(help_text="The first 1,000 invalid rows.")  # type: ignore[assignment]  # as above

    class Meta(ImportSerializer.Meta):
        fields = [*ImportSerializer.Meta.fields, "errors"]
        read_only_fields = fields
        example = ImportSerializer.Meta.example | {"errors": [EXAMPLE_ERROR]}

    @extend_schema_field(RowProblemSerializer(many=True))
    def get_errors(self, record: StatementImport) -> list[dict[str, Any]]:
        return record.problems(limit=MAX_ERRORS)


@extend_schema_serializer(description="A row of an imported statement file, and its verdict.")
class ImportRowSerializer(BaseSerializer):
    class Meta:
        model = StatementImportRow
        fields = ["id", "number", "verdict", "transaction_id", "provider_id", "data", "deleted_at", "created_at", "updated_at"]
        read_only_fields = fields
        extra_kwargs = {
            "transaction_id": {"help_text": "The transaction that the row created or matches. Null if there is none."},
            "data": {"help_text": "The row as read, in review with `candidates`, or an invalid row's problem. May be null."},
        }
        example = {
            "verdict": "review",
            "provider_id": "0000123456782009040100001",
            "data": EXAMPLE_ROW | {"candidates": [EXAMPLE_ID]},
        }


@extend_schema_serializer(description="The decision on a row in review.")
class RowDecisionSerializer(StrictSerializer):
    decision = serializers.ChoiceField([each.value for each in ReviewDecision], help_text="`ignore` is for later imports, too.")
    transaction = OwnedKeyField(queryset=FinancialTransaction.objects.all(), required=False, help_text="Required for `match`.")


@extend_schema_serializer(description="A transaction that the undo did not change.")
class UnchangedTransactionSerializer(serializers.Serializer):
    transaction = serializers.UUIDField(help_text="The id of the transaction.")
    reason = serializers.CharField(help_text="Always `changed`: it was changed after the import.")


@extend_schema_serializer(description="The result of undoing an import.")
class UndoResultSerializer(serializers.Serializer):
    id = serializers.UUIDField(help_text="The id of the import.")
    removed = serializers.IntegerField(help_text="Number of deleted transactions.")
    restored = serializers.IntegerField(help_text="Number of superseded transactions that have their former values again.")
    kept = UnchangedTransactionSerializer(many=True, help_text="Transactions that were changed after the import.")

    class Meta:
        example = {"id": EXAMPLE_ID, "removed": 41, "restored": 1, "kept": [{"transaction": EXAMPLE_ID, "reason": "changed"}]}
