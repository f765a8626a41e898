"""A file that was handed in, with what its owner said about it; every parser takes one of these."""

import io
from collections.abc import Mapping
from dataclasses import dataclass
from typing import BinaryIO, Protocol

from finance.statements.encoding import detect_encoding, open_text
from finance.statements.rows import Limits, Statement, StatementError
from finance.statements.signatures import REMEDY

_HEAD = 16_384
# Rows are counted as they are read; this stops a file that has next to none of them, only blank lines.
_LINES_PER_ROW = 4


@dataclass(frozen=True, slots=True)
class StatementSource:
    """`head` is the beginning of the text (at most 16,384 characters). `account_hint` is "" or the account's number or
    its last four characters; `mapping` is what the caller sent, not yet checked; `max_lines` bounds a line-based format."""

    file: BinaryIO
    filename: str
    encoding: str
    head: str
    mapping: object
    default_currency: str
    account_hint: str
    max_lines: int

    def open_text(self) -> io.TextIOWrapper:
        """The whole file as text from its beginning, with its own line ends."""
        return open_text(self.file, self.encoding)


class StatementParser(Protocol):
    """One format. A new format is one module with such a class, and one line in `finance.statements.parse`."""

    name: str

    def recognizes(self, head: str) -> bool:
        """Whether a text that begins with `head` is of this format."""

    def parse(self, source: StatementSource) -> Statement:
        """The statement in `source`, its rows read lazily; raises nothing but `StatementError`."""


def open_source(
    file: BinaryIO,
    *,
    filename: str,
    mapping: Mapping[str, object] | None,
    default_currency: str,
    account_hint: str,
    limits: Limits,
) -> StatementSource:
    """`file` measured and decoded; raises `StatementError` when it is empty, too large or no text."""
    _check_size(file, limits)
    encoding = detect_encoding(file)
    with open_text(file, encoding) as text:
        head = text.read(_HEAD)
    max_lines = limits.max_rows * _LINES_PER_ROW + _HEAD
    if not head.strip():
        raise StatementError("empty", f"The file is empty. {REMEDY}")
    return StatementSource(file, filename, encoding, head, mapping, default_currency, account_hint, max_lines)


def _check_size(file: BinaryIO, limits: Limits) -> None:
    size = file.seek(0, io.SEEK_END)
    if size > limits.max_bytes:
        message = f"The file has {size:,} bytes; at most {limits.max_bytes:,} are accepted. Export a shorter period."
        raise StatementError("too_large", message)
