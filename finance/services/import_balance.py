"""Balances of a statement: their sign, their proof, and the decision whether the account takes over the closing balance."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any

from django.db import connection

from core.currencies import MINOR_UNITS, in_minor_units
from finance.balance_check import BalanceCheck
from finance.models import EncryptedFinancialProfile
from finance.models.accounts import DEBTS
from finance.models.imports import BalanceReason
from finance.statements.row_validation import checked_balance
from finance.statements.rows import Balances, Statement
from finance.statements.source import StatementSource

# Errors of rows that moved no money, so that the sum of the others is complete.
WITHOUT_MONEY = ("zero_amount", "not_executed")

# Banks do not include pending rows in balances, an id that occurs twice is one transaction, and a deletion moves no money.
MOVED = """
SELECT coalesce(sum(amount) FILTER (WHERE currency = %(currency)s), 0), max(day)
  FROM import_staged LEFT JOIN import_verdict USING (number)
 WHERE problem IS NULL AND NOT is_pending AND coalesce(original, number) = number AND correction IS DISTINCT FROM 'delete'
"""

SEEN = "SELECT DISTINCT currency FROM import_staged WHERE problem IS NULL ORDER BY currency"

UNREADABLE = """
SELECT count(*) FROM import_staged WHERE problem IS NOT NULL AND NOT problem ->> 'code' = ANY (%(without_money)s)
"""


@dataclass(frozen=True, slots=True)
class StatementBalance:
    """The balance check of a staged statement, its day (None without booked rows), and the number of rows it can't include."""

    check: BalanceCheck
    day: date | None
    unreadable: int


def with_checked_balances(source: StatementSource, account: EncryptedFinancialProfile) -> StatementSource:
    """Return `source` with the decimals of the account's currency in the balances that the user sent."""

    def checked(name: str) -> Decimal | None:
        sent: Decimal | None = getattr(source, name)
        return None if sent is None else in_minor_units(sent, account.currency, name)

    return replace(source, opening_balance=checked("opening_balance"), closing_balance=checked("closing_balance"))


def read_balance(
    statement: Statement, source: StatementSource, account: EncryptedFinancialProfile, *, today: date
) -> StatementBalance:
    """Return the balance of the staged `statement`; a balance sent with the file is used if the file has none.

    Its day is the one that the file states, and at least that of the last booked row, because the balance includes the row.
    A stated day after `today` is that of a bank in another time zone, or wrong.
    """
    balances = statement.balances
    currency = _currency(balances, account)
    moved, last_day = fetch_staged(MOVED, {"currency": currency})[0]
    [(unreadable,)] = fetch_staged(UNREADABLE, {"without_money": list(WITHOUT_MONEY)})
    day = last_day
    if last_day and balances.closing is not None and balances.closing_date:
        day = max(last_day, min(balances.closing_date, today))
    return StatementBalance(_check(balances, source, account, moved, currency), day, unreadable)


def _check(
    balances: Balances, source: StatementSource, account: EncryptedFinancialProfile, moved: Decimal, currency: str
) -> BalanceCheck:
    """Return the check with the balances of the file in the sign of the account.

    The signs of balances do not follow from those of rows: exports of cards and loans state what is owed or what the customer
    has. The sign with which the statement adds up is the right one.
    """
    as_stated, opposite = (_with_sign(balances, source, moved, currency, sign) for sign in (1, -1))
    if balances.opening is None and balances.closing is None:
        return as_stated if as_stated.gap == 0 and moved != 0 else _unproved(as_stated, account)
    if balances.has_accounts_sign and not source.invert:
        return as_stated
    proved = [check for check, sign in ((as_stated, 1), (opposite, -1)) if _is_proved(check, balances, source, sign)]
    if len(proved) == 1 and (source.invert or account.profile_type in DEBTS):
        return proved[0]
    if not source.invert or as_stated.closing == opposite.closing:
        return _unproved(as_stated, account)
    opening = None if balances.is_circular else as_stated.opening
    return BalanceCheck(opening, as_stated.closing, moved, currency, is_sign_known=False)


def _unproved(check: BalanceCheck, account: EncryptedFinancialProfile) -> BalanceCheck:
    """Return the check; the sign of a balance above 0 is unknown on an account that owes money."""
    is_above_0 = check.closing is not None and check.closing > 0
    return replace(check, is_sign_known=not (is_above_0 and account.profile_type in DEBTS and check.gap in (None, 0)))


def _with_sign(balances: Balances, source: StatementSource, moved: Decimal, currency: str, sign: int) -> BalanceCheck:
    opening = source.opening_balance if balances.opening is None else balances.opening * sign
    closing = source.closing_balance if balances.closing is None else balances.closing * sign
    return BalanceCheck(opening, closing, moved, currency)


def _is_proved(check: BalanceCheck, balances: Balances, source: StatementSource, sign: int) -> bool:
    """Return True if the statement adds up, or if its closing balance is the one that the user sent."""
    if balances.closing is not None and source.closing_balance == balances.closing * sign:
        return True
    return check.gap == 0 and not balances.is_circular


def _currency(balances: Balances, account: EncryptedFinancialProfile) -> str:
    """Return the currency of the balance check: that of the file's balances, or of all its rows, or of the account."""
    named = balances.currency.upper()
    has_balances = balances.opening is not None or balances.closing is not None
    seen = {line[0] for line in fetch_staged(SEEN)}
    is_sure = has_balances or seen <= {named}
    return named if is_sure and named in MINOR_UNITS else account.currency


def why_not_set(balance: StatementBalance, account: EncryptedFinancialProfile, *, is_in_doubt: bool) -> BalanceReason | None:
    """Return why the account does not take over the closing balance; None if it does."""
    check = balance.check
    reasons = {
        BalanceReason.NO_BALANCE: check.closing is None,
        BalanceReason.NO_BOOKED_ROWS: balance.day is None,
        BalanceReason.OTHER_CURRENCY: check.currency != account.currency,
        BalanceReason.SIGN_UNKNOWN: not check.is_sign_known,
        BalanceReason.GAP: check.gap not in (None, 0),
        BalanceReason.SIGNS_IN_DOUBT: is_in_doubt,
        BalanceReason.UNREADABLE_ROWS: balance.unreadable > 0,
        BalanceReason.NEWER_BALANCE: bool(balance.day and account.balance_date and account.balance_date > balance.day),
        BalanceReason.OUT_OF_RANGE: check.closing is not None and checked_balance(check.closing, account.currency) is None,
    }
    return next((reason for reason, holds in reasons.items() if holds), None)


def fetch_staged(sql: str, parameters: dict[str, Any] | None = None) -> Sequence[tuple[Any, ...]]:
    """Return the rows of a query of the staged tables."""
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        return list(cursor.fetchall())
