"""Export files of accounts as downloads."""

import re
from collections.abc import Callable, Iterator
from datetime import datetime
from itertools import islice
from tempfile import TemporaryFile

from django.http import FileResponse

from finance.account_exports import csv_table, json_document, ofx, qif
from finance.account_exports.rows import Selection

Write = Callable[[Selection, datetime], Iterator[str]]
WRITERS: dict[str, tuple[Write, str]] = {
    "ofx": (ofx.write, ofx.MEDIA_TYPE),
    "qif": (qif.write, qif.MEDIA_TYPE),
    "csv": (csv_table.write, csv_table.MEDIA_TYPE),
    "json": (json_document.write, json_document.MEDIA_TYPE),
}
FORMATS = tuple(WRITERS)
PARTS_AT_ONCE = 500
# Characters that file systems refuse, and all that are invisible.
NOT_IN_NAMES = re.compile(r'[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff<>:"/\\|?*]+')
MAX_NAME = 80


def download(selection: Selection, *, file_format: str, now: datetime) -> FileResponse:
    """Return the export as an attachment.

    It is written to a temporary file first: a slow client occupies neither a connection nor a snapshot of the database, and a
    failure becomes an error response instead of a file that is too short.
    """
    write, media_type = WRITERS[file_format]
    file = TemporaryFile()  # noqa: SIM115 - the response closes it
    parts = write(selection, now)
    while some := "".join(islice(parts, PARTS_AT_ONCE)):
        file.write(some.encode())
    file.seek(0)
    return FileResponse(file, as_attachment=True, filename=f"{_name(selection)}.{file_format}", content_type=media_type)


def _name(selection: Selection) -> str:
    """Return the name of the account and the period."""
    words = NOT_IN_NAMES.sub(" ", selection.account.profile_name)[:MAX_NAME].split()
    account = " ".join(words).strip(" .") or "account"
    start, end = selection.first_day, selection.last_day or selection.today
    return " ".join([account, *([f"{start} to"] if start else []), str(end)])
