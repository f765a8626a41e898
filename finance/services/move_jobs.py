"""Moves through the API: a small file is moved in at once, a large one is stored as an upload, which a job moves in."""

import io
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, BinaryIO

from django.conf import settings

from core import clock
from finance.moves.read import recognize
from finance.services.import_sources import TEXT_OPTIONS, refusal
from finance.services.imports import TooManyRowsError
from finance.services.move_archive import is_archive
from finance.services.move_choices import read_categories, read_choices
from finance.services.move_report import MoveResult
from finance.services.moves import MoveRequest, limits, move_in
from finance.statements.rows import StatementError
from finance.statements.source import StatementSource
from users.models import Upload, User
from users.models.uploads import UploadKind
from users.tasks import queue_upload
from users.uploads import Progress


@dataclass(frozen=True, slots=True, kw_only=True)
class MoveForm:
    """A file with the values that a client sent; `accounts` and `categories` as JSON."""

    source: StatementSource
    currency: str = ""
    accounts: Mapping[str, Any] = field(default_factory=dict)
    categories: Mapping[str, Any] = field(default_factory=dict)
    dry_run: bool = True

    def request(self, user: User) -> MoveRequest:
        """Return the request with the user's accounts; raise DomainError for a value that is not allowed."""
        return MoveRequest(
            source=self.source,
            currency=self.currency,
            accounts=read_choices(self.accounts, user_id=user.pk),
            categories=read_categories(self.categories),
        )


def move_or_queue(form: MoveForm, *, user: User, now: datetime) -> MoveResult | Upload:
    """Move in a small file, or store a large one for a job, after a check of its columns and of the decisions.

    Raise DomainError and ConflictError as `move_in` does, and a 429 if too many files of the user wait.
    """
    source, request = form.source, form.request(user)
    size = source.file.seek(0, io.SEEK_END)
    if size <= settings.IMPORT_DIRECT_BYTES:
        try:
            return move_in(request, user=user, now=now, dry_run=form.dry_run, max_rows=settings.IMPORT_DIRECT_ROWS)
        except TooManyRowsError:
            pass
    else:
        try:
            if not is_archive(source.file):
                recognize(source, limits=limits())
        except StatementError as error:
            raise refusal(error, source) from error
    options: dict[str, Any] = {name: getattr(source, name) for name in TEXT_OPTIONS}
    options |= {"dry_run": form.dry_run, "currency": form.currency}
    options |= {"accounts": dict(form.accounts), "categories": dict(form.categories)}
    return queue_upload(user=user, kind=UploadKind.MOVE, file=source.file, filename=source.filename, size=size, options=options)


def move_upload(upload: Upload, file: BinaryIO, on_progress: Progress) -> MoveResult:
    """Move in the file of an upload, with the values that `move_or_queue` has stored."""
    options: dict[str, Any] = dict(upload.options)
    texts = {name: options.pop(name) for name in TEXT_OPTIONS}
    form = MoveForm(source=StatementSource(file=file, filename=upload.filename, **texts), **options)
    return move_in(form.request(upload.user), user=upload.user, now=clock.now(), dry_run=form.dry_run, on_progress=on_progress)
