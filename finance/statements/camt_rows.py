"""Conversion of CAMT entries (Ntry) and balances (Bal), versions 2 to 14, to statement rows and amounts."""

import datetime
import re
import xml.etree.ElementTree as ET  # for the type only; defusedxml parses  # nosec B405
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from finance.statements.row_validation import Draft, checked
from finance.statements.rows import BrokenCellError, StatementRow
from finance.statements.text import clean_text, normalize_text

_DAY = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})").match
# without a sign: the direction is in CdtDbtInd
_AMOUNT = re.compile(r"\+?[0-9]{1,18}(?:\.[0-9]{0,18})?").fullmatch
_SIGNS = {"CRDT": 1, "DBIT": -1}
_TRUE = frozenset({"true", "1"})
_PENDING = frozenset({"PDNG", "FUTR"})
# Not booked and not going to be, so that they would be counted twice or never (ISO 20022, EntryStatus1Code).
_INFORMATIVE = frozenset({"INFO"})
_FEES = frozenset({"CHRG", "COMM", "FEES", "COME", "COMI"})
_NO_REFERENCE = frozenset({"", "NOTPROVIDED", "NONREF", "NOREF", "NONE", "UNKNOWN", "NOT PROVIDED"})
# NtryRef is often only the number of the entry in its statement.
_MIN_ENTRY_REFERENCE = 8
_MAX_DETAILS_IN_TEXT = 5
_MAX_TEXT = 4_000
_SHOWN = 40


@dataclass(frozen=True, slots=True)
class Holder:
    """The account holder, who is a party of every entry and never its payee."""

    iban: str
    name: str


def read_entry(entry: ET.Element, number: int, currency: str, holder: Holder) -> StatementRow | None:
    """Return entry `number` of a statement in `currency`; None for one that is only for information.

    Raise BrokenCellError if it is invalid. An entry is one row, also if it is a batch of several payments: their amounts add
    up to the entry's, often in other currencies.
    """
    status = (entry.findtext("Sts/Cd") or entry.findtext("Sts/Prtry") or entry.findtext("Sts") or "").strip().upper()
    if status in _INFORMATIVE:
        return None
    is_pending = status in _PENDING
    sign = _sign(entry)
    is_reversal = (entry.findtext("RvslInd") or "").strip().lower() in _TRUE
    details = entry.findall("NtryDtls/TxDtls")
    payee = _payee(details, is_credit=(sign > 0) != is_reversal, holder=holder)
    day = _day(entry, "BookgDt") or _day(entry, "ValDt")
    if day is None:
        raise BrokenCellError("date", "missing_date", "The entry has neither a booking date nor a value date.")
    amount = entry.find("Amt")
    return checked(
        Draft(
            number=number,
            date=day,
            amount=sign * read_amount(amount),
            currency=(amount.get("Ccy", "") if amount is not None else "") or currency,
            description=_description(entry, details) or payee,
            merchant_name=payee,
            provider_id=_provider_id(entry, details),
            posted_date=None if is_pending else day,
            is_pending=is_pending,
            kind=_kind(entry, is_refund=is_reversal and sign > 0),
        )
    )


def read_amount(amount: ET.Element | None) -> Decimal:
    """Return an amount without its direction; raise BrokenCellError if it is missing or invalid."""
    text = (amount.text or "").strip() if amount is not None else ""
    if not text:
        raise BrokenCellError("amount", "missing_amount", "The amount is missing.")
    if not _AMOUNT(text):
        raise BrokenCellError("amount", "bad_amount", f"“{clean_text(text, _SHOWN)}” is not an amount of money.")
    return Decimal(text)


def read_balance(balance: ET.Element) -> Decimal | None:
    """Return a signed balance; None if it is invalid."""
    try:
        return _sign(balance) * read_amount(balance.find("Amt"))
    except BrokenCellError:
        return None


def read_day(element: ET.Element, path: str) -> datetime.date | None:
    """Return the day at `path`, a date or a time whose zone is ignored; None if it is missing or invalid."""
    try:
        return _day(element, path)
    except BrokenCellError:
        return None


def _day(element: ET.Element, path: str) -> datetime.date | None:
    text = (element.findtext(f"{path}/Dt") or element.findtext(f"{path}/DtTm") or "").strip()
    found = _DAY(text)
    try:
        if found:
            return datetime.date.fromisoformat(found.group(1))
    except ValueError:
        pass
    if not text:
        return None
    raise BrokenCellError("date", "bad_date", f"“{clean_text(text, _SHOWN)}” is not a date.")


def _sign(element: ET.Element) -> int:
    """Return the direction in which the account's balance changes; that of a reversal is already turned around."""
    text = (element.findtext("CdtDbtInd") or "").strip().upper()
    if text in _SIGNS:
        return _SIGNS[text]
    shown = clean_text(text, _SHOWN)
    raise BrokenCellError("amount", "unknown_sign", f"“{shown}” is neither CRDT nor DBIT, so the direction is not known.")


def _kind(entry: ET.Element, *, is_refund: bool) -> str:
    if is_refund:
        return "refund"
    return "fee" if entry.findtext("BkTxCd/Domn/Fmly/SubFmlyCd") in _FEES else ""


def _payee(details: list[ET.Element], *, is_credit: bool, holder: Holder) -> str:
    """Return the other party of the payment; "" if the entry names none or several."""
    names = {name for each in details if (name := _other_party(each, is_credit=is_credit, holder=holder))}
    return names.pop() if len(names) == 1 else ""


def _other_party(details: ET.Element, *, is_credit: bool, holder: Holder) -> str:
    """Return the debtor of a credit and the creditor of a debit; banks that exchange them are known by the holder."""
    for role in ("Dbtr", "Cdtr") if is_credit else ("Cdtr", "Dbtr"):
        iban = details.findtext(f"RltdPties/{role}Acct/Id/IBAN") or ""
        if holder.iban and iban.replace(" ", "") == holder.iban:
            continue
        for path in (role, f"Ultmt{role}"):
            name = clean_text(_name(details, path), _MAX_TEXT)
            if name and normalize_text(name) != holder.name:
                return name
        if is_credit == (role == "Dbtr") and iban:
            return ""  # the other party has no name, and the next one is the holder
    return ""


def _name(details: ET.Element, role: str) -> str:
    party = details.find(f"RltdPties/{role}")
    if party is None:
        return ""
    return party.findtext("Nm") or party.findtext("Pty/Nm") or party.findtext("Agt/FinInstnId/Nm") or ""


def _description(entry: ET.Element, details: list[ET.Element]) -> str:
    """Return the remittance information, or else the bank's own text."""
    texts = list(dict.fromkeys(text for each in details[:_MAX_DETAILS_IN_TEXT] if (text := _remittance(each))))
    if not texts:
        texts = [entry.findtext("AddtlNtryInf") or ""]
    return clean_text("; ".join(texts), _MAX_TEXT)


def _remittance(details: ET.Element) -> str:
    parts = [clean_text(part, _MAX_TEXT) for part in _remittance_parts(details)]
    return " ".join(dict.fromkeys(filter(None, parts))) or clean_text(details.findtext("AddtlTxInf") or "", _MAX_TEXT)


def _remittance_parts(details: ET.Element) -> Iterator[str]:
    for element in details.findall("RmtInf/Ustrd"):
        yield element.text or ""
    for structured in details.findall("RmtInf/Strd"):
        yield structured.findtext("CdtrRefInf/Ref") or ""
        for element in structured.findall("AddtlRmtInf"):
            yield element.text or ""


def _provider_id(entry: ET.Element, details: list[ET.Element]) -> str:
    references = [entry.findtext("AcctSvcrRef")]
    if len(details) == 1:
        references.append(details[0].findtext("Refs/AcctSvcrRef"))
    entry_reference = (entry.findtext("NtryRef") or "").strip()
    if len(entry_reference) >= _MIN_ENTRY_REFERENCE:
        references.append(entry_reference)
    found = (clean_text(reference or "", _MAX_TEXT) for reference in references)
    return next((text for text in found if text.upper() not in _NO_REFERENCE and text.strip("0")), "")
