"""Result of a move: the accounts, categories and tags of the file, and what is imported of them."""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from finance.models.categories import CategoryKind
from finance.moves.rows import Move, MovedRow
from finance.services.import_report import COUNTERS, ImportResult, as_text
from finance.services.import_warnings import MAX_ERRORS
from finance.services.move_choices import MoveAction
from finance.services.move_plan import PlannedAccount, closing_balance
from finance.services.names import current_names, kind_of_category
from finance.statements.rows import RowError, StatementWarning

MAX_LISTED = 1_000


@dataclass(frozen=True, slots=True)
class MovedAccountResult:
    """An account of the file. `account` is the existing or created one, None if it would be created or is left out.

    `balance` is a string with the currency's decimals, None if the file does not show it. The counts are those of the import.
    """

    name: str
    action: MoveAction
    account: UUID | None
    profile_name: str
    profile_type: str
    currency: str
    last_four: str
    rows: int
    first_day: date | None
    last_day: date | None
    balance: str | None
    balance_set: bool
    statement_import: UUID | None
    counts: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class MovedCategory:
    """A category of the file; `category` is the slug of the existing or created one, "" if it would be created."""

    name: str
    category: str
    kind: str
    rows: int


@dataclass(frozen=True, slots=True)
class MovedTag:
    """A tag of the file; `tag` is the name of the existing or created one, "" if it would be created."""

    name: str
    tag: str
    rows: int


@dataclass(frozen=True, slots=True)
class MoveProblem:
    """A row that can't be imported: the file's account ("" if unknown), the title of the column, a code and a message."""

    row: int
    account: str
    column: str
    code: str
    message: str


@dataclass(frozen=True, slots=True)
class MoveResult:
    """Counts and details of a move. `id` is None for a dry run. Lists are cut at 1,000; the counts are not."""

    id: UUID | None
    format: str
    dry_run: bool
    accounts: list[MovedAccountResult]
    categories: list[MovedCategory]
    tags: list[MovedTag]
    splits: int
    transfers: int
    failed: int
    errors: list[MoveProblem]
    warnings: list[StatementWarning]


def account_result(plan: PlannedAccount, move: Move, result: ImportResult | None) -> MovedAccountResult:
    """Return the outcome for an account; `result` is None if it is left out."""
    moved, account = plan.moved, plan.account
    balance, _ = closing_balance(moved, move)
    days = [row.row.date for row in moved.moved()]
    is_there = account is not None and not account._state.adding
    return MovedAccountResult(
        name=moved.name,
        action=plan.action,
        account=account.pk if account and is_there else None,
        profile_name=account.profile_name if account else moved.name,
        profile_type=account.profile_type if account else moved.profile_type,
        currency=account.currency if account else moved.currency,
        last_four=plan.last_four,
        rows=len(moved.rows),
        first_day=min(days, default=None),
        last_day=max(days, default=None),
        balance=as_text(balance, moved.currency),
        balance_set=result.balance_set if result else False,
        statement_import=result.id if result else None,
        counts={name: getattr(result, name) if result else 0 for name in COUNTERS.values()},
    )


def list_categories(plans: list[PlannedAccount], kinds: Mapping[str, CategoryKind], *, user_id: UUID) -> list[MovedCategory]:
    """Return the categories of the rows that are imported, the most frequent first."""
    counts = Counter[str]()
    for row in _imported(plans):
        counts.update({name for name in (row.row.category, *(part.category for part in row.parts)) if name})
    slugs = current_names(user_id, "category", counts)
    return [MovedCategory(name, slugs.get(name, ""), kinds[name], rows) for name, rows in _ordered(counts)]


def list_tags(plans: list[PlannedAccount], *, user_id: UUID) -> list[MovedTag]:
    """Return the tags of the rows that are imported, the most frequent first."""
    counts = Counter(tag for row in _imported(plans) for tag in {*row.tags, *(tag for part in row.parts for tag in part.tags)})
    names = current_names(user_id, "tags", counts)
    return [MovedTag(name, names.get(name, ""), rows) for name, rows in _ordered(counts)]


def kinds_of(plans: list[PlannedAccount], move: Move) -> dict[str, CategoryKind]:
    """Return the kind of each category: that of the file, else income or transfer if all its amounts are that."""
    found: dict[str, set[CategoryKind]] = {}
    for row in _imported(plans):
        if row.row.category:
            found.setdefault(row.row.category, set()).add(kind_of_category(row.row.transaction_type))
        for part in row.parts:
            if part.category:
                kind = CategoryKind.INCOME if part.amount > 0 else CategoryKind.EXPENSE
                found.setdefault(part.category, set()).add(kind)
    stated = {name: CategoryKind(plan.kind) for name, plan in move.categories.items() if plan.kind}
    return {name: stated.get(name) or _single(kinds) for name, kinds in found.items()}


def list_problems(move: Move, plans: list[PlannedAccount]) -> tuple[int, list[MoveProblem]]:
    """Return the number of invalid rows, and the first of them by their place in the file."""
    errors = [(error, "") for error in move.errors]
    for plan in plans:
        if plan.action != MoveAction.SKIP:
            errors += [(row, plan.moved.name) for row in plan.moved.rows if isinstance(row, RowError)]
    errors.sort(key=lambda each: each[0].number)
    listed = [MoveProblem(row.number, name, row.field, row.code, row.message) for row, name in errors[:MAX_ERRORS]]
    return len(errors), listed


def count_splits_and_transfers(plans: list[PlannedAccount], move: Move) -> tuple[int, int]:
    """Return the numbers of split transactions, and of the file's transfers between accounts that are imported."""
    used = {plan.moved.name for plan in plans if plan.action != MoveAction.SKIP}
    transfers = sum({pair.outgoing.account, pair.incoming.account} <= used for pair in move.transfers)
    return sum(bool(row.parts) for row in _imported(plans)), transfers


def _imported(plans: Collection[PlannedAccount]) -> Iterator[MovedRow]:
    return (row for plan in plans if plan.action != MoveAction.SKIP for row in plan.rows.values())


def _ordered(counts: Counter[str]) -> list[tuple[str, int]]:
    return sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:MAX_LISTED]


def _single(kinds: set[CategoryKind]) -> CategoryKind:
    """Return the kind of a category with rows of these kinds. A starting balance, which is a transfer, does not count."""
    counted = kinds - {CategoryKind.TRANSFER} or kinds
    return next(iter(counted)) if len(counted) == 1 else CategoryKind.EXPENSE
