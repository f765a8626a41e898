"""Opening of uploaded files as statements, with the options and the CSV mapping of the account's last imports."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from hashlib import file_digest
from itertools import chain, islice
from typing import Any

from django.conf import settings
from django.db.models import QuerySet

from core.errors import DomainError
from finance.models import EncryptedFinancialProfile, StatementImport
from finance.models.imports import TABLES
from finance.statements.parse import is_own_export, parse_statement
from finance.statements.rows import Limits, RowError, Statement, StatementError
from finance.statements.source import StatementSource
from finance.statements.text_options import refuse_conflicts

# If most of the first TRIAL_ROWS rows do not fit what is remembered, the bank has changed its layout.
TRIAL_ROWS = 50
# An account may be imported from several layouts in turn.
MAX_TRIALS = 4
RECENT = 20
AUTO = "auto"
TEXT_OPTIONS = ("encoding", "date_order", "decimal")
TOO_LARGE = "too_large"
# The field at which a refusal is reported, if the user sent a value there.
FIELDS = {
    "bad_mapping": "mapping",
    "unknown_columns": "mapping",
    "conflicting_options": "mapping",
    "unknown_encoding": "encoding",
    "wrong_encoding": "encoding",
    "wrong_date_order": "date_order",
    "imported_with_other_sign": "invert",
    "account_not_in_file": "account_hint",
    "several_accounts": "account_hint",
}
FORMAT_CODES = frozenset({"unknown_format", "wrong_format"})


@dataclass(frozen=True, slots=True)
class _Memory:
    """Format, mapping and options of an earlier import of the account."""

    format: str
    mapping: Mapping[str, Any]
    options: Mapping[str, Any]


def open_statement(source: StatementSource, account: EncryptedFinancialProfile) -> tuple[Statement, StatementSource]:
    """Return the statement in `source` with lazily read rows, and `source` with the remembered options that were used.

    Options and mapping that the user does not send are those of the account's last import that was not undone. Raise
    StatementError if the file can't be imported.
    """
    refuse_conflicts(source)
    recent = _recent(account)
    is_export = is_own_export(source.file)  # its signs, dates and texts are known
    was_inverted = bool(recent and recent[0].options.get("invert")) and not is_export
    invert = was_inverted if source.invert is None else source.invert
    hint = source.account_hint or account.account_number or ""
    source = replace(source, account_hint=hint, account_type=account.profile_type, invert=invert)
    _refuse_other_sign(source, account)
    if is_export:
        return _parse(source, account), source
    usable: list[tuple[Statement, StatementSource]] = []
    for memory in _distinct(recent, source):
        trial = _Trial(source, memory)
        if trial.read(account):
            if trial.fits:
                return trial.result
            usable.append(trial.result)
    try:
        return _parse(source, account), source
    except StatementError:
        if usable:
            return usable[0]
        raise


def _parse(source: StatementSource, account: EncryptedFinancialProfile) -> Statement:
    limits = Limits(max_bytes=settings.IMPORT_MAX_BYTES, max_rows=settings.IMPORT_MAX_ROWS)
    detected: dict[str, Any] = {name: "" for name in TEXT_OPTIONS if getattr(source, name) == AUTO}
    return parse_statement(replace(source, **detected), default_currency=account.currency, limits=limits)


def _recent(account: EncryptedFinancialProfile) -> list[_Memory]:
    """Return what the last imports used, the newest first; older ones only of tables, whose mappings people write."""
    earlier = StatementImport.objects.filter(user_id=account.user_id, account=account, undone_at=None, move=None)
    newest: Any = earlier.order_by("-created_at", "-id").values_list("id", "format", "mapping", "options")
    found = {key: _Memory(*rest) for key, *rest in newest[:RECENT]}
    if not any(memory.format in TABLES for memory in found.values()):
        found |= {key: _Memory(*rest) for key, *rest in newest.filter(format__in=TABLES)[:RECENT]}
    return list(found.values())


def _distinct(recent: list[_Memory], source: StatementSource) -> list[_Memory]:
    """Return the different memories that add something to what the user sent, at last without mappings for other layouts."""
    found: list[_Memory] = []
    for memory in recent:
        same_format = [each for each in recent if _family(each.format) == _family(memory.format)]
        values = {name: _remembered(name, memory, same_format) for name in TEXT_OPTIONS if not getattr(source, name)}
        options = {name: value for name, value in values.items() if value}
        mapping = _without_sent(memory.mapping, source) if source.mapping is None else {}
        kept = _Memory(memory.format, mapping, options)
        if (mapping or options) and kept not in found:
            found.append(kept)
    return [*found[:MAX_TRIALS], *(replace(memory, mapping={}) for memory in found[:MAX_TRIALS] if memory.options)]


def _remembered(name: str, memory: _Memory, same_format: list[_Memory]) -> str:
    """Return the option of `memory` or else of the newest import that has it; "" if a newer one requested detection."""
    newest = next((value for each in same_format if (value := each.options.get(name))), "")
    return "" if newest == AUTO else memory.options.get(name) or newest


def _without_sent(mapping: Mapping[str, Any], source: StatementSource) -> dict[str, Any]:
    """Return a remembered mapping without the keys that an option of the user replaces."""
    replaced = {"decimal"} if source.decimal else set()
    replaced |= {"date_format"} if source.date_order else set()
    return {key: value for key, value in mapping.items() if key not in replaced}


class _Trial:
    """A reading of the file with what an earlier import used."""

    def __init__(self, source: StatementSource, memory: _Memory) -> None:
        mapping = memory.mapping or source.mapping
        self._source = replace(source, mapping=mapping, **memory.options)
        self._is_other_encoding = self._source.encoding != source.encoding
        self._format = memory.format

    def read(self, account: EncryptedFinancialProfile) -> bool:
        """Return True if at least one of the first rows can be read, or if there are none."""
        try:
            statement = _parse(self._source, account)
            first = list(islice(statement.rows, TRIAL_ROWS))
        except StatementError:
            return False
        broken = sum(isinstance(row, RowError) for row in first)
        # an encoding that was sent for files of one format says nothing about another one
        if (first and broken == len(first)) or (self._is_other_encoding and _family(statement.format) != _family(self._format)):
            return False
        self.fits = broken * 2 <= len(first)
        self.result = replace(statement, rows=chain(first, statement.rows)), self._source
        return True


def _family(name: str) -> str:
    return "ofx" if name == "qfx" else name


def digest_of(source: StatementSource) -> str:
    """Return the SHA-256 of the whole file in hexadecimal digits."""
    source.file.seek(0)
    return file_digest(source.file, "sha256").hexdigest()  # type: ignore[arg-type]  # needs only readinto


def with_other_sign(account: EncryptedFinancialProfile, source: StatementSource) -> QuerySet[StatementImport]:
    """Return the account's imports whose amounts were inverted if those of `source` are not, or vice versa."""
    imports = StatementImport.objects.filter(user_id=account.user_id, account=account, undone_at__isnull=True)
    return imports.filter(options__invert=not source.invert)


def _refuse_other_sign(source: StatementSource, account: EncryptedFinancialProfile) -> None:
    """Raise StatementError if the same file was imported with the opposite sign, because its rows would come in again."""
    others = with_other_sign(account, source)
    if not others.exists():
        return
    twin = others.filter(file_digest=digest_of(source)).first()
    if twin is not None:
        former = str(not source.invert).lower()
        message = (
            f"This file was imported with invert={former} before, as import {twin.pk}. Undo that import first, or send that."
        )
        raise StatementError("imported_with_other_sign", message)


def refusal(error: StatementError, source: StatementSource) -> DomainError:
    """Return the API error for a refused file, at the field whose value is the cause if the user sent one."""
    if error.code == TOO_LARGE:
        return DomainError(error.code, error.message, field="file", status=413)
    field = FIELDS.get(error.code, "")
    if field and getattr(source, field) not in (None, ""):
        return DomainError(error.code, error.message, field=field)
    return DomainError(error.code, error.message, field="format" if error.code in FORMAT_CODES else "file")
