"""Conversion of OFX transactions (STMTTRN, STMTTRNP) to statement rows; see OFX 2.3, section 11.4.4."""

import datetime
import re
import xml.etree.ElementTree as ET  # for the tree only; ofxtools parses the text, without a DTD  # nosec B405
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from finance.statements.file_amounts import AmountReader
from finance.statements.ofx_markup import Block, plain_fields, tree
from finance.statements.row_validation import Draft, checked
from finance.statements.rows import BrokenCellError, Correction, RowError, RowOrError
from finance.statements.stated_rates import StatedRates
from finance.statements.text import clean_text, join_texts

# 20090401122017.000[-5:EST]: the date is used as the bank states it, regardless of the time zone.
_DAY = re.compile(r"([0-9]{4})([-/.]?)([0-9]{2})\2([0-9]{2})").match
# INT has either sign (OFX 2.3, 11.4.4.3), and PAYMENT is also a payment to a card. Returns are POS, too, and deposits ATM.
_KINDS = {
    "XFER": "transfer", "FEE": "fee", "SRVCHG": "fee", "DIV": "income", "DEP": "income", "DIRECTDEP": "income",
    "CREDIT": "income", "DEBIT": "expense", "CHECK": "expense", "CASH": "expense", "DIRECTDEBIT": "expense",
    "REPEATPMT": "expense", "POS": "purchase", "ATM": "purchase",
}  # fmt: skip
# Some banks fill all ids with zeros, which would merge all rows into one transaction.
_NO_ID = re.compile(r"0*").fullmatch
_OWN_CURRENCY = "CURRENCY/CURSYM"
_RATE = re.compile(r"[0-9]{1,18}(?:\.[0-9]{0,18})?").fullmatch
_LONGEST_DELAY = datetime.timedelta(days=366)
_SHOWN = 40
_MAX_TEXT = 4_000


@dataclass(frozen=True, slots=True)
class RowReader:
    """Reads the transactions of one statement in `currency` (its CURDEF), which ends on `last_day` if that is known."""

    amounts: AmountReader
    currency: str
    last_day: datetime.date | None
    rates: StatedRates

    def read(self, block: Block, number: int) -> RowOrError:
        """Return transaction `number`, or its error."""
        if not block.is_complete:
            return RowError(number, "row", "truncated", "This transaction is incomplete. Export the file again.")
        try:
            fields = plain_fields(block.text)
            if fields is None:
                fields = _fields(tree(block.text))
            return checked(self._draft(fields, number, is_pending=block.is_pending))
        except BrokenCellError as broken:
            return broken.at(number)

    def _draft(self, fields: Mapping[str, str], number: int, *, is_pending: bool) -> Draft:
        correction = _correction(fields) if "CORRECTFITID" in fields or "CORRECTACTION" in fields else None
        if correction and correction.action == "delete":
            return self._deletion(fields, number, correction)
        posted = read_day(fields.get("DTPOSTED") or fields.get("DTTRAN", ""))
        paid = _day_of_payment(fields, posted)
        money = self.amounts.read(fields.get("TRNAMT", ""))
        if "CURRATE" in fields:
            self._add_rate(fields, posted)
        name = clean_text(fields.get("NAME") or fields.get("EXTDNAME", ""), _MAX_TEXT)
        return Draft(
            number=number,
            date=paid,
            amount=money.amount,
            currency=fields.get(_OWN_CURRENCY) or money.currency or self.currency,
            description=_description(name, fields),
            merchant_name=name,
            provider_id=_id(fields, "FITID"),
            posted_date=None if is_pending else posted,
            is_pending=is_pending,
            kind=_KINDS.get(fields.get("TRNTYPE", "").upper(), ""),
            correction=correction,
        )

    def _add_rate(self, fields: Mapping[str, str], day: datetime.date) -> None:
        """Add the ratio of the statement's currency to that of CURSYM, beside either kind of amount (OFX 2.3, 5.2)."""
        if _RATE(fields["CURRATE"].strip()):
            self.rates.add(fields.get("CURSYM", "").strip().upper(), self.currency, day, Decimal(fields["CURRATE"]))

    def _deletion(self, fields: Mapping[str, str], number: int, correction: Correction) -> Draft:
        """Return the draft of a deletion, for which banks often omit everything but the ids."""
        try:
            day = read_day(fields.get("DTPOSTED", ""))
        except BrokenCellError:
            if self.last_day is None:
                raise
            day = self.last_day
        name = clean_text(fields.get("NAME") or fields.get("EXTDNAME", ""), _MAX_TEXT)
        return Draft(
            number=number,
            date=day,
            amount=Decimal(0),
            currency=self.currency,
            description=_description(name, fields),
            merchant_name=name,
            provider_id=_id(fields, "FITID"),
            posted_date=day,
            correction=correction,
        )


def _day_of_payment(fields: Mapping[str, str], posted: datetime.date) -> datetime.date:
    """Return DTUSER, the day of the user's payment; `posted` if DTUSER is later, more than a year earlier or invalid."""
    if "DTUSER" not in fields:
        return posted
    try:
        paid = read_day(fields["DTUSER"])
    except BrokenCellError:
        return posted
    return paid if datetime.timedelta() <= posted - paid <= _LONGEST_DELAY else posted


def _correction(fields: Mapping[str, str]) -> Correction | None:
    """Return the correction of a transaction; None if the bank fills both tags without correcting anything."""
    corrected, action = _id(fields, "CORRECTFITID"), fields.get("CORRECTACTION", "").strip().upper()
    if not corrected and not action:
        return None
    if not corrected:
        message = "The bank corrects an earlier transaction but does not say which one. Change or delete it by hand."
        raise BrokenCellError("correction", "correction_without_id", message)
    if not action and corrected == _id(fields, "FITID"):
        return None
    if action in ("", "REPLACE"):
        return Correction("replace", corrected)
    if action == "DELETE":
        return Correction("delete", corrected)
    message = f"“{clean_text(action, _SHOWN)}” is neither REPLACE nor DELETE. Correct the earlier transaction by hand."
    raise BrokenCellError("correction", "unknown_correction", message)


def _id(fields: Mapping[str, str], tag: str) -> str:
    text = fields.get(tag, "").strip()
    return "" if _NO_ID(text) else text


def _fields(transaction: ET.Element) -> dict[str, str]:
    """Return {tag: text}, the first value for repeated tags, so that fields of PAYEE do not override the transaction's."""
    fields: dict[str, str] = {}
    for element in transaction.iter():
        if element.text:
            fields.setdefault(element.tag, element.text)
    # not ORIGCURRENCY, from which TRNAMT was converted (OFX 2.3, 5.2)
    fields[_OWN_CURRENCY] = (transaction.findtext(".//CURRENCY/CURSYM") or transaction.findtext(".//CURRENCY") or "").strip()
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


def _description(name: str, fields: Mapping[str, str]) -> str:
    """Return name and memo, or else the number of the check."""
    memo = clean_text(fields.get("MEMO", ""), _MAX_TEXT)
    if not name and not memo:
        check = clean_text(fields.get("CHECKNUM", ""), _SHOWN)
        return f"Check {check}" if check.strip("0") else ""
    return join_texts(name, memo)
