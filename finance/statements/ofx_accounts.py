"""Accounts of an OFX file, and the currency and the balances of their statements."""

import datetime
import xml.etree.ElementTree as ET  # for the type only; ofxtools parses the text  # nosec B405
from collections.abc import Sequence
from dataclasses import dataclass

from finance.statements.account_choice import AccountKey, complete_keys, mask_number, plain_number
from finance.statements.file_amounts import AmountReader
from finance.statements.ofx_markup import Section
from finance.statements.ofx_rows import read_day
from finance.statements.row_validation import checked_balance
from finance.statements.rows import AccountInfo, Balances, BrokenCellError, StatementError

_KINDS = {"STMTRS": "", "CCSTMTRS": "CREDITCARD", "INVSTMTRS": "INVESTMENT"}


@dataclass(frozen=True, slots=True)
class OfxAccount:
    """An account and its statements in file order."""

    key: AccountKey
    info: AccountInfo
    sections: tuple[Section, ...]


def accounts_in(found: Sequence[Section], default_currency: str) -> list[OfxAccount]:
    """Return the accounts of `found` in file order, each with all of its statements."""
    complete = complete_keys(map(_key, found))
    by_key: dict[AccountKey, list[Section]] = {}
    for section in found:
        by_key.setdefault(complete[_key(section)], []).append(section)
    return [_account(key, own, default_currency) for key, own in by_key.items()]


def _key(section: Section) -> AccountKey:
    return AccountKey(
        number=plain_number(_text(section.skeleton, "ACCTID")),
        kind=(_text(section.skeleton, "ACCTTYPE") or _KINDS[section.kind]).upper(),
        bank=plain_number(_text(section.skeleton, "BANKID") or _text(section.skeleton, "BROKERID"))
        + plain_number(_text(section.skeleton, "BRANCHID")),
        currency=_text(section.skeleton, "CURDEF").upper(),
    )


def _text(element: ET.Element, tag: str) -> str:
    return (element.findtext(f".//{tag}") or "").strip()


def _account(key: AccountKey, own: list[Section], default_currency: str) -> OfxAccount:
    masked = mask_number(_text(own[0].skeleton, "ACCTID"))
    return OfxAccount(key, AccountInfo(masked, key.kind, currency_of(own[0], default_currency)), tuple(own))


def currency_of(section: Section, default_currency: str) -> str:
    """Return CURDEF as written in the file; `default_currency` if it is missing."""
    return (section.skeleton.findtext(".//CURDEF") or default_currency).strip()


def stated_day(element: ET.Element, *tags: str) -> datetime.date | None:
    """Return the day of the first of `tags` that is stated; None if none is, or if it is invalid."""
    try:
        return read_day(next(filter(None, (_text(element, tag) for tag in tags)), ""))
    except BrokenCellError:
        return None


def read_closing_balance(account: OfxAccount, amounts: AmountReader) -> Balances:
    """Return the ledger balance of the latest statement; none for investments, where trades change the cash balance too."""
    currency = account.info.currency
    ledgers = [ledger for section in account.sections if (ledger := section.skeleton.find(".//LEDGERBAL")) is not None]
    if not ledgers or account.sections[0].kind == "INVSTMTRS":
        return Balances(None, None, currency)
    latest = max(ledgers, key=lambda ledger: _text(ledger, "DTASOF")[:8])
    try:
        closing = checked_balance(amounts.read(latest.findtext(".//BALAMT") or "").amount, currency)
    except (BrokenCellError, StatementError):
        return Balances(None, None, currency)
    return Balances(None, closing, currency, closing_date=stated_day(latest, "DTASOF"))
