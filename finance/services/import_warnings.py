"""Warnings about a staged statement: problems that do not stop its import."""

from collections.abc import Iterator
from decimal import Decimal

from core.currencies import rounded
from finance.models import EncryptedFinancialProfile, FinancialTransaction
from finance.models.accounts import DEBTS, AccountType
from finance.services.import_balance import SEEN, StatementBalance, fetch_staged
from finance.services.import_sources import with_other_sign
from finance.services.import_staging import hash_joins
from finance.statements.rows import Balances, Statement, StatementWarning
from finance.statements.signs import SignEvidence, evidence
from finance.statements.source import StatementSource

MAX_ERRORS = 1_000
SHOWN_DIGITS = 4
SIGNS_LOOK_INVERTED = "signs_look_inverted"
# A file with so few rows may be one payment to a card; the transactions that are there already tell the usual sign.
FEW_ROWS = 3
KNOWN_ROWS = 200

EXAMPLE = """
SELECT coalesce(nullif(merchant_name, ''), description), amount, transaction_type
  FROM import_staged WHERE problem IS NULL AND sign(amount) = %(sign)s ORDER BY number LIMIT 1
"""
OPPOSITE = """
WITH known AS MATERIALIZED (
    SELECT DISTINCT transaction_date AS day, amount, currency, description
      FROM finance_financialtransaction WHERE user_id = %(user)s AND financial_profile_id = %(account)s
)
SELECT count(known.day), count(*)
  FROM import_staged staged
  LEFT JOIN known ON known.day = staged.day AND known.amount = -staged.amount
        AND known.currency = staged.currency AND known.description = staged.description
 WHERE problem IS NULL AND staged.day IN (SELECT day FROM known)
"""
UNKNOWN_DELETIONS = "SELECT count(*) FROM import_verdict WHERE way = 'unknown removal'"
PENDING = "SELECT count(*) FROM import_staged WHERE problem IS NULL AND is_pending"


def list_warnings(
    statement: Statement,
    source: StatementSource,
    account: EncryptedFinancialProfile,
    balance: StatementBalance,
    *,
    failed: int,
) -> list[StatementWarning]:
    """Return the parser's warnings and those about currencies, account, balances, signs and truncated errors."""
    found = [
        *statement.warnings,
        _of_currency(account, balance),
        _of_number(statement, account),
        *_of_given_balances(source, statement.balances),
        _of_gap(source, account, balance),
        _of_balance_sign(balance),
        _of_signs(statement, source, account, balance),
        _of_known_rows(source, account),
        _of_deletions(),
        _of_errors(failed),
    ]
    return [warning for warning in found if warning is not None]


def _of_given_balances(source: StatementSource, balances: Balances) -> Iterator[StatementWarning]:
    for name, given, stated in (
        ("opening", source.opening_balance, balances.opening),
        ("closing", source.closing_balance, balances.closing),
    ):
        # the sign of an inverted file's balance is found by the one that was sent
        if given is None or stated is None or given == stated or (source.invert and given == -stated):
            continue
        message = f"You sent {given} as the {name} balance, but the file states {stated}. The value of the file was used."
        yield StatementWarning("balance_differs", message)


def _of_currency(account: EncryptedFinancialProfile, balance: StatementBalance) -> StatementWarning | None:
    seen = {balance.check.currency, *(line[0] for line in fetch_staged(SEEN))}
    foreign = sorted(seen - {account.currency})
    if not foreign:
        return None
    left_out = sorted(seen - {balance.check.currency})
    message = f"The account is in {account.currency}. Amounts in {', '.join(foreign)} are not converted."
    if left_out:
        message += f" Amounts in {', '.join(left_out)} are not included in the computed balance in {balance.check.currency}."
    return StatementWarning("foreign_currency", message)


def _of_number(statement: Statement, account: EncryptedFinancialProfile) -> StatementWarning | None:
    """Return a warning if the file names another account: the import is allowed, but probably a mistake."""
    named = statement.accounts[0].masked if len(statement.accounts) == 1 else ""
    own = account.account_number_masked
    digits = named[-SHOWN_DIGITS:]
    if not own or not digits.isalnum() or own.endswith(digits):
        return None
    message = f"The file is for account {named}, but was imported into {own}. Undo the import if this is a mistake."
    return StatementWarning("other_account", message)


def _of_gap(source: StatementSource, account: EncryptedFinancialProfile, balance: StatementBalance) -> StatementWarning | None:
    """Return a warning with the numbers of a gap and its likely reasons."""
    check = balance.check
    if not check.gap or not check.is_sign_known:
        return None
    unreadable = balance.unreadable
    [(pending,)] = fetch_staged(PENDING)
    reasons = {
        f"{unreadable:,} row{'s' * (unreadable > 1)} can't be read": unreadable > 0,
        "the amounts or the balances have the opposite sign": check.gap == -2 * check.moved,
        "the balance that was sent is not that of the file's period": (source.opening_balance, source.closing_balance)
        != (None, None),
        "the balances include pending rows": pending > 0,
        "the balances are what is owed": account.profile_type in DEBTS,
        "the file was filtered or cut, so that rows are missing": True,
    }
    likely = "; ".join(reason for reason, holds in reasons.items() if holds)
    sums = (check.opening, check.moved, check.computed, check.closing, check.gap)
    opening, moved, computed, closing, gap = (rounded(each or Decimal(0), check.currency) for each in sums)
    message = (
        f"Opening balance {opening} and rows of {moved} make {computed}, but the closing balance is {closing}: a gap of {gap} "
        f"{check.currency}. Likely reasons: {likely}. "
        "The account's balance was not set."
    )
    return StatementWarning("balance_gap", message)


def _of_balance_sign(balance: StatementBalance) -> StatementWarning | None:
    if balance.check.is_sign_known:
        return None
    closing = rounded(balance.check.closing or Decimal(0), balance.check.currency)
    message = (
        f"Nothing shows whether the closing balance, {closing}, is owed or in credit, so the account's "
        "balance was not set. Send the account's balance at the end of the file as closing_balance, below 0 if money is owed, "
        "or the one at its beginning as opening_balance."
    )
    return StatementWarning("balance_sign_unknown", message)


def _of_signs(
    statement: Statement, source: StatementSource, account: EncryptedFinancialProfile, balance: StatementBalance
) -> StatementWarning | None:
    """Return a warning if the rows as imported, perhaps inverted, contradict their kinds, the account or the balances."""
    invert = bool(source.invert)
    found = evidence(statement.signs, invert=invert)
    reasons = {
        "the bank calls most rows debits that are positive here, or credits that are negative": found.is_opposed_by_kinds,
        "most rows are positive, although this is a credit account": _is_card_with_income(found, account),
        "the balance moves against the amounts": _is_opposed_by_balance(statement.balances, balance, account, invert=invert),
    }
    why = " and ".join(reason for reason, holds in reasons.items() if holds)
    if not why:
        return None
    message = f"The signs look inverted: {why}. {_example(found)}{_remedy(invert=invert)}"
    return StatementWarning(SIGNS_LOOK_INVERTED, message)


def _of_known_rows(source: StatementSource, account: EncryptedFinancialProfile) -> StatementWarning | None:
    """Return a warning if most rows of the days that an import with the other sign has covered are known from it."""
    others = with_other_sign(account, source)
    if not others.exists():
        return None
    with hash_joins():
        [(opposite, comparable)] = fetch_staged(OPPOSITE, {"user": account.user_id, "account": account.pk})
    if not opposite or opposite * 2 < comparable:
        return None
    message = (
        f"{opposite:,} rows are in the account with the opposite sign, from an import {'without' if source.invert else 'with'} "
        "invert. Undo that import first, or they will be there twice."
    )
    return StatementWarning("known_with_other_sign", message)


def _is_card_with_income(found: SignEvidence, account: EncryptedFinancialProfile) -> bool:
    if account.profile_type != AccountType.CREDIT or not found.is_mostly_incoming:
        return False
    if found.rows > FEW_ROWS:
        return True
    known = FinancialTransaction.objects.on_account(account).order_by("-transaction_date", "-id")
    amounts = list(known.values_list("amount", flat=True)[:KNOWN_ROWS])
    return sum(amount < 0 for amount in amounts) * 2 <= len(amounts)


def _is_opposed_by_balance(
    stated: Balances, balance: StatementBalance, account: EncryptedFinancialProfile, *, invert: bool
) -> bool:
    """Return True if the balance falls with positive rows; what is owed on a card or loan does so rightly."""
    if account.profile_type in DEBTS:
        return False
    if stated.steps != stated.opposite_steps:
        return (stated.opposite_steps > stated.steps) is not invert
    check = balance.check
    is_opposite = check.gap is not None and check.gap != 0 and check.gap == -2 * check.moved
    return is_opposite and not stated.is_circular and not invert


def _example(found: SignEvidence) -> str:
    sign = 1 if found.is_mostly_incoming else -1
    rows = fetch_staged(EXAMPLE, {"sign": sign}) or fetch_staged(EXAMPLE, {"sign": -sign})
    return "".join(f"“{text[:60]}”, {amount}, is read as {kind}. " for text, amount, kind in rows)


def _remedy(*, invert: bool) -> str:
    if invert:
        return "If that is wrong, send invert=false: the amounts were inverted as you sent or as in the account's last import."
    return "If that is wrong, send invert=true. If this is no preview, undo the import first."


def _of_deletions() -> StatementWarning | None:
    [(deletions,)] = fetch_staged(UNKNOWN_DELETIONS)
    if not deletions:
        return None
    message = f"The bank deletes {deletions:,} transactions that are not in this account. They stay away if they come later."
    return StatementWarning("unknown_deletions", message)


def _of_errors(failed: int) -> StatementWarning | None:
    if failed <= MAX_ERRORS:
        return None
    message = f"{failed:,} rows can't be read. The first {MAX_ERRORS:,} are listed here, all of them in rows/."
    return StatementWarning("errors_cut", message)
