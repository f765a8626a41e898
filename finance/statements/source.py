"""An uploaded statement file, its decoded form, and the protocol of the parsers that read it."""

import io
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, BinaryIO, Protocol

from finance.statements.encoding import find_encoding, open_text
from finance.statements.rows import Limits, Statement, StatementError, StatementWarning
from finance.statements.signatures import REMEDY

_HEAD = 16_384
# Rows are counted while they are read; this limit stops a file that consists mainly of blank lines.
_LINES_PER_ROW = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class StatementSource:
    """A statement file and the options that the user sent with it.

    - `file` must be seekable, open for binary reading, and stay open until the rows are read.
    - `format` is one of `finance.statements.parse.FORMATS`.
    - `mapping` assigns the columns of a CSV file (`finance.statements.csv_mapping`); None if the user sent none.
    - `account_hint` selects an account of a file with several: its number or its last four characters, its type, or both.
    - `account_type` is the `profile_type` of the account to import into, which decides if the hint fits several accounts.
    - The balances are used if the file states none.
    - `invert` changes the sign of every amount; None: as in the account's last import.
    - `encoding` (`finance.statements.encoding_names`), `date_order` ("day_first" or "month_first") and `decimal` ("." or ",")
      replace detection; "": detect it. `finance.services.import_sources` also knows "auto", and fills "" from the last import.
    """

    file: BinaryIO
    filename: str
    format: str = "auto"
    mapping: Mapping[str, Any] | None = None
    account_hint: str = ""
    account_type: str = ""
    opening_balance: Decimal | None = None
    closing_balance: Decimal | None = None
    invert: bool | None = None
    encoding: str = ""
    date_order: str = ""
    decimal: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DecodedFile:
    """The file of `source` as text.

    `head` is its beginning (at most 16,384 characters), `max_lines` the maximum number of lines for line-based formats.
    `default_currency` (ISO 4217) is used for amounts without a currency, and `warnings` are about the encoding.
    """

    source: StatementSource
    encoding: str
    head: str
    default_currency: str
    max_lines: int
    warnings: tuple[StatementWarning, ...] = ()

    def open_text(self) -> io.TextIOWrapper:
        """Return the whole file as text from its beginning, with its line ends."""
        return open_text(self.source.file, self.encoding)


class StatementParser(Protocol):
    """A parser of one format. To add a format, implement this protocol and add the class to `parse.PARSERS`."""

    name: str

    def recognizes(self, head: str) -> bool:
        """Return True if a text that begins with `head` is in this format."""

    def parse(self, file: DecodedFile) -> Statement:
        """Return the statement in `file` with lazily read rows; raise no exception other than StatementError."""


def decode(source: StatementSource, *, default_currency: str, limits: Limits) -> DecodedFile:
    """Return the decoded file of `source`; raise StatementError if it is empty, too large or not text."""
    size = source.file.seek(0, io.SEEK_END)
    if size > limits.max_bytes:
        message = f"The file has {size:,} bytes; at most {limits.max_bytes:,} are accepted. Export a shorter period."
        raise StatementError("too_large", message)
    found = find_encoding(source.file, source.encoding)
    with open_text(source.file, found.codec) as text:
        head = text.read(_HEAD)
    if not head.strip():
        raise StatementError("empty", f"The file is empty. {REMEDY}")
    max_lines = limits.max_rows * _LINES_PER_ROW + _HEAD
    return DecodedFile(
        source=source,
        encoding=found.codec,
        head=head,
        default_currency=default_currency,
        max_lines=max_lines,
        warnings=found.warnings(),
    )
