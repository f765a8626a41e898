"""Import of a statement file into an account in one transaction and without duplicates."""

import io
from collections.abc import Callable, Iterator
from dataclasses import asdict, replace
from datetime import datetime

from django.dispatch import Signal

from core import clock
from core.postgres.limits import job_time
from finance.models import EncryptedFinancialProfile, ExchangeRate, StatementImport
from finance.models.accounts import SyncStatus
from finance.models.exchange_rates import RateSource
from finance.services import import_report
from finance.services.accounts import lock_open_account
from finance.services.balances import COLUMNS, set_imported_balance
from finance.services.import_balance import StatementBalance, read_balance, with_checked_balances
from finance.services.import_decisions import decide_rows
from finance.services.import_report import ImportResult
from finance.services.import_sources import digest_of, open_statement, refusal
from finance.services.import_staging import stage
from finance.services.import_writes import write_records
from finance.services.move_staging import NOTHING_MOVED, MovedRows
from finance.statements.rows import RowOrError, Statement, StatementError
from finance.statements.source import StatementSource

ROWS_BETWEEN_REPORTS = 1_000
MAX_BYTES_PER_ROW = 500  # estimates the progress in an OFX file, which the parser reads as a whole before its rows
# Percent of the work that are done once the rows are read, their verdicts are known, and their transactions are written.
READ, DECIDED, HALF_WRITTEN = 50, 60, 80
RECORDED = ("format", "mapping", "options", "statement", "balance_set", "balance_reason")

# Sent in the transaction of an import that has created transactions, with its `record`. `is_covered` is True if another import
# of the same move has a period that includes this one's.
statement_imported = Signal()

Progress = Callable[[int], None]


class TooManyRowsError(Exception):
    """The statement has more rows than the caller permits."""


def import_statement(
    source: StatementSource,
    *,
    account: EncryptedFinancialProfile,
    now: datetime,
    dry_run: bool = False,
    max_rows: int | None = None,
    on_progress: Progress = lambda percent: None,
) -> ImportResult:
    """Import the statement in `source` into `account` in one transaction; a dry run writes nothing.

    `on_progress` is called with the progress in percent. Raise DomainError if the file is refused (413 if it is too large,
    otherwise 400), ConflictError if the account is closed, TooManyRowsError if the file has more than `max_rows`.
    """
    size = source.file.seek(0, io.SEEK_END)
    try:
        with job_time():
            locked = lock_open_account(account.pk)
            statement, source = open_statement(with_checked_balances(source, locked), locked)
            stage(_counted(statement.rows, source, size, max_rows, on_progress))
            return import_staged(
                statement,
                source,
                locked,
                digest=digest_of(source),
                dry_run=dry_run,
                now=now,
                on_progress=on_progress,
                moved=MovedRows(rows=statement.added),
            )
    except StatementError as error:
        raise refusal(error, source) from error


def _counted(
    rows: Iterator[RowOrError], source: StatementSource, size: int, max_rows: int | None, on_progress: Progress
) -> Iterator[RowOrError]:
    """Yield `rows`, report how much of the file is read, and raise TooManyRowsError after `max_rows`."""
    for number, row in enumerate(rows, 1):
        if max_rows is not None and number > max_rows:
            raise TooManyRowsError
        if number % ROWS_BETWEEN_REPORTS == 0:
            on_progress(READ * min(source.file.tell(), number * MAX_BYTES_PER_ROW) // size)
        yield row


def import_staged(
    statement: Statement,
    source: StatementSource,
    account: EncryptedFinancialProfile,
    *,
    digest: str,
    dry_run: bool,
    now: datetime,
    on_progress: Progress,
    moved: MovedRows = NOTHING_MOVED,
) -> ImportResult:
    """Import the staged rows of `statement` into the locked `account`; a dry run writes nothing. `digest` is the file's."""
    on_progress(READ)
    mapping = import_report.storable_mapping(statement)
    decide_rows(account, scheme=statement.id_scheme, digest=digest, mapping=mapping)
    on_progress(DECIDED)
    balance = read_balance(statement, source, account, today=clock.day_in(account.user.zone, now))
    result = import_report.build_result(statement, source, account, balance)
    if dry_run:
        return replace(result, preview=import_report.list_preview())
    same = {name: getattr(result, name) for name in (*RECORDED, *import_report.COUNTERS.values())}
    record = StatementImport(
        user_id=account.user_id,
        account=account,
        filename=source.filename[:255],
        file_digest=digest,
        id_scheme=statement.id_scheme,
        warnings=[asdict(warning) for warning in result.warnings],
        move=moved.key,
        **same,
    )
    record.save(force_insert=True)
    write_records(record, moved=moved, on_half=lambda: on_progress(HALF_WRITTEN))
    stated = {"user_id": account.user_id, "statement_import": record, "source": RateSource.IMPORT}
    rates = (ExchangeRate(**stated, **rate._asdict()) for rate in statement.rates)
    ExchangeRate.objects.bulk_create(rates, ignore_conflicts=True)  # a rate of an earlier import stays as it is
    _update_account(account, record, balance, now=now)
    if record.created and moved.key is None:  # a move announces its imports together
        statement_imported.send(StatementImport, record=record, is_covered=False)
    return replace(result, id=record.pk, dry_run=False, first_rows=[])


def _update_account(
    account: EncryptedFinancialProfile, record: StatementImport, balance: StatementBalance, *, now: datetime
) -> None:
    account.last_sync_at, account.sync_status = now, SyncStatus.SUCCESS
    if record.balance_set and balance.check.closing is not None and balance.day is not None:
        record.account_before = set_imported_balance(account, balance.check.closing, balance.day)
        record.save(update_fields=["account_before"])
    account.save(update_fields=["last_sync_at", "sync_status", *COLUMNS])
