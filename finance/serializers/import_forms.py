"""Form of an upload of a statement file."""

from typing import Any

from drf_spectacular.utils import extend_schema_serializer
from rest_framework import serializers

from core.api.money import AmountField
from core.api.serializers import ListedChoiceField, OwnedKeyField, StrictSerializer
from core.errors import DomainError
from core.json_input import parsed
from core.models.validators import has_null_character
from finance.models import EncryptedFinancialProfile
from finance.services.import_sources import AUTO
from finance.statements.csv_mapping import COLUMNS
from finance.statements.encoding_names import NAMES, known_codec, name_of
from finance.statements.parse import FORMATS
from finance.statements.text_options import DATE_ORDERS, DECIMALS

MAX_MAPPING = 20_000


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


class EncodingField(ListedChoiceField):
    """An encoding by any of its names, returned as the first one of `choices`."""

    def to_internal_value(self, data: Any) -> Any:
        codec = known_codec(str(data))
        return super().to_internal_value(name_of(codec) if codec and data not in self.choices else data)


@extend_schema_serializer(description="A statement file, and the account to import it into.")
class ImportFormSerializer(StrictSerializer):
    file = serializers.FileField(
        max_length=255,
        help_text="An OFX, QFX, CAMT.052, 053 or 054, MT940, MT942, QIF, CSV, XLSX or ODS file, or an exported account (JSON). "
        "Texts of banks are cut: descriptions at 2,000 characters, names at 255, categories at 100.",
    )
    account = OwnedKeyField(queryset=EncryptedFinancialProfile.objects.all(), help_text="The id of an open account.")
    format = ListedChoiceField(FORMATS, default="auto", help_text="With `auto`, the content determines the format.")
    mapping = MappingField(
        max_length=MAX_MAPPING,
        required=False,
        help_text="Tables (CSV, XLSX, ODS) only: JSON with the column title or number (from 0) of each field, as in "
        '{"date": "Day", "amount": 3, "description": ["Text", "Details"]}; null: there is no such column. Titles are compared '
        f"without case, accents and spaces. Fields: {', '.join(f'`{field}`' for field in COLUMNS)}. Options: `date_format`, "
        "`decimal`, `delimiter`. "
        "Fields that are not sent are detected. Default: the account's last mapping if it fits, else detected.",
    )
    dry_run = serializers.BooleanField(default=False, help_text="True: return the result with a `preview`, and change nothing.")
    account_hint = serializers.CharField(
        max_length=64,
        required=False,
        help_text="For a file with several accounts: the number of one, its last four characters, or its name (tables, QIF), "
        "with its type or currency if one number has several, as in `1234 SAVINGS`. Default: the account's number and type.",
    )
    opening_balance = AmountField(required=False, help_text="Used if the file states none. Below 0 if money is owed.")
    closing_balance = AmountField(required=False, help_text="Used if the file states none. Below 0 if money is owed.")
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
