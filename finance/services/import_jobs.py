"""Imports through the API: a small file is imported at once, a large one is stored as an upload, which a job imports."""

import io
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import Any, BinaryIO
from uuid import UUID

from django.conf import settings

from core import clock
from finance.models import EncryptedFinancialProfile
from finance.services.accounts import require_open
from finance.services.import_report import ImportResult
from finance.services.import_sources import TEXT_OPTIONS, open_statement, refusal
from finance.services.imports import TooManyRowsError, import_statement
from finance.statements.rows import StatementError
from finance.statements.source import StatementSource
from finance.statements.spreadsheet import format_of
from users.models import Upload, User
from users.models.uploads import UploadKind
from users.tasks import queue_upload
from users.uploads import Progress

# The beginning of a large file that is checked before it is accepted. Parsers find CSV's columns in fewer bytes.
HEAD_BYTES = 512 * 1024
# Refusals because of the beginning of a file that its rest can't change.
FINAL_CODES = frozenset(
    {
        "empty",
        "not_a_statement",
        "pdf_not_supported",
        "unsupported_format",
        "unknown_format",
        "wrong_format",
        "bad_mapping",
        "unknown_columns",
        "several_accounts",
        "account_not_in_file",
        "forbidden_markup",
        "line_too_long",
        "unknown_encoding",
        "conflicting_options",
        "wrong_date_order",
    }
)
OPTIONS = ("format", "mapping", "account_hint", "invert", *TEXT_OPTIONS)
BALANCES = ("opening_balance", "closing_balance")


def import_or_queue(
    source: StatementSource, *, account: EncryptedFinancialProfile, user: User, now: datetime, dry_run: bool
) -> ImportResult | Upload:
    """Import a small statement, or store a large one for a job, after a check of its beginning.

    Raise DomainError and ConflictError as `import_statement` does, and a 429 if too many files of the user wait.
    """
    size = source.file.seek(0, io.SEEK_END)
    if size <= settings.IMPORT_DIRECT_BYTES:
        try:
            return import_statement(source, account=account, now=now, dry_run=dry_run, max_rows=settings.IMPORT_DIRECT_ROWS)
        except TooManyRowsError:
            pass  # its beginning is valid
    else:
        require_open(account)
        _check_beginning(source, account)
    options: dict[str, Any] = {"account": str(account.pk)} | {name: getattr(source, name) for name in OPTIONS}
    balances = {name: getattr(source, name) for name in BALANCES}
    options |= {name: None if amount is None else str(amount) for name, amount in balances.items()}
    kind = UploadKind.DRY_RUN if dry_run else UploadKind.IMPORT
    return queue_upload(user=user, kind=kind, file=source.file, filename=source.filename, size=size, options=options)


def _check_beginning(source: StatementSource, account: EncryptedFinancialProfile) -> None:
    """Raise DomainError if the beginning of the file shows that it can't be imported."""
    if format_of(source.file):
        return  # the table of contents of a workbook is at its end
    source.file.seek(0)
    head = source.file.read(HEAD_BYTES)
    is_whole = len(head) < HEAD_BYTES
    # a character must not be cut, and XML can be in one line
    end = max(head.rfind(b"\n"), head.rfind(b">")) + 1
    whole_lines = head if is_whole else head[:end] or head
    try:
        open_statement(replace(source, file=io.BytesIO(whole_lines)), account)
    except StatementError as error:
        if is_whole or error.code in FINAL_CODES:
            raise refusal(error, source) from error


def import_upload(upload: Upload, file: BinaryIO, on_progress: Progress) -> ImportResult:
    """Import the statement in `file`, with the options that `import_or_queue` has stored."""
    options: dict[str, Any] = {name: upload.options[name] for name in OPTIONS if name in upload.options}
    balances = {name: upload.options[name] for name in BALANCES}
    options |= {name: None if text is None else Decimal(text) for name, text in balances.items()}
    source = StatementSource(file=file, filename=upload.filename, **options)
    account = EncryptedFinancialProfile(pk=UUID(upload.options["account"]))
    is_dry_run = upload.kind == UploadKind.DRY_RUN
    return import_statement(source, account=account, now=clock.now(), dry_run=is_dry_run, on_progress=on_progress)
