"""Accounts of an OFX file, selection of one of them, and its currency and closing balance."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from finance.statements.ofx_markup import Section
from finance.statements.ofx_rows import read_amount
from finance.statements.row_validation import checked_balance
from finance.statements.rows import AccountInfo, BrokenCellError, StatementError

_NOT_IN_NUMBERS = re.compile(r"[^0-9A-Za-z]")
_SHOWN = 4
_SECURITIES = ("BUY", "SELL", "REINVEST", "SPLIT", "RETOFCAP", "CLOSUREOPT", "INVPOS", "POSSTOCK", "POSMF", "POSDEBT")
_KINDS = {"STMTRS": "", "CCSTMTRS": "CREDITCARD", "INVSTMTRS": "INVESTMENT"}


@dataclass(frozen=True, slots=True)
class OfxAccount:
    """An account and its statements in file order; `number` consists of letters and digits only."""

    number: str
    info: AccountInfo
    sections: tuple[Section, ...]


def accounts_in(found: Sequence[Section], default_currency: str) -> list[OfxAccount]:
    """Return the accounts of `found` in file order, each with all of its statements."""
    by_number: dict[str, list[Section]] = {}
    for section in found:
        number = _NOT_IN_NUMBERS.sub("", section.skeleton.findtext(".//ACCTID") or "")
        by_number.setdefault(number, []).append(section)
    return [_account(number, own, default_currency) for number, own in by_number.items()]


def _account(number: str, own: list[Section], default_currency: str) -> OfxAccount:
    kind = (own[0].skeleton.findtext(".//ACCTTYPE") or _KINDS[own[0].kind]).strip().upper()
    masked = "••••" + (number[-_SHOWN:] if len(number) > _SHOWN else "")  # errors and logs must not show a whole number
    info = AccountInfo(masked, kind, currency_of(own[0], default_currency))
    return OfxAccount(number, info, tuple(own))


def currency_of(section: Section, default_currency: str) -> str:
    """Return CURDEF as written in the file; `default_currency` if it is missing."""
    return (section.skeleton.findtext(".//CURDEF") or default_currency).strip()


def choose(accounts: Sequence[OfxAccount], hint: str) -> OfxAccount:
    """Return the only account or the one that `hint` (number or last four characters) selects; else raise StatementError."""
    if len(accounts) == 1:
        return accounts[0]
    listed = ", ".join(f"{account.info.masked} ({account.info.kind or 'account'})" for account in accounts)
    wanted = _NOT_IN_NUMBERS.sub("", hint).upper()
    if not wanted:
        message = f"The file has several accounts: {listed}. Send the number of one of them as account_hint."
        raise StatementError("several_accounts", message)
    matching = [account for account in accounts if _matches(account.number.upper(), wanted)]
    if len(matching) == 1:
        return matching[0]
    if matching:
        raise StatementError("several_accounts", f"Several accounts end in this number: {listed}. Send the whole number.")
    raise StatementError("account_not_in_file", f"The account is not in the file. Choose one of: {listed}.")


def _matches(number: str, wanted: str) -> bool:
    if number == wanted:
        return True
    # An IBAN as hint ends in the account number; a masked card number has only the last four digits in common.
    if not number or len(wanted) < _SHOWN or number[-_SHOWN:] != wanted[-_SHOWN:]:
        return False
    return len(wanted) == _SHOWN or number.endswith(wanted) or wanted.endswith(number)


def closing_balance(account: OfxAccount) -> Decimal | None:
    """Return the ledger balance of the latest statement; None for investments, where trades change the cash balance too."""
    ledgers = [ledger for section in account.sections if (ledger := section.skeleton.find(".//LEDGERBAL")) is not None]
    if not ledgers or account.sections[0].kind == "INVSTMTRS":
        return None
    latest = max(ledgers, key=lambda ledger: (ledger.findtext(".//DTASOF") or "")[:8])
    return _balance(latest.findtext(".//BALAMT") or "")


def _balance(text: str) -> Decimal | None:
    try:
        return checked_balance(read_amount(text))
    except BrokenCellError:
        return None


def lists_securities(account: OfxAccount) -> bool:
    """Return True if the account's statements contain trades or positions, which can't be imported as transactions."""
    tags = {element.tag for section in account.sections for element in section.skeleton.iter()}
    return any(tag.startswith(_SECURITIES) for tag in tags)
