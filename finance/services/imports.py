"""Import of a statement file into an account in one transaction and without duplicates."""

from dataclasses import asdict, replace
from datetime import date, datetime
from decimal import Decimal
from hashlib import file_digest

from core.models.validators import has_null_character
from core.postgres.limits import job_time
from finance.balance_check import BalanceCheck
from finance.models import EncryptedFinancialProfile, FinancialTransaction, StatementImport
from finance.models.accounts import SyncStatus
from finance.models.transactions import TransactionStatus
from finance.services import import_report
from finance.services.accounts import lock_open_account
from finance.services.import_decisions import decide_rows
from finance.services.import_report import ImportResult, as_text
from finance.services.import_sources import open_statement, refusal
from finance.services.import_staging import stage
from finance.services.import_writes import write_records
from finance.statements.rows import Statement, StatementError
from finance.statements.source import StatementSource

# `account_balance` has fifteen digits, two of them decimals.
BALANCE_LIMIT = Decimal(10) ** 13


def import_statement(
    source: StatementSource, *, account: EncryptedFinancialProfile, now: datetime, dry_run: bool = False
) -> ImportResult:
    """Import the statement in `source` into `account` in one transaction; a dry run writes nothing.

    Raise DomainError if the file is refused (413 if it is too large, otherwise 400), ConflictError if the account is closed.
    """
    try:
        with job_time():
            return _import(source, lock_open_account(account.pk), dry_run=dry_run, now=now)
    except StatementError as error:
        raise refusal(error, source) from error


def _import(source: StatementSource, account: EncryptedFinancialProfile, *, dry_run: bool, now: datetime) -> ImportResult:
    statement = open_statement(source, account)
    stage(statement.rows)
    decide_rows(account)
    check, last_day = import_report.check_balance(statement, source, account)
    result = import_report.build_result(statement, source, account, check)
    if dry_run:
        return replace(result, preview=import_report.list_preview())
    record = _record(result, statement, source, account)
    record.save(force_insert=True)
    write_records(record)
    _update_account(account, record, check, last_day, now=now)
    return replace(result, id=record.pk, dry_run=False)


def _record(
    result: ImportResult, statement: Statement, source: StatementSource, account: EncryptedFinancialProfile
) -> StatementImport:
    source.file.seek(0)
    mapping = dict(statement.mapping)
    return StatementImport(
        user_id=account.user_id,
        account=account,
        format=result.format,
        filename=source.filename[:255],
        file_digest=file_digest(source.file, "sha256").hexdigest(),  # type: ignore[arg-type]  # needs only readinto
        mapping={} if has_null_character(mapping) else mapping,  # jsonb cannot store this character
        statement=result.statement,
        warnings=[asdict(warning) for warning in result.warnings],
        **{name: getattr(result, name) for name in import_report.COUNTERS.values()},
    )


def _update_account(
    account: EncryptedFinancialProfile, record: StatementImport, check: BalanceCheck, last_day: date | None, *, now: datetime
) -> None:
    account.last_sync_at, account.sync_status = now, SyncStatus.SUCCESS
    if _is_newest(account, check, last_day) and account.account_balance != check.closing:
        record.account_before = {"account_balance": as_text(account.account_balance), "set_to": as_text(check.closing)}
        record.save(update_fields=["account_before"])
        account.account_balance = check.closing
    account.save(update_fields=["last_sync_at", "sync_status", "account_balance"])


def _is_newest(account: EncryptedFinancialProfile, check: BalanceCheck, last_day: date | None) -> bool:
    """Return True if the closing balance is in the account's currency and no transaction was booked after it."""
    if last_day is None or check.closing is None or check.currency != account.currency or abs(check.closing) >= BALANCE_LIMIT:
        return False
    booked = FinancialTransaction.objects.filter(user_id=account.user_id, financial_profile=account)
    return not booked.filter(status=TransactionStatus.COMPLETED, transaction_date__gt=last_day).exists()
