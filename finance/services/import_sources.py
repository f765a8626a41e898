"""Opens an uploaded file as a statement, with what is remembered from the last one of the same bank."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import chain, islice
from typing import Any, BinaryIO

from django.conf import settings

from core.errors import DomainError
from core.models.validators import has_null_character
from finance.models import EncryptedFinancialProfile, StatementImport
from finance.models.imports import StatementFormat
from finance.statements.parse import parse_statement
from finance.statements.rows import Limits, RowError, Statement, StatementError

# A remembered mapping that none of so many rows fits belongs to an older layout of the bank.
TRIAL_ROWS = 50
TOO_LARGE = "too_large"
MAPPING_CODES = frozenset({"bad_mapping", "unknown_columns"})
FORMAT_CODES = frozenset({"unknown_format", "wrong_format"})


@dataclass(frozen=True, slots=True)
class ImportUpload:
    """A file with what its owner said about it. `mapping` None: not said; `account_hint` "": the account's own number."""

    file: BinaryIO
    filename: str
    format: str
    mapping: Mapping[str, Any] | None
    account_hint: str
    opening_balance: Decimal | None
    closing_balance: Decimal | None


def open_statement(source: ImportUpload, account: EncryptedFinancialProfile) -> Statement:
    """The statement in `source`, its rows still to be read. Raises StatementError."""
    if source.mapping is not None:
        return _parsed(source, account, source.mapping)
    remembered = _last_mapping(account)
    found = _tried(source, account, remembered) if remembered else None
    return found or _parsed(source, account, None)


def _parsed(source: ImportUpload, account: EncryptedFinancialProfile, mapping: Mapping[str, Any] | None) -> Statement:
    return parse_statement(
        source.file,
        filename=source.filename,
        format=source.format,
        mapping=mapping,
        default_currency=account.currency,
        account_hint=source.account_hint or account.account_number or "",
        limits=Limits(max_bytes=settings.IMPORT_MAX_BYTES, max_rows=settings.IMPORT_MAX_ROWS),
    )


def _last_mapping(account: EncryptedFinancialProfile) -> dict[str, Any]:
    earlier = StatementImport.objects.filter(user_id=account.user_id, account=account, undone_at__isnull=True)
    mappings = earlier.filter(format=StatementFormat.CSV).order_by("-created_at").values_list("mapping", flat=True)
    return mappings.first() or {}


def _tried(source: ImportUpload, account: EncryptedFinancialProfile, mapping: dict[str, Any]) -> Statement | None:
    """The statement read by a remembered mapping; None when the file is of another layout."""
    try:
        statement = _parsed(source, account, mapping)
        first = list(islice(statement.rows, TRIAL_ROWS))
    except StatementError:
        return None
    if first and all(isinstance(row, RowError) for row in first):
        return None
    return replace(statement, rows=chain(first, statement.rows))


def storable(mapping: Mapping[str, Any]) -> dict[str, Any]:
    """A mapping as the database can keep it: none at all when a column's title has a character that JSON can't hold."""
    return {} if has_null_character(dict(mapping)) else dict(mapping)


def refusal(error: StatementError, source: ImportUpload) -> DomainError:
    """What the API says when the file as a whole is refused: at `mapping` or `format` when these were sent and wrong."""
    if error.code == TOO_LARGE:
        return DomainError(error.code, error.message, field="file", status=413)
    if error.code in MAPPING_CODES and source.mapping is not None:
        return DomainError(error.code, error.message, field="mapping")
    return DomainError(error.code, error.message, field="format" if error.code in FORMAT_CODES else "file")
