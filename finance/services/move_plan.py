"""The account into which each account of a file is imported, and its rows as a statement."""

import datetime
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError

from core.currencies import TooManyDecimalsError, in_minor_units
from core.encryption.key_ring import EncryptionError
from core.errors import DomainError
from finance.models import EncryptedFinancialProfile, FinancialTransaction, StatementImport
from finance.models.accounts import is_account_number, masked, normalize_account_number
from finance.moves.rows import Move, MovedAccount, MovedRow
from finance.moves.table import CORRECT
from finance.services.move_choices import SHOWN, AccountChoice, MoveAction
from finance.statements.rows import AccountInfo, Balances, RowError, Statement
from finance.statements.text import plain_key

LAST = 4
UNKNOWN = "The file has no account “{name}”. It has: {known}."
SAME = "“{first}” and “{second}” of the file can't be imported into the same account. Create another one, or leave one out."


@dataclass(slots=True)
class PlannedAccount:
    """An account of the file, and the account that it becomes: None if it is left out, not saved if it is new.

    `is_closed` is true if it is left out because it is closed here.
    """

    moved: MovedAccount
    action: MoveAction
    account: EncryptedFinancialProfile | None
    is_closed: bool = False
    rows: dict[int, MovedRow] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.rows = {row.row.number: row for row in self.moved.moved()}

    @property
    def last_four(self) -> str:
        """The last characters of the account's number, "" if it is unknown."""
        return last_four(self.account) if self.account else self.moved.number[-LAST:]


def plan_accounts(move: Move, choices: Mapping[str, AccountChoice], *, user_id: UUID) -> list[PlannedAccount]:
    """Return the plan for each account of `move`, in the order of the file. Raise DomainError for choices that do not fit it.

    Without a choice, an open account with the number or the name of that in the file, and its currency, is used; else a new
    one. An account that is closed here is left out, because a new one would have its rows again. Amounts without a currency
    get that of the account.
    """
    unknown = choices.keys() - move.accounts.keys()
    if unknown:
        known = ", ".join(f"“{name[:SHOWN]}”" for name in list(move.accounts)[:20])
        raise DomainError("unknown_account", UNKNOWN.format(name=min(unknown)[:SHOWN], known=known), field="accounts")
    own = list(EncryptedFinancialProfile.objects.filter(user_id=user_id).order_by("created_at", "pk"))
    chosen = {choice.account.pk for choice in choices.values() if choice.account}
    own = [account for account in own if account.pk not in chosen]
    plans = []
    for moved in move.accounts.values():
        choice = choices.get(moved.name) or _default(moved, own, has_currency=move.has_currencies)
        if choice.account in own:
            own.remove(choice.account)
        plans.append(_plan(moved, choice, move, user_id=user_id))
    _refuse_same(plans)
    return plans


def as_statement(plan: PlannedAccount, move: Move) -> Statement:
    """Return the rows of an account as a statement, with the balance if the file is all there is: for a new account."""
    moved, currency = plan.moved, plan.moved.currency
    is_new = plan.action == MoveAction.CREATE or _is_emptied(plan.account)
    balance, day = closing_balance(moved, move) if is_new else (None, None)
    return Statement(
        format=move.format,
        rows=iter([row.row if isinstance(row, MovedRow) else row for row in moved.rows]),
        accounts=(AccountInfo(masked(lambda: moved.number), moved.profile_type, currency),) if moved.number else (),
        mapping={},
        read_balances=lambda: Balances(None, balance, currency, has_accounts_sign=True, closing_date=day),
        id_scheme=move.id_scheme,
    )


def closing_balance(moved: MovedAccount, move: Move) -> tuple[Decimal | None, datetime.date | None]:
    """Return the balance that the file states, or the sum of all rows if the file has all of them; else None."""
    if moved.balance is not None or not move.is_whole:
        return moved.balance, moved.balance_date
    rows = [row.row for row in moved.moved() if row.row.currency == moved.currency]
    return (sum((row.amount for row in rows), Decimal(0)), max(row.date for row in rows)) if rows else (None, None)


def last_four(account: EncryptedFinancialProfile) -> str:
    return masked(lambda: account.account_number).strip("•")


def _default(moved: MovedAccount, own: list[EncryptedFinancialProfile], *, has_currency: bool) -> AccountChoice:
    """Return the choice for an account about which the user has decided nothing."""
    choice = _matching(moved, [account for account in own if account.is_active], has_currency=has_currency)
    if choice.action == MoveAction.CREATE:
        closed = _matching(moved, [account for account in own if not account.is_active], has_currency=has_currency)
        if closed.action == MoveAction.EXISTING:
            return AccountChoice(MoveAction.SKIP, is_closed=True)
    return choice


def _matching(moved: MovedAccount, own: Iterable[EncryptedFinancialProfile], *, has_currency: bool) -> AccountChoice:
    """Return the choice of the only account that agrees with the file in its number, or else in its name."""
    usable = [account for account in own if not has_currency or account.currency == moved.currency]
    number, digits = normalize_account_number(moved.number), _digits_at_end(moved.name)
    tests = (
        lambda account: bool(number) and normalize_account_number(_number(account)) == number,
        lambda account: (plain_key(account.profile_name) or account.profile_name) == (plain_key(moved.name) or moved.name),
        lambda account: bool(digits) and last_four(account) == digits and account.profile_type == moved.profile_type,
    )
    for test in tests:
        found = [account for account in usable if test(account)]
        if len(found) == 1:
            return AccountChoice(MoveAction.EXISTING, account=found[0])
    return AccountChoice(MoveAction.CREATE)


def _plan(moved: MovedAccount, choice: AccountChoice, move: Move, *, user_id: UUID) -> PlannedAccount:
    if choice.action == MoveAction.SKIP:
        return PlannedAccount(moved, choice.action, None, choice.is_closed)
    account = choice.account or _new_account(moved, choice, move, user_id=user_id)
    if not move.has_currencies and account.currency != moved.currency:
        moved = _in_currency(moved, account.currency)
    return PlannedAccount(moved, choice.action, account)


def _new_account(moved: MovedAccount, choice: AccountChoice, move: Move, *, user_id: UUID) -> EncryptedFinancialProfile:
    account = EncryptedFinancialProfile(
        user_id=user_id,
        profile_name=choice.profile_name or moved.name,
        profile_type=choice.profile_type or moved.profile_type,
        currency=choice.currency or moved.currency,
        institution_name=moved.institution_name,
    )
    try:
        is_account_number(moved.number)
    except ValidationError:
        return account
    account.account_number = moved.number
    return account


def _in_currency(moved: MovedAccount, currency: str) -> MovedAccount:
    """Return an account whose file does not name the currency with its amounts in `currency`."""

    def converted(row: MovedRow | RowError) -> MovedRow | RowError:
        if isinstance(row, RowError):
            return row
        try:
            line = row.row._replace(amount=in_minor_units(row.row.amount, currency), currency=currency)
            parts = tuple(part._replace(amount=in_minor_units(part.amount, currency)) for part in row.parts)
        except TooManyDecimalsError as error:
            return RowError(row.row.number, "amount", error.code, f"{error.message} {CORRECT}")
        return row._replace(row=line, parts=parts)

    return replace(moved, currency=currency, rows=[converted(row) for row in moved.rows])


def _refuse_same(plans: list[PlannedAccount]) -> None:
    """Raise DomainError if two accounts would become one: equal rows of both would be taken for duplicates."""
    seen: dict[Any, str] = {}
    for plan in plans:
        if plan.account is None:
            continue
        first = seen.setdefault(plan.account.pk, plan.moved.name)
        if first != plan.moved.name:
            message = SAME.format(first=first[:SHOWN], second=plan.moved.name[:SHOWN])
            raise DomainError("same_account", message, field="accounts")


def _is_emptied(account: EncryptedFinancialProfile | None) -> bool:
    """Return True for an account without transactions and without the balance that a move had set, which was undone."""
    if account is None or account.account_balance is not None:
        return False
    undone = StatementImport.objects.filter(user_id=account.user_id, account=account, undone_at__isnull=False)
    had_balance = undone.filter(move__isnull=False, account_before__isnull=False).exists()
    return had_balance and not FinancialTransaction.objects.on_account(account).exists()


def _number(account: EncryptedFinancialProfile) -> str:
    try:
        return account.account_number or ""
    except EncryptionError:  # a number that can't be read agrees with none
        return ""


def _digits_at_end(name: str) -> str:
    digits = name.rstrip(" )]")[-LAST:]
    return digits if len(digits) == LAST and digits.isdecimal() else ""
