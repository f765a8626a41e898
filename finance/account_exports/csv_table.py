"""CSV exports, whose texts a spreadsheet does not read as formulas."""

from collections.abc import Iterator
from datetime import datetime

from core import csv_export
from finance.account_exports.rows import Selection
from finance.statements.exported_csv import TITLES

MEDIA_TYPE = "text/csv; charset=utf-8"


def write(selection: Selection, now: datetime) -> Iterator[str]:
    """Yield the lines of the file."""
    return csv_export.lines(list(TITLES), ([getattr(row, name) for name in TITLES.values()] for row in selection.rows()))
