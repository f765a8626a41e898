"""Parser of CAMT.052, 053 and 054 (ISO 20022, versions 2 to 14): account reports, statements and notifications in XML."""

import io
import re
import xml.etree.ElementTree as ET  # for the type only; defusedxml parses  # nosec B405
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal

from finance.statements.account_choice import AccountKey, Wanted, choose, complete_keys, mask_number, plain_number
from finance.statements.camt_markup import read_parts
from finance.statements.camt_rates import add_rates
from finance.statements.camt_rows import Holder, read_balance, read_day, read_entry
from finance.statements.proof import Block, Proof
from finance.statements.row_validation import checked_balance
from finance.statements.rows import (
    AccountInfo,
    BrokenCellError,
    RowError,
    RowOrError,
    Statement,
    StatementError,
    StatementWarning,
)
from finance.statements.source import DecodedFile
from finance.statements.stated_rates import StatedRates
from finance.statements.text import normalize_text

_SIGN = re.compile(
    r"urn:(?:iso:std:iso:20022:tech:xsd|swift:xsd:[^\"']{0,40}):?\$?camt\.05[234]\."
    r"|<(?:[\w.-]+:)?BkToCstmr(?:Stmt|AcctRpt|DbtCdtNtfctn)[\s>]"
)
_STATEMENT = re.compile(r"<(?:[\w.-]{1,20}:)?(?:Stmt|Rpt|Ntfctn)[\s>]")
_LONGEST_TAG = 32
_CHUNK = 1 << 16
_BALANCES = frozenset({"OPBD", "PRCD", "ITBD", "CLBD"})


@dataclass(frozen=True, slots=True)
class CamtAccount:
    """An account of the file and its holder."""

    key: AccountKey
    info: AccountInfo
    holder: Holder


class CamtParser:
    """Recognizes the namespace or the element of the messages. The version decides nothing."""

    name = "camt"

    def recognizes(self, head: str) -> bool:
        """Return True if `head` has the namespace or the root element of CAMT.052, 053 or 054."""
        return _SIGN.search(head) is not None

    def parse(self, file: DecodedFile) -> Statement:
        """Return the selected account's statements; raise StatementError if there is none or the selection is ambiguous."""
        found = _list_accounts(file)
        if not found:
            raise StatementError("no_statement", "The file contains no account statement. Export CAMT.053 from your bank.")
        complete = complete_keys(account.key for account in found)
        accounts = list({complete[account.key]: replace(account, key=complete[account.key]) for account in found}.values())
        source = file.source
        account = choose(accounts, Wanted(source.account_hint, source.account_type, file.default_currency))
        proof = Proof(account.info.currency or file.default_currency)
        reader = _Rows(account, proof)
        return Statement(
            format=self.name,
            rows=reader.read(file),
            accounts=tuple(each.info for each in accounts),
            mapping={},
            read_balances=proof.balances,
            read_warnings=lambda: (*proof.warnings(), *reader.warnings()),
            rates=reader.rates,
        )


def _list_accounts(file: DecodedFile) -> list[CamtAccount]:
    """Return the account of each statement. A file with one statement is read up to its first entry only."""
    found: list[CamtAccount] = []
    with file.open_text() as text:
        has_one = _count_statements(text) <= 1
    with file.open_text() as text:
        try:
            for part in read_parts(text):
                if part.kind == "account":
                    found.append(_account(part.element))
                elif part.kind in ("balance", "entry") and found:
                    found[-1] = _with_currency(found[-1], part.element)
                if part.kind == "entry" and has_one:
                    break
        except ET.ParseError as broken:
            if not found:
                message = f"The XML is broken in line {broken.position[0]:,}. Export the file again."
                raise StatementError("broken_markup", message) from None
    return found


def _count_statements(text: io.TextIOBase) -> int:
    count, before = 0, ""
    while chunk := text.read(_CHUNK):
        window = before + chunk
        count += sum(tag.end() > len(before) for tag in _STATEMENT.finditer(window))
        before = window[-_LONGEST_TAG:]
    return count


def _account(element: ET.Element) -> CamtAccount:
    number = element.findtext("Id/IBAN") or element.findtext("Id/Othr/Id") or ""
    bank = element.findtext("Svcr/FinInstnId/BICFI") or element.findtext("Svcr/FinInstnId/BIC") or ""
    currency = (element.findtext("Ccy") or "").strip().upper()
    owner = element.findtext("Ownr/Nm") or element.findtext("Ownr/Pty/Nm") or ""
    key = AccountKey(number=plain_number(number), bank=plain_number(bank), currency=currency)
    iban = plain_number(element.findtext("Id/IBAN") or "")
    return CamtAccount(key, AccountInfo(mask_number(number), "", currency), Holder(iban, normalize_text(owner)))


def _with_currency(account: CamtAccount, element: ET.Element) -> CamtAccount:
    """Return `account` with the currency of its first balance or entry if the account states none."""
    amount = element.find("Amt")
    if account.key.currency or amount is None:
        return account
    currency = amount.get("Ccy", "").strip().upper()
    info = AccountInfo(account.info.masked, account.info.kind, currency)
    return CamtAccount(account.key._replace(currency=currency), info, account.holder)


class _Rows:
    """Reads the entries of one account, numbered from 1, and adds them up by statement."""

    def __init__(self, account: CamtAccount, proof: Proof) -> None:
        self._account = account
        self._proof = proof
        self._block: Block | None = None
        self._balances: dict[str, list[Decimal]] = {}
        self.rates = StatedRates()
        self._number = 0
        self._informative = 0

    def read(self, file: DecodedFile) -> Iterator[RowOrError]:
        with file.open_text() as text:
            try:
                for part in read_parts(text):
                    if part.kind in ("begin", "end"):
                        self._block = None
                    elif part.kind == "account":
                        self._balances = {}
                        self._block = self._proof.begin() if self._is_wanted(part.element) else None
                    elif self._block is not None and part.kind == "balance":
                        self._add_balance(part.element, self._block)
                    elif self._block is not None:
                        yield from self._row(part.element, self._block)
            except ET.ParseError as broken:
                line = broken.position[0]
                message = (
                    f"The XML is broken or ends in line {line:,}, so that later entries are missing. Export the file again."
                )
                yield RowError(self._number + 1, "row", "truncated", message)

    def _is_wanted(self, element: ET.Element) -> bool:
        key = _account(element).key
        wanted = self._account.key
        return key.number == wanted.number and key.bank in ("", wanted.bank) and key.currency in ("", wanted.currency)

    def _row(self, entry: ET.Element, block: Block) -> Iterator[RowOrError]:
        self._number += 1
        try:
            row = read_entry(entry, self._number, self._proof.currency, self._account.holder)
        except BrokenCellError as broken:
            yield broken.at(self._number)
            return
        if row is None:
            self._informative += 1
            return
        if not row.is_pending and row.currency == self._proof.currency:
            block.moved += row.amount
        add_rates(self.rates, entry, row.date)
        yield row

    def _add_balance(self, element: ET.Element, block: Block) -> None:
        kind = (element.findtext("Tp/CdOrPrtry/Cd") or "").strip().upper()
        amount = element.find("Amt")
        currency = amount.get("Ccy", "") if amount is not None else ""
        value = read_balance(element)
        value = None if value is None else checked_balance(value, self._proof.currency)
        if kind not in _BALANCES or value is None or (currency and currency != self._proof.currency):
            return
        self._balances.setdefault(kind, []).append(value)
        days = [day for day in (block.day, read_day(element, "Dt")) if day is not None]
        block.day = max(days, default=None)  # of the closing balance, in whatever order the bank states them
        block.opening, block.closing = _opening_and_closing(self._balances)

    def warnings(self) -> tuple[StatementWarning, ...]:
        """Return a warning of entries that are not bookings."""
        if not self._informative:
            return ()
        message = f"{self._informative:,} entries were left out, because the bank marks them as information, not as bookings."
        return (StatementWarning("left_out", message),)


def _opening_and_closing(balances: Mapping[str, list[Decimal]]) -> tuple[Decimal | None, Decimal | None]:
    """Return the booked balances of a statement or a page of one, which begins or ends with an interim balance."""
    interim = balances.get("ITBD", [])
    opening = balances.get("OPBD") or balances.get("PRCD")
    closing = balances.get("CLBD")
    if opening is None and (closing or len(interim) > 1):
        opening = interim[:1]
    if closing is None and (opening is None or opening != interim or len(interim) > 1):
        closing = interim[-1:]
    return opening[0] if opening else None, closing[-1] if closing else None
