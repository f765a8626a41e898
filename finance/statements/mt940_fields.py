"""Fields of MT940 and MT942 files, streamed with the lines that belong to them, and the tokens of lines and balances.

The tokens are those of mt-940's patterns. Its parser is not used: it keeps the whole file, gives a reversed credit the wrong
sign, attributes the text of the statement to its last transaction and turns 30 February into the 28th.
"""

import datetime
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from decimal import Decimal
from typing import NamedTuple

from mt940 import tags

from finance.statements.row_validation import checked_balance
from finance.statements.rows import BrokenCellError
from finance.statements.text import clean_text

_TAG = re.compile(r":(\d{2}[A-Z]?|NS):").match
_STATEMENT_LINE = tags.Statement().re.match
_BALANCE = tags.BalanceBase().re.match
# Lines of a field that are kept; a text has at most six (SWIFT), and banks write more.
_MAX_LINES = 64
# MT942 marks expected entries with E.
_EXPECTED = re.compile(r"(\d{6}(?:\d{4}|\s{4})?)E(?=[CD])").match
_POINT = re.compile(r"(\d{6}(?:\d{4}|\s{4})?R?[CD][A-Z]?\d{1,15})\.(\d{1,2}(?!\d))").match
_SIGNS = {"C": 1, "D": -1, "RC": -1, "RD": 1}
# Two-digit years as in POSIX strptime.
_PIVOT = 69
_SHOWN = 40


class Field(NamedTuple):
    """A field: its tag without colons, the lines of its text, and the number of its first line in the file."""

    tag: str
    lines: list[str]
    number: int


class Line(NamedTuple):
    """The tokens of a statement line (:61:). `day` is that of booking, `kind` the transaction type, such as NTRF."""

    day: datetime.date
    amount: Decimal
    is_reversal: bool
    is_expected: bool
    kind: str
    customer_reference: str
    bank_reference: str
    supplement: str


def read_fields(lines: Iterable[str]) -> Iterator[Field]:
    """Yield the fields in `lines`; the envelope of SWIFT and other lines between messages belong to none."""
    current: Field | None = None
    for number, text in enumerate(lines, 1):
        line = text.rstrip("\r\n\x1a")
        found = _TAG(line)
        if found:
            if current:
                yield current
            current = Field(found.group(1), [line[found.end() :]], number)
        elif line.startswith(("{", "-}")) or line.strip() == "-":
            if current:
                yield current
            current = None
        elif current and len(current.lines) < _MAX_LINES:
            current.lines.append(line)
    if current:
        yield current


def read_line(lines: list[str]) -> Line:
    """Return the tokens of a statement line; raise BrokenCellError if it is invalid."""
    text, expected = _EXPECTED(lines[0]), False
    first = lines[0].strip()
    if text:
        first, expected = text.group(1) + first[text.end() :], True
    with_point = _POINT(first)
    if with_point:
        first = f"{with_point.group(1)},{with_point.group(2)}{first[with_point.end() :]}"
    further = lines[1:2]
    found = _STATEMENT_LINE(first)
    if not found and further:  # some banks break the line before the amount
        found, further = _STATEMENT_LINE(f"{first}\n{further[0]}"), []
    # the pattern would cut a longer amount and take the rest for a reference
    if not found or found.string[found.end("amount") : found.end("amount") + 1] in tuple("0123456789,."):
        raise BrokenCellError("row", "bad_line", f"“{clean_text(lines[0], _SHOWN)}” is not a statement line of MT940.")
    tokens = found.groupdict(default="")
    status = tokens["status"].upper()
    reference, bank_reference, rest = (tokens[name] for name in ("customer_reference", "bank_reference", "extra_details"))
    # Some banks write an IBAN as reference, which is longer than the 16 characters of the pattern.
    if rest and not bank_reference:
        reference, _, bank_reference = f"{reference}{rest}".partition("//")
        rest = ""
    return Line(
        day=_day_of_booking(tokens),
        amount=_SIGNS[status] * _amount(tokens["amount"]),
        is_reversal=status.startswith("R"),
        is_expected=expected,
        kind=tokens["id"].upper(),
        customer_reference=reference.strip(),
        bank_reference=bank_reference.strip(),
        supplement=" ".join([rest, *further]).strip(),
    )


def _day(year: str, month: str, day: str) -> datetime.date:
    century = 1900 if int(year) >= _PIVOT else 2000
    try:
        return datetime.date(century + int(year), int(month), int(day))
    except ValueError:
        raise BrokenCellError("date", "bad_date", f"“{year}{month}{day}” is not a date.") from None


def _day_of_booking(tokens: Mapping[str, str]) -> datetime.date:
    """Return the booking day, which has no year: the one nearest to the value date, or this date if there is no booking day.

    A bank that counts 30 days for every month has a value date of 30 February; the booking day exists nevertheless.
    """
    year, month, day = tokens["year"], tokens["entry_month"].strip(), tokens["entry_day"].strip()
    if not month or (month, day) == ("00", "00"):
        return _day(year, tokens["month"], tokens["day"])
    value_day = _day(year, tokens["month"], min(tokens["day"], "28"))
    candidates = []
    for other in (value_day.year - 1, value_day.year, value_day.year + 1):
        with suppress(ValueError):
            candidates.append(datetime.date(other, int(month), int(day)))
    if not candidates:
        raise BrokenCellError("date", "bad_date", f"“{month}{day}” is not a day of the year.")
    return min(candidates, key=lambda candidate: abs(candidate - value_day))


def _amount(text: str) -> Decimal:
    if text.count(",") > 1 or not text.strip(","):
        raise BrokenCellError("amount", "bad_amount", f"“{text}” is not an amount of money.")
    return Decimal(text.replace(",", "."))


class Balance(NamedTuple):
    """A signed balance; `currency` is "" if the bank omits it."""

    amount: Decimal
    currency: str
    day: datetime.date | None


def read_balance(text: str) -> Balance | None:
    """Return the balance in `text`; None if it is invalid."""
    for currency in ("", "XXX"):  # some banks omit the currency; the pattern needs three characters
        found = _BALANCE(f"{text[:7]}{currency}{text[7:]}".strip())
        if not found or not (currency or found.group("currency").isalpha()):
            continue
        rest = found.string[found.end() :].strip()
        try:
            amount = _amount(found.group("amount"))
            day = _day(found.group("year"), found.group("month"), found.group("day"))
        except BrokenCellError:
            return None
        named = "" if currency else found.group("currency").upper()
        signed = checked_balance(amount if found.group("status").upper() == "C" else -amount, named)
        return None if signed is None or rest else Balance(signed, named, day)
    return None
