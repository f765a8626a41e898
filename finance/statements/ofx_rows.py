"""Conversion of OFX transactions (STMTTRN, STMTTRNP) to statement rows; see OFX 2.3, section 11.4.4."""

import datetime
import re
import xml.etree.ElementTree as ET  # for the tree only; ofxtools parses the text, without a DTD  # nosec B405
from decimal import Decimal

from finance.statements.ofx_markup import Block, tree
from finance.statements.row_validation import Draft, checked
from finance.statements.rows import BrokenCellError, RowError, RowOrError
from finance.statements.text import clean_text, normalize_text

# 20090401122017.000[-5:EST]: the date is used as the bank states it, regardless of the time zone.
_DAY = re.compile(r"([0-9]{4})([-/.]?)([0-9]{2})\2([0-9]{2})").match
_AMOUNT = re.compile(r"[+-]?[0-9]{0,40}(?:[.,][0-9]{0,40})?").fullmatch
_GROUPED = re.compile(r"[+-]?[0-9]{1,3}(?:([.,])[0-9]{3}(?:\1[0-9]{3})*)(?!\1)[.,][0-9]{1,2}").fullmatch
# INT has either sign (OFX 2.3, 11.4.4.3), and PAYMENT is also a payment to a card. Returns are POS, too, and deposits ATM.
_KINDS = {
    "XFER": "transfer", "FEE": "fee", "SRVCHG": "fee", "DIV": "income", "DEP": "income", "DIRECTDEP": "income",
    "CREDIT": "income", "DEBIT": "expense", "CHECK": "expense", "CASH": "expense", "DIRECTDEBIT": "expense",
    "REPEATPMT": "expense", "POS": "purchase", "ATM": "purchase",
}  # fmt: skip
# Some banks fill all ids with zeros, which would merge all rows into one transaction.
_NO_ID = re.compile(r"0*").fullmatch
_SHOWN = 40
_MAX_TEXT = 4_000


def read_block(block: Block, number: int, currency: str) -> RowOrError:
    """Return transaction `number` of a statement in `currency` (its CURDEF), or its error."""
    if not block.is_complete:
        return RowError(number, "row", "truncated", "This transaction is incomplete. Export the file again.")
    try:
        return checked(_draft(tree(block.text), number, currency, is_pending=block.is_pending))
    except BrokenCellError as broken:
        return broken.at(number)


def _draft(transaction: ET.Element, number: int, currency: str, *, is_pending: bool) -> Draft:
    fields = _fields(transaction)
    posted = read_day(fields.get("DTPOSTED") or fields.get("DTTRAN", ""))
    try:  # DTUSER is the day of the user's payment; zeros or a later day than DTPOSTED are meaningless
        paid = min(read_day(fields.get("DTUSER", "")), posted)
    except BrokenCellError:
        paid = posted
    # not ORIGCURRENCY, from which TRNAMT was converted (OFX 2.3, 5.2)
    own_currency = transaction.findtext(".//CURRENCY/CURSYM") or transaction.findtext(".//CURRENCY") or ""
    name = clean_text(fields.get("NAME") or fields.get("EXTDNAME", ""), _MAX_TEXT)
    fitid = fields.get("FITID", "").strip()
    return Draft(
        number=number,
        date=paid,
        amount=read_amount(fields.get("TRNAMT", "")),
        currency=own_currency.strip() or currency,
        description=_description(name, fields),
        merchant_name=name,
        provider_id="" if _NO_ID(fitid) else fitid,
        posted_date=None if is_pending else posted,
        is_pending=is_pending,
        kind=_KINDS.get(fields.get("TRNTYPE", "").upper(), ""),
    )


def _fields(transaction: ET.Element) -> dict[str, str]:
    """Return {tag: text}, the first value for repeated tags, so that fields of PAYEE do not override the transaction's."""
    fields: dict[str, str] = {}
    for element in transaction.iter():
        if element.text:
            fields.setdefault(element.tag, element.text)
    return fields


def read_day(text: str) -> datetime.date:
    """Return the day of an OFX date or datetime; raise BrokenCellError if it is missing or invalid."""
    found = _DAY(text.strip())
    try:
        if found:
            return datetime.date(int(found.group(1)), int(found.group(3)), int(found.group(4)))
    except ValueError:
        pass
    shown = clean_text(text, _SHOWN)
    if not shown:
        raise BrokenCellError("date", "missing_date", "The date is missing.")
    raise BrokenCellError("date", "bad_date", f"“{shown}” is not a date.")


def read_amount(text: str) -> Decimal:
    """Return an OFX amount with decimal point or comma (OFX 2.3, 3.2.9.1); raise BrokenCellError if it is invalid."""
    compact = text.strip().replace(" ", "")
    if _GROUPED(compact):
        whole, cents = compact[:-3].replace(",", "").replace(".", ""), compact[-3:]
        return Decimal(whole + cents.replace(",", "."))
    if _AMOUNT(compact) and any(map(str.isdigit, compact)):
        return Decimal(compact.replace(",", "."))
    shown = clean_text(text, _SHOWN)
    if not shown:
        raise BrokenCellError("amount", "missing_amount", "The amount is missing.")
    raise BrokenCellError("amount", "bad_amount", f"“{shown}” is not an amount of money.")


def _description(name: str, fields: dict[str, str]) -> str:
    """Join name and memo, or return one if it contains the other: NAME is often MEMO cut at 32 characters."""
    memo = clean_text(fields.get("MEMO", ""), _MAX_TEXT)
    if not name and not memo:
        check = clean_text(fields.get("CHECKNUM", ""), _SHOWN)
        return f"Check {check}" if check.strip("0") else ""
    short, long = normalize_text(name), normalize_text(memo)
    if short in long:
        return memo
    return name if long in short else f"{name} - {memo}"
