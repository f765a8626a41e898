"""A statement file as the user hands it in, and the same file decoded, which every parser takes."""

import io
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, BinaryIO, Protocol

from finance.statements.encoding import detect_encoding, open_text
from finance.statements.rows import Limits, Statement, StatementError
from finance.statements.signatures import REMEDY

_HEAD = 16_384
# Rows are counted as they are read; this stops a file that has next to none of them, only blank lines.
_LINES_PER_ROW = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class StatementSource:
    """A statement file and what the user said about it.

    - `file` is seekable, open for binary reading, and stays open until the rows are read.
    - `format` is one of `finance.statements.parse.FORMATS`.
    - `mapping` says which column of a CSV file is which (`finance.statements.csv_mapping`). None: the user did not say.
    - `account_hint` picks the account of an OFX file that has several: its number or its last four characters.
    - The balances are used where the file has none.
    """

    file: BinaryIO
    filename: str
    format: str = "auto"
    mapping: Mapping[str, Any] | None = None
    account_hint: str = ""
    opening_balance: Decimal | None = None
    closing_balance: Decimal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DecodedFile:
    """The file of `source` as text.

    `head` is its beginning (at most 16,384 characters), `max_lines` the bound of a line-based format, and
    `default_currency` (ISO 4217) the currency of amounts for which the file names none.
    """

    source: StatementSource
    encoding: str
    head: str
    default_currency: str
    max_lines: int

    def open_text(self) -> io.TextIOWrapper:
        """Return the whole file as text from its beginning, with its own line ends."""
        return open_text(self.source.file, self.encoding)


class StatementParser(Protocol):
    """One format. A new format is one module with such a class, and one line in `finance.statements.parse`."""

    name: str

    def recognizes(self, head: str) -> bool:
        """Whether a text that begins with `head` is of this format."""

    def parse(self, file: DecodedFile) -> Statement:
        """Return the statement in `file`, its rows read lazily; raise nothing but `StatementError`."""


def decode(source: StatementSource, *, default_currency: str, limits: Limits) -> DecodedFile:
    """Return the file of `source` decoded; raise `StatementError` when it is empty, too large or no text."""
    size = source.file.seek(0, io.SEEK_END)
    if size > limits.max_bytes:
        message = f"The file has {size:,} bytes; at most {limits.max_bytes:,} are accepted. Export a shorter period."
        raise StatementError("too_large", message)
    encoding = detect_encoding(source.file)
    with open_text(source.file, encoding) as text:
        head = text.read(_HEAD)
    if not head.strip():
        raise StatementError("empty", f"The file is empty. {REMEDY}")
    max_lines = limits.max_rows * _LINES_PER_ROW + _HEAD
    return DecodedFile(source=source, encoding=encoding, head=head, default_currency=default_currency, max_lines=max_lines)
