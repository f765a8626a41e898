"""CSV export for spreadsheets, streamed line by line, with cells that can't be read as formulas."""

import csv
import json
import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any
from uuid import UUID

BYTE_ORDER_MARK = "\ufeff"  # without it, Excel reads UTF-8 in the code page of the system
# OWASP, "CSV Injection": a formula begins with one of these signs, in any width. White space, invisible characters and quotes
# before it may be skipped. A spreadsheet with another separator, which ignores our quotes, begins a cell after that separator.
_SIGNS = r"=+\-@\u207a\u207c\u208a\u208c\u2212\u2a75\u2a76\ufb29\ufe62\ufe63\ufe66\ufe6b\uff0b\uff0d\uff1d\uff20"
_BREAKS = r";,|\t\n\v\f\r\u001c-\u001e\u0085\u2028\u2029"
_SKIPPED = (
    r'"\u0001-\u0008\u000e-\u001b\u001f\u0020\u007f-\u0084\u0086-\u00a0\u00ad\u034f\u061c\u115f\u1160\u1680\u17b4\u17b5'
    r"\u180b-\u180f\u2000-\u200f\u202a-\u202f\u205f-\u206f\u2800\u3000\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb"
    r"\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
)
# Matches where a cell may begin before a formula, or before a tab or line break at the start, also in PostgreSQL. Apostrophes
# of the text are passed over, so that it can be restored. Linear time: skipped characters end at a break, where others begin.
_FORMULA = rf"(?='*[{_SKIPPED}]*[{_SIGNS}])"
FORMULA_START = rf"^(?='*[\t\n\r])|^{_FORMULA}|(?<=[{_BREAKS}]){_FORMULA}"
_FORMULA_START = re.compile(FORMULA_START.replace(r"\u0001", r"\u0000"))  # PostgreSQL can't store a null character
_ESCAPED = re.compile(_FORMULA_START.pattern.replace("(?='*", "'(?='*"))
JSON_ESCAPES = {";": r"\u003b", "|": r"\u007c"}  # separators occur in the texts of JSON only, where they can be escaped
_JSON_ESCAPES = str.maketrans(JSON_ESCAPES)


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
    """Return a value as text, with an apostrophe before everything that a spreadsheet would read as a formula."""
    if value is None:
        return ""
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    if isinstance(value, dict | list):
        return json.dumps(value, ensure_ascii=False).translate(_JSON_ESCAPES)
    if isinstance(value, int | float | Decimal | UUID):
        return str(value)
    # SECURITY: third parties choose text such as a merchant's name, and a spreadsheet would run `=HYPERLINK(…)`
    return _FORMULA_START.sub("'", str(value))


def restored(text: str) -> str:
    """Return the text that `cell` has changed."""
    if "'" not in text:
        return text
    return _ESCAPED.sub("", text)
