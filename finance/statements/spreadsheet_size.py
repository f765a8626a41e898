"""Limits on the unpacked size and the dimensions of a workbook, checked before it is opened.

SECURITY: the reader allocates every cell between the first and the last one, so that a file of 1 KB with a cell in the last row
and column would need gigabytes; and a file of a few KB can unpack to gigabytes.
"""

import lzma
import re
import struct
import zipfile
import zlib
from collections.abc import Iterator
from typing import IO, BinaryIO

from finance.statements.rows import Limits, StatementError

# What zipfile raises for damaged archives.
BROKEN_ARCHIVE = (
    zipfile.BadZipFile, zlib.error, lzma.LZMAError, struct.error,
    NotImplementedError, RuntimeError, OSError, EOFError, ValueError, KeyError,
)  # fmt: skip
_CHUNK = 1 << 16
_LONGEST_TAG = 1 << 10
# Compressed tables are about ten times smaller; texts are in memory, sheets are not.
_MAX_UNPACKED = 512 * 1024 * 1024
_MAX_TEXTS = 128 * 1024 * 1024
# LibreOffice writes the formats of 1,024 columns.
_MAX_COLUMNS = 1_024
_COLUMNS_PER_ROW = 16
_XLSX_TAG = re.compile(rb"""<(?:[\w-]{1,20}:)?(?:(row)|c)\b(?:[^>]{0,200}?\sr=["']([A-Z]{0,3})([0-9]{1,7})["'])?""")
_ODS_TAG = re.compile(rb"<(/?)([\w-]{1,20}:)?(table-row|table-cell|covered-table-cell|table)\b([^>]{0,800}?)(/?)>")
_REPEATED = re.compile(rb"""number-(?:rows|columns)-repeated=["']([0-9]{1,9})["']""")
_VALUE = re.compile(rb"\bvalue-type=")


def check_size(file: BinaryIO, kind: str, limits: Limits) -> None:
    """Raise StatementError if the workbook `file` is broken, unpacks to too much or has too many cells."""
    try:
        with zipfile.ZipFile(file) as archive:
            total = 0
            for info in archive.infolist():
                total += _check_part(archive, info, kind, limits)
                if total > _MAX_UNPACKED:
                    raise _too_large()
    except BROKEN_ARCHIVE as error:
        raise StatementError("broken_workbook", "The workbook is broken. Save it again, or export CSV.") from error


def _check_part(archive: zipfile.ZipFile, info: zipfile.ZipInfo, kind: str, limits: Limits) -> int:
    if info.file_size > (_MAX_TEXTS if info.filename.lower().endswith("sharedstrings.xml") else _MAX_UNPACKED):
        raise _too_large()
    size = 0
    counter: _Counter | None = None
    if kind == "xlsx" and info.filename.lower().startswith("xl/worksheets/"):
        counter = _XlsxCounter()
    elif kind == "ods" and info.filename == "content.xml":
        counter = _OdsCounter()
    # reading checks the stated size and the checksum
    with archive.open(info) as part:
        for window, fresh in _windows(part):
            size += fresh
            if counter:
                counter.count(window, len(window) - fresh)
                counter.check(limits)
    return size


def _windows(part: IO[bytes]) -> Iterator[tuple[bytes, int]]:
    """Yield chunks that begin with the end of the one before, and the number of new bytes in each."""
    before = b""
    while chunk := part.read(_CHUNK):
        yield before + chunk, len(chunk)
        before = (before + chunk)[-_LONGEST_TAG:]


class _Counter:
    """The last row and column with a cell."""

    def __init__(self) -> None:
        self.rows = 0
        self.columns = 0

    def count(self, window: bytes, known: int) -> None:
        """Count what ends after the first `known` bytes of `window`."""
        raise NotImplementedError

    def check(self, limits: Limits) -> None:
        if (
            self.columns > _MAX_COLUMNS
            or self.rows > limits.max_rows
            or self.rows * self.columns > limits.max_rows * _COLUMNS_PER_ROW
        ):
            raise _too_large()


class _XlsxCounter(_Counter):
    """Counts rows and cells by their references, such as B7, or one by one if these are missing."""

    def __init__(self) -> None:
        super().__init__()
        self._column = 0

    def count(self, window: bytes, known: int) -> None:
        for found in _XLSX_TAG.finditer(window):
            if found.end() <= known:
                continue
            is_row, letters, number = found.groups()
            if is_row:
                self._column = 0
                self.rows = max(self.rows + 1, int(number or 0))
                continue
            self._column += 1
            for place, letter in enumerate(reversed(letters or b"")):
                self._column = (self._column if place else 0) + (letter - 64) * 26**place
            self.rows, self.columns = max(self.rows, int(number or 0)), max(self.columns, self._column)


class _OdsCounter(_Counter):
    """Counts rows and cells with their repetitions; trailing empty ones, which fill each sheet, are not cells."""

    def __init__(self) -> None:
        super().__init__()
        self._row = 0
        self._column = 0
        self._repeated = 1
        self._last = 0

    def count(self, window: bytes, known: int) -> None:
        for found in _ODS_TAG.finditer(window):
            if found.end() > known:
                is_end, name = found.group(1) == b"/", found.group(3)
                self._tag(name, found.group(4), is_end=is_end, is_empty=found.group(5) == b"/")

    def _tag(self, name: bytes, attributes: bytes, *, is_end: bool, is_empty: bool) -> None:
        repeated = _REPEATED.search(attributes)
        times = int(repeated.group(1)) if repeated else 1
        if name == b"table" and not is_end:
            self._row = 0
        elif name == b"table-row":
            if not is_end:
                self._column, self._last, self._repeated = 0, 0, times
            if is_end or is_empty:
                self._row += self._repeated
                if self._last:
                    self.rows, self.columns = max(self.rows, self._row), max(self.columns, self._last)
        elif name.endswith(b"table-cell") and not is_end:
            self._column += times
            if _VALUE.search(attributes):
                self._last = self._column


def _too_large() -> StatementError:
    return StatementError("too_large", "The workbook is too large. Delete empty rows and columns, or export CSV.")
