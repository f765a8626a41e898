"""Serializers of moves: files with all accounts of another app."""

from typing import Any

from drf_spectacular.utils import extend_schema_serializer
from rest_framework import serializers

from core.api.examples import EXAMPLE_ID
from core.api.serializers import ListedChoiceField, StrictSerializer
from core.currencies import MINOR_UNITS
from finance.models.accounts import AccountType
from finance.models.categories import CategoryKind
from finance.moves.read import FORMATS as APPS
from finance.serializers.import_forms import EncodingField, MappingField
from finance.serializers.imports import UnchangedTransactionSerializer
from finance.serializers.warnings import WarningSerializer
from finance.services.import_sources import AUTO
from finance.services.move_archive import FORMAT as MINGUS
from finance.services.move_choices import MoveAction
from finance.statements.encoding_names import NAMES
from finance.statements.text_options import DATE_ORDERS, DECIMALS

FORMATS = (*APPS, MINGUS)
MAX_DECISIONS = 500_000
COUNTS = {
    "created": "New transactions.",
    "duplicates": "Rows that were in the account already.",
    "tombstoned": "Rows that the user deleted or ignored before.",
    "superseded": "Rows that updated a transaction.",
    "review": "Rows that the user must resolve in the account's import.",
    "failed": "Invalid rows, which are left out.",
}


class DecisionsField(MappingField):
    """A JSON object in a text field of a multipart form, with decisions by names of the file."""

    default_error_messages = {"invalid_json": "{problem}Send a JSON object with the names of the file."}


@extend_schema_serializer(description="A file with all accounts of another app, and what to do with them.")
class MoveFormSerializer(StrictSerializer):
    file = serializers.FileField(
        max_length=255,
        help_text="The register of YNAB, the transactions of all accounts of Mint, Firefly III or Actual (CSV), or the export "
        "of all data of MINGUS (ZIP).",
    )
    dry_run = serializers.BooleanField(
        default=True, help_text="True (the default): return what would be imported, and change nothing. False: import it."
    )
    accounts = DecisionsField(
        max_length=MAX_DECISIONS,
        required=False,
        help_text='JSON with a decision for a name of the file: `{"account": "<id>"}` imports into an open account, '
        '`{"profile_name": "Wallet", "profile_type": "checking", "currency": "EUR"}` creates one (all fields are optional), '
        "null leaves it out. Default: as in the result of the dry run.",
    )
    categories = DecisionsField(
        max_length=MAX_DECISIONS,
        required=False,
        help_text="JSON with the slug or name of a category for a name of the file; null: none. Default: the category of that "
        "name, or a new one.",
    )
    currency = ListedChoiceField(
        sorted(MINOR_UNITS),
        required=False,
        default="",
        help_text="ISO 4217 code of amounts without a currency. Default: that of most accounts, else of the profile.",
    )
    encoding = EncodingField(
        [AUTO, *NAMES], required=False, default="", help_text="The encoding of the file. Default: detected."
    )
    date_order = ListedChoiceField(
        [AUTO, *DATE_ORDERS],
        required=False,
        default="",
        help_text="Whether dates such as 03/04/2026 begin with the day or the month. Default: detected.",
    )
    decimal = ListedChoiceField(
        [AUTO, *DECIMALS], required=False, default="", help_text="The decimal mark of amounts. Default: detected."
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Return the values; `auto` is the same as nothing, because a move remembers no options."""
        return {name: "" if value == AUTO else value for name, value in attrs.items()}


@extend_schema_serializer(description="An account of the file, and the account that it becomes.")
class MovedAccountSerializer(serializers.Serializer):
    name = serializers.CharField(help_text="Its name in the file, for `accounts`.")
    action = serializers.ChoiceField([each.value for each in MoveAction], help_text="What is done with it.")
    account = serializers.UUIDField(
        allow_null=True, help_text="The existing or created account. Null: would be created, or skipped."
    )
    profile_name = serializers.CharField(help_text="Name of the account.")
    profile_type = serializers.ChoiceField(AccountType.choices, help_text="Type, from the file or the words of its name.")
    currency = serializers.CharField(help_text="ISO 4217 code of the account.")
    last_four = serializers.CharField(help_text="The last characters of the number. Empty if it is unknown.")
    rows = serializers.IntegerField(help_text="Rows of the file, including invalid ones; those of a split count once.")
    first_day = serializers.DateField(allow_null=True, help_text="First day of the valid rows. Null: there are none.")
    last_day = serializers.DateField(allow_null=True, help_text="Last day of the valid rows. Null: there are none.")
    balance = serializers.CharField(
        allow_null=True,
        help_text="Balance after the last row, in the account's currency. Null: the file does not show it.",
    )
    balance_set = serializers.BooleanField(help_text="True: it is the account's balance now, or would be. New accounts only.")
    statement_import = serializers.UUIDField(allow_null=True, help_text="The import of the account. Null if there is none.")

    def get_fields(self) -> dict[str, serializers.Field]:
        return super().get_fields() | {
            name: serializers.IntegerField(source=f"counts.{name}", help_text=text) for name, text in COUNTS.items()
        }


@extend_schema_serializer(description="A category of the file.")
class MovedCategorySerializer(serializers.Serializer):
    name = serializers.CharField(help_text="Its name in the file, or the one that was sent for it.")
    category = serializers.CharField(help_text="The slug of the existing or created category. Empty: it would be created.")
    kind = serializers.ChoiceField(CategoryKind.choices, help_text="The kind that a new category gets.")
    rows = serializers.IntegerField(help_text="Rows with this category.")


@extend_schema_serializer(description="A tag of the file.")
class MovedTagSerializer(serializers.Serializer):
    name = serializers.CharField(help_text="Its name in the file.")
    tag = serializers.CharField(help_text="The name of the existing or created tag. Empty: it would be created.")
    rows = serializers.IntegerField(help_text="Rows with this tag.")


@extend_schema_serializer(description="A row of a file with several accounts that can't be imported.")
class MoveProblemSerializer(serializers.Serializer):
    row = serializers.IntegerField(help_text="Line of the file, from 1.")
    account = serializers.CharField(help_text="The account's name in the file. Empty if it is unknown.")
    column = serializers.CharField(help_text="The title of the column with the problem.")
    code = serializers.CharField(help_text="A stable code of the problem.")
    message = serializers.CharField(help_text="A sentence that says what to do.")


@extend_schema_serializer(description="What a file with several accounts contains, and what is or would be imported.")
class MoveResultSerializer(serializers.Serializer):
    id = serializers.UUIDField(allow_null=True, help_text="The `move` of the imports. Null for a dry run.")
    format = serializers.ChoiceField(FORMATS, help_text="The app that wrote the file, recognized by its content.")
    dry_run = serializers.BooleanField(help_text="True: nothing was changed.")
    accounts = MovedAccountSerializer(many=True, help_text="In the order of the file.")
    categories = MovedCategorySerializer(many=True, help_text="The most frequent 1,000.")
    tags = MovedTagSerializer(many=True, help_text="The most frequent 1,000.")
    splits = serializers.IntegerField(help_text="Transactions with parts.")
    transfers = serializers.IntegerField(help_text="Transfers that the file states. Those of new transactions are accepted.")
    failed = serializers.IntegerField(help_text="Invalid rows, which are left out.")
    errors = MoveProblemSerializer(many=True, help_text="The first 1,000 invalid rows.")  # type: ignore[assignment]  # a field
    warnings = WarningSerializer(many=True, help_text="Problems that did not stop the import. Empty: none.")

    class Meta:
        example: dict[str, Any] = {
            "id": EXAMPLE_ID,
            "format": "ynab",
            "dry_run": False,
            "accounts": [
                {
                    "name": "Checking",
                    "action": "create",
                    "account": EXAMPLE_ID,
                    "profile_name": "Checking",
                    "profile_type": "checking",
                    "currency": "USD",
                    "last_four": "",
                    "rows": 1204,
                    "first_day": "2021-03-01",
                    "last_day": "2026-02-28",
                    "balance": "2411.07",
                    "balance_set": True,
                    "statement_import": EXAMPLE_ID,
                    "created": 1203,
                    "duplicates": 0,
                    "tombstoned": 0,
                    "superseded": 0,
                    "review": 0,
                    "failed": 1,
                }
            ],
            "categories": [{"name": "Groceries", "category": "groceries", "kind": "expense", "rows": 214}],
            "tags": [{"name": "Holiday", "tag": "Holiday", "rows": 12}],
            "splits": 31,
            "transfers": 24,
            "failed": 1,
            "errors": [
                {
                    "row": 17,
                    "account": "Checking",
                    "column": "Outflow",
                    "code": "bad_amount",
                    "message": "“12,34,5” is not an amount of money. Correct it in the file, or delete the row.",
                }
            ],
            "warnings": [
                {
                    "code": "currency_assumed",
                    "message": "The file does not say in which currency its amounts are. Send currency if USD is wrong.",
                }
            ],
        }


@extend_schema_serializer(description="The result of undoing a move.")
class MoveUndoResultSerializer(serializers.Serializer):
    id = serializers.UUIDField(help_text="The `move` of the imports.")
    imports = serializers.IntegerField(help_text="Number of imports that were undone.")
    removed = serializers.IntegerField(help_text="Number of deleted transactions.")
    restored = serializers.IntegerField(help_text="Number of superseded transactions that have their former values again.")
    kept = UnchangedTransactionSerializer(many=True, help_text="Transactions that were changed after the move.")

    class Meta:
        example = {"id": EXAMPLE_ID, "imports": 3, "removed": 1203, "restored": 0, "kept": []}
