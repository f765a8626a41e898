"""The `mapping` that a caller sends with a CSV file. It assigns columns and defines the format of dates and amounts.

    {"date": "Booked on", "amount": "Betrag", "description": "Text",
     "date_format": "%d.%m.%Y", "decimal": ",", "delimiter": ";"}

Fields: date, posted_date, amount or debit and credit, description, merchant_name, provider_id, currency, balance, category,
status (pending or not), type (debit or credit, or a kind such as fee). A value is the title of a column, its number from 0,
or null if the file has no such column. Fields and options that are not sent are detected; `Statement.mapping` contains the
result in the same format.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from finance.statements.csv_names import COLUMN_NAMES
from finance.statements.dates import DateReader
from finance.statements.rows import StatementError
from finance.statements.text import clean_text

COLUMNS = tuple(COLUMN_NAMES)
DELIMITERS = ",;\t|"
_OPTIONS = {"date_format": "", "decimal": ".,", "delimiter": DELIMITERS}
_SHOWN = 60
# SECURITY: bounds the time for looking up titles, which is proportional to their length.
MAX_TITLE_LENGTH = 200
_MAX_FORMAT_LENGTH = 64


@dataclass(frozen=True, slots=True)
class ColumnMapping:
    """A validated mapping; options that are "" and absent columns are to be detected."""

    columns: Mapping[str, str | int | None]
    date_format: str = ""
    decimal: str = ""
    delimiter: str = ""

    @property
    def titles(self) -> list[str]:
        """Columns given by title, which the header must contain."""
        return [value for value in self.columns.values() if isinstance(value, str)]

    @property
    def numbers(self) -> list[int]:
        """Columns given by number, which the rows must contain."""
        return [value for value in self.columns.values() if isinstance(value, int)]

    @property
    def is_by_number(self) -> bool:
        """Return True if date and amount are given by number, so that no header is needed."""
        money = [self.columns.get(field) for field in ("amount", "debit", "credit")]
        return isinstance(self.columns.get("date"), int) and any(isinstance(value, int) for value in money)


def read_mapping(mapping: object) -> ColumnMapping:
    """Return the validated `mapping`; raise StatementError with the key that is unknown or has an invalid value."""
    if mapping is None:
        return ColumnMapping({})
    if not isinstance(mapping, Mapping):
        raise StatementError("bad_mapping", "The mapping must be a JSON object.")
    for key in mapping:
        if key not in COLUMNS and key not in _OPTIONS:
            known, shown = ", ".join((*COLUMNS, *_OPTIONS)), clean_text(str(key)[:_SHOWN], _SHOWN)
            raise StatementError("bad_mapping", f"mapping: “{shown}” is not a known key. Use: {known}.")
    columns = {field: _column(field, mapping[field]) for field in COLUMNS if field in mapping}
    has_half = columns.get("debit") is not None or columns.get("credit") is not None
    if has_half and columns.get("amount") is not None:
        raise StatementError("bad_mapping", "mapping.amount: send either amount, or debit and credit.")
    options = {key: _option(key, mapping.get(key)) for key in _OPTIONS}
    return ColumnMapping(columns, **options)


def _column(field: str, value: object) -> str | int | None:
    if value is None or (isinstance(value, str) and value.strip() and len(value) <= MAX_TITLE_LENGTH):
        return value
    if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
        return value
    raise StatementError("bad_mapping", f"mapping.{field}: send the title of a column, its number from 0, or null.")


def _option(key: str, value: object) -> str:
    if value is None:
        return ""
    if key == "date_format":
        return _date_format(value)
    if isinstance(value, str) and len(value) == 1 and value in _OPTIONS[key]:
        return value
    choices = " ".join(f"“{choice}”" for choice in _OPTIONS[key]).replace("\t", "\\t")
    raise StatementError("bad_mapping", f"mapping.{key}: choose one of {choices}.")


def _date_format(value: object) -> str:
    if not isinstance(value, str) or len(value) > _MAX_FORMAT_LENGTH:
        raise StatementError("bad_mapping", "mapping.date_format: send a format such as %d.%m.%Y.")
    try:
        DateReader(value)
    except ValueError as error:
        raise StatementError("bad_mapping", f"mapping.date_format: {error}") from None
    return value
