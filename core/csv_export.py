"""CSV export for spreadsheets, streamed line by line, with cells that can't be read as formulas."""

import csv
import json
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime, time
from typing import Any

BYTE_ORDER_MARK = "\ufeff"  # without it, Excel reads UTF-8 in the code page of the system
# OWASP, "CSV Injection": the characters that begin a formula, and the white space that spreadsheets skip before one
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")


class Echo:
    """A file for `csv.writer` whose `write` returns the line, so that each line can be streamed."""

    def write(self, line: str) -> str:
        return line


def lines(header: Sequence[str], rows: Iterable[Sequence[Any]]) -> Iterator[str]:
    """Yield the lines of a CSV file (RFC 4180)."""
    writer = csv.writer(Echo())
    yield BYTE_ORDER_MARK + str(writer.writerow(header))
    for row in rows:
        yield str(writer.writerow([cell(value) for value in row]))


def cell(value: object) -> str:
    """Return a value as text, with a leading apostrophe if a spreadsheet would read the text as a formula."""
    if value is None:
        return ""
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    if isinstance(value, dict | list):
        return json.dumps(value, ensure_ascii=False)
    text = str(value)
    # SECURITY: third parties choose text such as a merchant's name, and a spreadsheet would run `=HYPERLINK(…)`
    return f"'{text}" if isinstance(value, str) and text.startswith(FORMULA_STARTS) else text
