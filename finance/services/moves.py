"""Moving in: the accounts of another app's export are created and imported in one transaction and without duplicates."""

import io
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from uuid import UUID

from django.conf import settings
from django.db.models import Max, Min
from uuid_utils.compat import uuid7

from core.postgres.limits import job_time
from finance.models import Category, EncryptedFinancialProfile, StatementImport, StatementImportRow
from finance.models.imports import RowVerdict
from finance.moves.read import read_move
from finance.moves.rows import Move, MovedPart, MovedRow, MoveOptions
from finance.services import move_report
from finance.services.accounts import lock_open_account
from finance.services.import_report import ImportResult
from finance.services.import_sources import digest_of, refusal
from finance.services.import_staging import stage
from finance.services.imports import Progress, TooManyRowsError, import_staged, statement_imported
from finance.services.move_archive import is_archive, read_archive
from finance.services.move_choices import AccountChoice, MoveAction
from finance.services.move_links import link_pairs, set_parents
from finance.services.move_plan import PlannedAccount, as_statement, plan_accounts
from finance.services.move_report import MovedAccountResult, MoveResult
from finance.services.move_staging import MovedRows
from finance.statements.rows import Limits, StatementError, StatementWarning
from finance.statements.source import StatementSource
from users.locks import lock
from users.models import User

READ = 20  # percent of the work that are done once the file is read


@dataclass(frozen=True, slots=True, kw_only=True)
class MoveRequest:
    """A file, and what the user decides about it.

    `currency` is that of amounts without one, "" for the currency of most of the user's accounts. `accounts` has decisions by
    the names in the file, and `categories` the category for a name in the file, "" for none.
    """

    source: StatementSource
    currency: str = ""
    accounts: Mapping[str, AccountChoice] = field(default_factory=dict)
    categories: Mapping[str, str] = field(default_factory=dict)


def move_in(
    request: MoveRequest,
    *,
    user: User,
    now: datetime,
    dry_run: bool,
    max_rows: int | None = None,
    on_progress: Progress = lambda percent: None,
) -> MoveResult:
    """Import all accounts of a file in one transaction; a dry run writes nothing.

    Raise DomainError if the file or a decision is refused, ConflictError if an account is closed, TooManyRowsError if the
    file has more than `max_rows`. `on_progress` is called with the progress in percent.
    """
    try:
        with job_time():
            lock(f"move {user.pk}")  # the same file at the same time would create its accounts twice
            move = _read(request, user, on_progress)
            if max_rows is not None and sum(len(account.rows) for account in move.accounts.values()) > max_rows:
                raise TooManyRowsError
            on_progress(READ)
            plans = plan_accounts(move, request.accounts, user_id=user.pk)
            return _Mover(request, move, plans, user, now=now, dry_run=dry_run, on_progress=on_progress).run()
    except StatementError as error:
        raise refusal(error, request.source) from error


class _Mover:
    """The import of the planned accounts, one after the other."""

    def __init__(
        self,
        request: MoveRequest,
        move: Move,
        plans: list[PlannedAccount],
        user: User,
        *,
        now: datetime,
        dry_run: bool,
        on_progress: Progress,
    ) -> None:
        self._request, self._move, self._plans, self._user = request, move, plans, user
        self._now, self._dry_run, self._on_progress = now, dry_run, on_progress
        self._key: UUID = uuid7()
        self._kinds = move_report.kinds_of(plans, move)
        self._digest = digest_of(request.source)
        # without the options of texts, which later imports of a bank's files into the account would take over
        self._source = replace(request.source, encoding="", date_order="", decimal="", invert=False)

    def run(self) -> MoveResult:
        """Import the accounts, and return the result."""
        known = set(Category.objects.filter(user_id=self._user.pk).values_list("slug", flat=True))
        self._lock_existing()
        results, warnings, imports = list[MovedAccountResult](), [*self._move.warnings, *self._of_accounts()], dict[str, UUID]()
        for place, plan in enumerate(self._plans):
            outcome = self._import(plan, place)
            results.append(move_report.account_result(plan, self._move, outcome))
            if outcome is not None:
                warnings += [StatementWarning(each.code, f"{plan.moved.name}: {each.message}") for each in outcome.warnings]
            if outcome is not None and outcome.id is not None:
                imports[plan.moved.name] = outcome.id
        splits, transfers = move_report.count_splits_and_transfers(self._plans, self._move)
        if not self._dry_run:
            transfers = link_pairs(self._move.transfers, imports, user_id=self._user.pk, now=self._now)
            set_parents(self._move.categories, user_id=self._user.pk, known=known)
            _announce(self._key, self._user)
        failed, errors = move_report.list_problems(self._move, self._plans)
        return MoveResult(
            id=None if self._dry_run else self._key,
            format=self._move.format,
            dry_run=self._dry_run,
            accounts=results,
            categories=move_report.list_categories(self._plans, self._kinds, user_id=self._user.pk),
            tags=move_report.list_tags(self._plans, user_id=self._user.pk),
            splits=splits,
            transfers=transfers,
            failed=failed,
            errors=errors,
            warnings=warnings,
        )

    def _of_accounts(self) -> Iterator[StatementWarning]:
        """Yield warnings about accounts that are closed, and about a currency that neither the file nor the user has named."""
        for plan in self._plans:
            if plan.is_closed:
                message = (
                    f"{plan.moved.name} is closed here, so it is left out. Reopen the account, or send another one in accounts."
                )
                yield StatementWarning("account_closed", message)
        new = [plan for plan in self._plans if plan.action == MoveAction.CREATE]
        named = [name for name, choice in self._request.accounts.items() if choice.currency]
        assumed = [plan.moved for plan in new if plan.moved.name not in named]
        if not self._move.has_currencies and not self._request.currency and assumed:
            message = (
                "The file does not say in which currency its amounts are. Those of new accounts are taken as "
                f"{assumed[0].currency}. If that is wrong, send currency, or the currency of an account in accounts."
            )
            yield StatementWarning("currency_assumed", message)

    def _lock_existing(self) -> None:
        """Lock the existing accounts in the order of their keys, as every other move does. Raise ConflictError if closed."""
        existing = [plan for plan in self._plans if plan.action == MoveAction.EXISTING and plan.account]
        for plan in sorted(existing, key=lambda plan: str(plan.account and plan.account.pk)):
            if plan.account is not None:
                plan.account = lock_open_account(plan.account.pk)

    def _import(self, plan: PlannedAccount, place: int) -> ImportResult | None:
        account = plan.account
        if account is None:
            return None
        account.user = self._user
        if plan.action == MoveAction.CREATE and not self._dry_run:
            account.save(force_insert=True)
        statement = as_statement(plan, self._move)
        stage(statement.rows)
        return import_staged(
            statement,
            self._source,
            account,
            digest=self._digest,
            dry_run=self._dry_run,
            now=self._now,
            on_progress=lambda percent: self._on_progress(self._percent(place, percent)),
            moved=MovedRows(self._key, plan.rows, self._kinds),
        )

    def _percent(self, place: int, percent: int) -> int:
        return READ + (100 - READ) * (100 * place + percent) // (100 * len(self._plans))


def _announce(key: UUID, user: User) -> None:
    """Send the signal for each import that has created transactions."""
    created = StatementImportRow.objects.filter(
        user_id=user.pk, statement_import__move=key, statement_import__user_id=user.pk, verdict=RowVerdict.CREATED
    )
    days = created.order_by().values("statement_import").annotate(start=Min("transaction_date"), end=Max("transaction_date"))
    records, reached = StatementImport.objects.for_user(user).filter(move=key).in_bulk(), date.min
    for period in sorted(days, key=lambda period: (period["start"], -period["end"].toordinal())):
        record = records[period["statement_import"]]
        statement_imported.send(StatementImport, record=record, is_covered=period["end"] <= reached)
        reached = max(reached, period["end"])


def limits() -> Limits:
    """Return the limits of a file, which are those of a statement."""
    return Limits(max_bytes=settings.IMPORT_MAX_BYTES, max_rows=settings.IMPORT_MAX_ROWS)


def _read(request: MoveRequest, user: User, on_progress: Progress) -> Move:
    source = request.source
    source.file.seek(0, io.SEEK_SET)
    currency = request.currency or _usual_currency(user)
    options = MoveOptions(currency=currency, date_order=source.date_order, decimal=source.decimal)
    if is_archive(source.file):
        move = read_archive(source.file, limits=limits(), on_progress=lambda percent: on_progress(percent * READ // 100))
    else:
        move = read_move(source, options, limits=limits())
    if request.categories:
        for account in move.accounts.values():
            account.rows[:] = [_renamed(row, request.categories) if isinstance(row, MovedRow) else row for row in account.rows]
    return move


def _renamed(row: MovedRow, categories: Mapping[str, str]) -> MovedRow:
    """Return a row with the categories that the user has chosen for those of the file."""

    def renamed(part: MovedPart) -> MovedPart:
        return part._replace(category=categories.get(part.category, part.category))

    line = row.row._replace(category=categories.get(row.row.category, row.row.category))
    return row._replace(row=line, parts=tuple(map(renamed, row.parts)))


def _usual_currency(user: User) -> str:
    """Return the currency of most of the user's open accounts; without one, that of the profile."""
    accounts = EncryptedFinancialProfile.objects.filter(user_id=user.pk).open().order_by("created_at")
    found = Counter(accounts.values_list("currency", flat=True))
    return found.most_common(1)[0][0] if found else user.currency
