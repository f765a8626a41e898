"""The `mapping` that a caller sends with a CSV file. It assigns columns and defines the format of dates and amounts.

    {"date": "Booked on", "amount": "Betrag", "description": ["Text", "Details"],
     "date_format": "%d.%m.%Y", "decimal": ",", "delimiter": ";"}

| field | column |
|---|---|
| date, posted_date | the day of the transaction (else of the booking), and the day of the booking beside it |
| amount, or debit and credit | a signed amount, an unsigned one with a sign in `type`, or two columns without a sign |
| description | one column or a list of columns, whose texts are joined in this order |
| merchant_name | the other party |
| payer, payee | both parties; the other party is the payee of an expense and the payer of an income |
| provider_id | the bank's id of the transaction |
| currency, balance, category | |
| status, pending | words such as "declined" or "pending"; a column of yes and no, reversed if its title is "Posted" |
| type | debit or credit, or a kind such as fee |
| account | the account of a file with several: `account_hint` selects one |

A value is the title of a column (compared without case, accents, spaces and punctuation), its number from 0, or null if the
file has no such column. Fields and options that are not sent are detected; `Statement.mapping` contains the result in the
same format.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from finance.statements.csv_names import COLUMN_NAMES
from finance.statements.dates import DateReader
from finance.statements.rows import StatementError
from finance.statements.text import clean_text

COLUMNS = tuple(COLUMN_NAMES)
# The only field with several columns.
_LISTED = "description"
_MAX_TEXTS = 20
DELIMITERS = ",;\t|"
_OPTIONS = {"date_format": "", "decimal": ".,", "delimiter": DELIMITERS}
_SHOWN = 60
# SECURITY: bounds the time for looking up titles, which is proportional to their length.
MAX_TITLE_LENGTH = 200
_MAX_FORMAT_LENGTH = 64


@dataclass(frozen=True, slots=True)
class ColumnMapping:
    """A validated mapping. Options that are "" and absent fields are to be detected; a field without columns is not used."""

    columns: Mapping[str, tuple[str | int, ...]]
    date_format: str = ""
    decimal: str = ""
    delimiter: str = ""

    @property
    def titles(self) -> list[str]:
        """Columns given by title, which the header must contain."""
        return [value for values in self.columns.values() for value in values if isinstance(value, str)]

    @property
    def numbers(self) -> list[int]:
        """Columns given by number, which the rows must contain."""
        return [value for values in self.columns.values() for value in values if isinstance(value, int)]

    @property
    def is_by_number(self) -> bool:
        """Return True if date and amount are given by number, so that no header is needed."""
        money = [value for field in ("amount", "debit", "credit") for value in self.columns.get(field, ())]
        date = self.columns.get("date", ())
        return any(isinstance(value, int) for value in date) and any(isinstance(value, int) for value in money)


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
    columns = {field: _columns(field, mapping[field]) for field in COLUMNS if field in mapping}
    if columns.get("amount") and (columns.get("debit") or columns.get("credit")):
        raise StatementError("bad_mapping", "mapping.amount: send either amount, or debit and credit.")
    options = {key: _option(key, mapping.get(key)) for key in _OPTIONS}
    return ColumnMapping(columns, **options)


def _columns(field: str, value: object) -> tuple[str | int, ...]:
    if value is None:
        return ()
    if field != _LISTED:
        return (_column(field, value),)
    values = value if isinstance(value, list | tuple) else [value]
    if not 0 < len(values) <= _MAX_TEXTS:
        raise StatementError("bad_mapping", f"mapping.{field}: send 1 to {_MAX_TEXTS} columns, or null.")
    return tuple(dict.fromkeys(_column(field, item) for item in values))


def _column(field: str, value: object) -> str | int:
    if isinstance(value, str) and value.strip() and len(value) <= MAX_TITLE_LENGTH:
        return value
    if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
        return value
    ending = ", a list of these, or null." if field == _LISTED else ", or null."
    raise StatementError("bad_mapping", f"mapping.{field}: send the title of a column, its number from 0{ending}")


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
