"""Which account of an OFX file is meant, and what its statement says of itself."""

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
    """One account of a file with its statements in order; `number` has letters and digits only."""

    number: str
    info: AccountInfo
    sections: tuple[Section, ...]


def accounts_in(found: Sequence[Section], default_currency: str) -> list[OfxAccount]:
    """The accounts that `found` speaks of, in the order of the file. Two statements of one account are one account."""
    by_number: dict[str, list[Section]] = {}
    for section in found:
        number = _NOT_IN_NUMBERS.sub("", section.skeleton.findtext(".//ACCTID") or "")
        by_number.setdefault(number, []).append(section)
    return [_account(number, own, default_currency) for number, own in by_number.items()]


def _account(number: str, own: list[Section], default_currency: str) -> OfxAccount:
    kind = (own[0].skeleton.findtext(".//ACCTTYPE") or _KINDS[own[0].kind]).strip().upper()
    masked = "••••" + (number[-_SHOWN:] if len(number) > _SHOWN else "")  # so that no error or log shows a whole one
    info = AccountInfo(masked, kind, currency_of(own[0], default_currency))
    return OfxAccount(number, info, tuple(own))


def currency_of(section: Section, default_currency: str) -> str:
    """CURDEF, as written; `default_currency` where the bank left it out."""
    return (section.skeleton.findtext(".//CURDEF") or default_currency).strip()


def choose(accounts: Sequence[OfxAccount], hint: str) -> OfxAccount:
    """The account that `hint` means (its number or last four characters), else the only one there is."""
    if len(accounts) == 1:
        return accounts[0]
    listed = ", ".join(f"{account.info.masked} ({account.info.kind or 'account'})" for account in accounts)
    wanted = _NOT_IN_NUMBERS.sub("", hint).upper()
    if not wanted:
        raise StatementError("several_accounts", f"The file has several accounts: {listed}. Say which one to import.")
    matching = [account for account in accounts if _is_meant(account.number.upper(), wanted)]
    if len(matching) == 1:
        return matching[0]
    if matching:
        raise StatementError("several_accounts", f"Several accounts end in that number: {listed}. Give the whole number.")
    raise StatementError("account_not_in_file", f"The account is not in the file, which has {listed}.")


def _is_meant(number: str, wanted: str) -> bool:
    if number == wanted:
        return True
    # A hint that is an IBAN ends in the number; one that is a masked card shares the last four only.
    if not number or len(wanted) < _SHOWN or number[-_SHOWN:] != wanted[-_SHOWN:]:
        return False
    return len(wanted) == _SHOWN or number.endswith(wanted) or wanted.endswith(number)


def closing_balance(account: OfxAccount) -> Decimal | None:
    """The ledger balance of the account's latest statement. None for investments, where securities move cash as well."""
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


def speaks_of_securities(account: OfxAccount) -> bool:
    """Whether the account's statements list trades or positions, which are no movements of cash in a bank's sense."""
    tags = {element.tag for section in account.sections for element in section.skeleton.iter()}
    return any(tag.startswith(_SECURITIES) for tag in tags)
