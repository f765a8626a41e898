"""Opening of uploaded files as statements, with the CSV mapping of the account's last import."""

from dataclasses import replace
from itertools import chain, islice
from typing import Any

from django.conf import settings

from core.errors import DomainError
from finance.models import EncryptedFinancialProfile, StatementImport
from finance.models.imports import StatementFormat
from finance.statements.parse import parse_statement
from finance.statements.rows import Limits, RowError, Statement, StatementError
from finance.statements.source import StatementSource

# If none of the first TRIAL_ROWS rows fits the remembered mapping, the bank has changed its layout.
TRIAL_ROWS = 50
TOO_LARGE = "too_large"
MAPPING_CODES = frozenset({"bad_mapping", "unknown_columns"})
FORMAT_CODES = frozenset({"unknown_format", "wrong_format"})


def open_statement(source: StatementSource, account: EncryptedFinancialProfile) -> Statement:
    """Return the statement in `source` with lazily read rows; raise StatementError if the file can't be imported.

    If the user sends no mapping, the mapping that this account used last is tried first.
    """
    source = replace(source, account_hint=source.account_hint or account.account_number or "")
    remembered = _last_mapping(account) if source.mapping is None else {}
    found = _try_mapping(replace(source, mapping=remembered), account) if remembered else None
    return found or _parse(source, account)


def _parse(source: StatementSource, account: EncryptedFinancialProfile) -> Statement:
    limits = Limits(max_bytes=settings.IMPORT_MAX_BYTES, max_rows=settings.IMPORT_MAX_ROWS)
    return parse_statement(source, default_currency=account.currency, limits=limits)


def _last_mapping(account: EncryptedFinancialProfile) -> dict[str, Any]:
    earlier = StatementImport.objects.filter(user_id=account.user_id, account=account, undone_at__isnull=True)
    mappings = earlier.filter(format=StatementFormat.CSV).order_by("-created_at").values_list("mapping", flat=True)
    return mappings.first() or {}


def _try_mapping(source: StatementSource, account: EncryptedFinancialProfile) -> Statement | None:
    """Return the statement read with a remembered mapping, or None if the file has another layout."""
    try:
        statement = _parse(source, account)
        first = list(islice(statement.rows, TRIAL_ROWS))
    except StatementError:
        return None
    if first and all(isinstance(row, RowError) for row in first):
        return None
    return replace(statement, rows=chain(first, statement.rows))


def refusal(error: StatementError, source: StatementSource) -> DomainError:
    """Return the API error for a refused file, at `mapping` or `format` if the value that was sent there is the cause."""
    if error.code == TOO_LARGE:
        return DomainError(error.code, error.message, field="file", status=413)
    if error.code in MAPPING_CODES and source.mapping is not None:
        return DomainError(error.code, error.message, field="mapping")
    return DomainError(error.code, error.message, field="format" if error.code in FORMAT_CODES else "file")
