"""Rows as CSV for a spreadsheet: one cell can't become a formula there, and the file is never whole in memory."""

import csv
import json
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime, time
from typing import Any

BYTE_ORDER_MARK = "\ufeff"  # without it, Excel reads UTF-8 as the machine's old code page
# OWASP, "CSV Injection": the signs that begin a formula, and the white space that spreadsheets skip before one
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")


class Echo:
    """What `csv.writer` may write to while each line is wanted at once: a file that hands back what it is given."""

    def write(self, line: str) -> str:
        return line


def lines(header: Sequence[str], rows: Iterable[Sequence[Any]]) -> Iterator[str]:
    """The lines of a CSV file (RFC 4180), made one by one while they are read."""
    writer = csv.writer(Echo())
    yield BYTE_ORDER_MARK + str(writer.writerow(header))
    for row in rows:
        yield str(writer.writerow([cell(value) for value in row]))


def cell(value: object) -> str:
    """One value as text. One that a spreadsheet would take for a formula gets an apostrophe in front; numbers stay numbers."""
    if value is None:
        return ""
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    if isinstance(value, dict | list):
        return json.dumps(value, ensure_ascii=False)
    text = str(value)
    # SECURITY: a merchant's name is an outsider's text, and `=HYPERLINK(…)` would run on a colleague's machine
    return f"'{text}" if isinstance(value, str) and text.startswith(FORMULA_STARTS) else text
