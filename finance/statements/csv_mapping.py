"""The `mapping` that a caller sends with a CSV file: which column is which, and how dates and amounts are written.

    {"date": "Booked on", "amount": "Betrag", "description": "Text",
     "date_format": "%d.%m.%Y", "decimal": ",", "delimiter": ";"}

Columns: date, posted_date, amount or debit and credit, description, merchant_name, provider_id, currency, balance,
category, status (pending or not), type (debit or credit, or a kind such as fee). A column is named by its title in the
header or by its number from 0; null means that the file has none, so that none is guessed. What is not mentioned is
guessed; `Statement.mapping` shows the outcome in the same form.
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
# SECURITY: looking up titles takes time in proportion to their length.
MAX_TITLE_LENGTH = 200
_MAX_FORMAT_LENGTH = 64


@dataclass(frozen=True, slots=True)
class ColumnMapping:
    """A mapping that has the right form; "" and absent columns are to be found out."""

    columns: Mapping[str, str | int | None]
    date_format: str = ""
    decimal: str = ""
    delimiter: str = ""

    @property
    def titles(self) -> list[str]:
        """The columns that are named, which the header must therefore have."""
        return [value for value in self.columns.values() if isinstance(value, str)]

    @property
    def numbers(self) -> list[int]:
        """The columns that are given by number, which the rows must therefore reach."""
        return [value for value in self.columns.values() if isinstance(value, int)]

    @property
    def is_by_number(self) -> bool:
        """Whether date and amount are given as numbers, so that no header is needed."""
        money = [self.columns.get(field) for field in ("amount", "debit", "credit")]
        return isinstance(self.columns.get("date"), int) and any(isinstance(value, int) for value in money)


def read_mapping(mapping: object) -> ColumnMapping:
    """`mapping` checked; raises `StatementError` that names the key which is unknown or has a wrong value."""
    if mapping is None:
        return ColumnMapping({})
    if not isinstance(mapping, Mapping):
        raise StatementError("bad_mapping", "The mapping must be a JSON object.")
    for key in mapping:
        if key not in COLUMNS and key not in _OPTIONS:
            known, shown = ", ".join((*COLUMNS, *_OPTIONS)), clean_text(str(key)[:_SHOWN], _SHOWN)
            raise StatementError("bad_mapping", f"mapping: “{shown}” is no known key. Known are: {known}.")
    columns = {field: _column(field, mapping[field]) for field in COLUMNS if field in mapping}
    has_half = columns.get("debit") is not None or columns.get("credit") is not None
    if has_half and columns.get("amount") is not None:
        raise StatementError("bad_mapping", "mapping.amount: give either amount, or debit and credit.")
    options = {key: _option(key, mapping.get(key)) for key in _OPTIONS}
    return ColumnMapping(columns, **options)


def _column(field: str, value: object) -> str | int | None:
    if value is None or (isinstance(value, str) and value.strip() and len(value) <= MAX_TITLE_LENGTH):
        return value
    if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
        return value
    raise StatementError("bad_mapping", f"mapping.{field}: give a column's title, its number from 0, or null.")


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
        raise StatementError("bad_mapping", "mapping.date_format: give a text such as %d.%m.%Y.")
    try:
        DateReader(value)
    except ValueError as error:
        raise StatementError("bad_mapping", f"mapping.date_format: {error}") from None
    return value
