"""Comparing an account with the balance of a bank statement, and marking the transactions that it confirms."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db.models import Sum

from core.currencies import AMOUNT_LIMIT, in_minor_units
from core.errors import DomainError
from core.models.base import json_ready
from core.postgres.limits import job_time
from finance.balance_explanations import COUNTED, NOT_BOOKED, Candidate, explanations
from finance.models import EditedRow, EditRun, EncryptedFinancialProfile, FinancialTransaction
from finance.models.accounts import DEBTS, BalanceSource
from finance.models.divided import TransactionType
from finance.models.edit_runs import EditKind
from finance.models.transactions import CONFIRMED_FIELDS, NEVER_COUNTED, TransactionStatus
from finance.services.accounts import lock_open_account
from finance.services.balances import FUTURE
from finance.services.edit_runs import recorded_run
from finance.services.reconciliation_candidates import candidates, counted

BALANCES = ("opening_balance", "reconciled_date", "account_balance", "balance_date", "balance_source", "overpaid")
ADJUSTMENT = "Balance adjustment"
POSITIVE = (
    "The balance of a credit, loan or mortgage account is below 0 while money is owed. Send it with a minus, or set overpaid "
    "to true if more was paid than owed."
)
NOT_COUNTED = "{key} is no counted transaction of this account up to {day}. Leave it out of left_out."


@dataclass(frozen=True, slots=True)
class BankBalance:
    """A balance that the bank states for the end of a day, and how a difference is to be treated.

    `left_out` are transactions that the bank has not booked by then. With `adjust`, a transaction with the difference is
    created. With `restart`, the balance is a new start: it is compared with nothing. `overpaid` allows a debt above 0.
    """

    day: date
    balance: Decimal
    left_out: Collection[UUID] = ()
    overpaid: bool = False
    adjust: bool = False
    restart: bool = False


@dataclass(slots=True)
class Reconciliation:
    """The comparison of an account with the bank's balance.

    `expected` is the opening balance with all counted transactions up to the day, `difference` the bank's balance less that;
    both are None if no balance was known. `unexplained` is what remains of the difference without the transactions that are
    left out; unless it is 0, no transaction is reconciled. An adjustment makes up for what is `missing`. `explanations` are
    sets of rows that add up to the difference. The only one `is_applied` if it is likely: nothing is unexplained then.
    """

    date: date
    balance: Decimal
    expected: Decimal | None = None
    difference: Decimal | None = None
    unexplained: Decimal | None = None
    missing: Decimal | None = None
    explanations: list[tuple[Candidate, ...]] = field(default_factory=list)
    is_applied: bool = False
    reconciled: int = 0
    adjustment: UUID | None = None
    edit: UUID | None = None


@job_time()
def reconcile(account: EncryptedFinancialProfile, bank: BankBalance, *, now: datetime, dry_run: bool = False) -> Reconciliation:
    """Compare an account with the bank's balance, and mark the transactions that it confirms; a dry run writes nothing.

    The balance becomes that of the account, unless something is left out or missing, or the account has a later one. Raise
    ConflictError if the account is closed, DomainError if it can't have this balance, or for an unknown transaction in
    `left_out`.
    """
    account = lock_open_account(account.pk)
    rows = counted(account, bank.day)
    # locked in the order of their keys, to avoid deadlocks, and read once, so that no row is marked that was not added up
    amounts = dict(rows.order_by("pk").select_for_update(no_key=True).values_list("pk", "amount"))
    opening = None if bank.restart else _opening_balance(account)
    result = _compare(account, bank, amounts, opening)
    if result.unexplained:
        return result
    chosen = result.explanations[0] if result.is_applied else ()
    left_out = {*bank.left_out, *(each.key for each in chosen if each.reason in COUNTED)}
    if dry_run:
        result.reconciled = rows.filter(reconciled_date=None).exclude(pk__in=left_out).count() + bool(result.missing)
        return result
    before = _balances(account)
    with recorded_run(EditKind.RECONCILIATION, user_id=account.user_id, now=now) as run:
        if result.missing:
            result.adjustment = _adjust(account, result.missing, bank.day).pk
            amounts[result.adjustment] = result.missing
        all_rows = FinancialTransaction.objects.on_account(account)
        all_rows.filter(pk__in=left_out).exclude(reconciled_date=None).update(reconciled_date=None)
        unmarked = all_rows.filter(pk__in=amounts.keys() - left_out, reconciled_date=None)
        result.reconciled = unmarked.update(reconciled_date=bank.day)
        if opening is None:
            opening = result.balance - sum(amounts[key] for key in amounts.keys() - left_out)
        account.opening_balance = _within_limit(in_minor_units(opening, account.currency))
        _set_balances(account, result, is_complete=not left_out and not result.is_applied)
        adjustment = result.adjustment and str(result.adjustment)
        run.details = {"account": str(account.pk), "before": before, "set_to": _balances(account), "adjustment": adjustment}
    result.edit = run.pk
    return result


def _compare(
    account: EncryptedFinancialProfile, bank: BankBalance, amounts: Mapping[UUID, Decimal], opening: Decimal | None
) -> Reconciliation:
    """Return the difference and its explanations. Raise DomainError as `reconcile` does."""
    balance, unit = _checked_balance(account, bank), account.currency
    result = Reconciliation(date=bank.day, balance=balance)
    omitted = _omitted(amounts, bank)
    if opening is None:
        return result
    result.expected = in_minor_units(opening + sum(amounts.values()), unit)
    result.difference = balance - result.expected
    result.unexplained = _within_limit(in_minor_units(result.difference + omitted, unit))
    if bank.adjust:
        result.missing, result.unexplained = result.unexplained, balance - balance
    elif result.unexplained:
        unconfirmed = counted(account, bank.day).filter(reconciled_date=None).exclude(pk__in=bank.left_out)
        rest = result.unexplained
        result.explanations = explanations(rest, candidates(account, unconfirmed, bank.day, rest))
        # others may fit by chance
        likely = [rows for rows in result.explanations if len(rows) == 1 or all(each.reason in NOT_BOOKED for each in rows)]
        result.is_applied = len(likely) == len(result.explanations) == 1
        result.unexplained = balance - balance if result.is_applied else rest
    return result


def take_back(run: EditRun) -> None:
    """Restore the account's balances that a reconciliation has set, unless they were changed since; delete its adjustment."""
    stored = run.details or {}
    accounts = EncryptedFinancialProfile.objects.select_for_update(no_key=True)
    account = accounts.filter(user_id=run.user_id, pk=stored["account"]).first()
    if account is not None and _balances(account) == stored["set_to"]:
        for name, value in stored["before"].items():
            field: Any = account._meta.get_field(name)
            setattr(account, name, field.to_python(value))
        account.save(update_fields=BALANCES)
    FinancialTransaction.objects.filter(user_id=run.user_id, pk=stored["adjustment"]).delete()


def _balances(account: EncryptedFinancialProfile) -> dict[str, Any]:
    return {name: json_ready(getattr(account, name)) for name in BALANCES}


def _set_balances(account: EncryptedFinancialProfile, result: Reconciliation, *, is_complete: bool) -> None:
    """Save the opening balance, and the bank's balance if the rows are complete and the account has no later one."""
    account.reconciled_date = max(result.date, account.reconciled_date or result.date)
    if is_complete and result.date >= (account.balance_date or result.date):
        account.account_balance, account.balance_date = result.balance, result.date
        account.balance_source = BalanceSource.USER
        account.overpaid = account.profile_type in DEBTS and result.balance > 0
    account.save(update_fields=BALANCES)


def ends_reconciliation(row: FinancialTransaction, changes: Mapping[str, Any]) -> bool:
    """Return True if new values contradict the bank's balance that has confirmed a transaction, as its trigger decides."""
    if row.reconciled_date is None:
        return False
    values = {**changes, "financial_profile": getattr(changes.get("financial_profile"), "pk", None)}
    former = {"financial_profile": row.financial_profile_id}
    return any(
        (values[name] in NEVER_COUNTED) is not (row.status in NEVER_COUNTED)
        if name == "status"
        else values[name] != former.get(name, getattr(row, name))
        for name in CONFIRMED_FIELDS
        if name in changes
    )


def unreconciled_by(run: EditRun) -> int:
    """Return the number of transactions whose reconciliation an edit has ended."""
    ended = EditedRow.objects.filter(user_id=run.user_id, run=run, after__has_key="reconciled_date")
    return ended.exclude(before__reconciled_date=None).filter(after__reconciled_date=None).count()


def reconciled_among(owner: UUID, keys: Collection[UUID]) -> int:
    """Return the number of reconciled transactions with these keys."""
    if not keys:
        return 0
    return FinancialTransaction.objects.filter(user_id=owner, pk__in=keys).exclude(reconciled_date=None).count()


def _checked_balance(account: EncryptedFinancialProfile, bank: BankBalance) -> Decimal:
    """Return the balance with the decimals of the account's currency, or raise DomainError."""
    balance, today = in_minor_units(0 + bank.balance, account.currency, "balance"), account.today()  # without the sign of -0
    if bank.day > today:
        raise DomainError("future_date", FUTURE % {"today": today}, field="date")
    if account.profile_type in DEBTS and balance > 0 and not bank.overpaid:
        raise DomainError("positive_debt", POSITIVE, field="balance")
    return balance


def _within_limit(amount: Decimal) -> Decimal:
    """Return a difference or an opening balance, or raise DomainError if it can't be stored."""
    if abs(amount) >= AMOUNT_LIMIT:
        raise DomainError("max_whole_digits", f"This is too far from the transactions, by {amount}.", field="balance")
    return amount


def _opening_balance(account: EncryptedFinancialProfile) -> Decimal | None:
    """Return the balance before all transactions, by the last reconciliation or by the account's balance; None without one."""
    if account.opening_balance is not None or account.account_balance is None:
        return account.opening_balance
    total = counted(account, account.balance_date).aggregate(total=Sum("amount"))["total"]
    return account.account_balance - (total or 0)


def _omitted(amounts: Mapping[UUID, Decimal], bank: BankBalance) -> Decimal:
    """Return the sum of the transactions that the user leaves out; raise DomainError if one of them is not counted."""
    unknown = sorted({*bank.left_out} - amounts.keys())
    if unknown:
        raise DomainError("not_counted", NOT_COUNTED.format(key=unknown[0], day=bank.day), field="left_out")
    return sum((amounts[key] for key in {*bank.left_out}), Decimal(0))


def _adjust(account: EncryptedFinancialProfile, amount: Decimal, day: date) -> FinancialTransaction:
    row = FinancialTransaction(
        user_id=account.user_id,
        financial_profile=account,
        transaction_type=TransactionType.INCOME if amount > 0 else TransactionType.EXPENSE,
        amount=amount,
        currency=account.currency,
        description=ADJUSTMENT,
        transaction_date=day,
        status=TransactionStatus.COMPLETED,
    )
    row.save(force_insert=True)
    return row
