"""Last month's statement of an account in a bank's file format, so that the demo includes imports."""

import calendar
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from itertools import accumulate

from dev.demo.finance.generator import CENT, DemoStatement

OFX = """OFXHEADER:100
DATA:OFXSGML
VERSION:102
SECURITY:NONE
ENCODING:USASCII
CHARSET:1252
COMPRESSION:NONE
OLDFILEUID:NONE
NEWFILEUID:NONE

<OFX><SIGNONMSGSRSV1><SONRS><STATUS><CODE>0<SEVERITY>INFO</STATUS><DTSERVER>{last:%Y%m%d}<LANGUAGE>ENG</SONRS></SIGNONMSGSRSV1>
<BANKMSGSRSV1><STMTTRNRS><TRNUID>1<STATUS><CODE>0<SEVERITY>INFO</STATUS><STMTRS><CURDEF>{currency}
<BANKACCTFROM><BANKID>123456780<ACCTID>{number}<ACCTTYPE>CHECKING</BANKACCTFROM>
<BANKTRANLIST><DTSTART>{first:%Y%m%d}<DTEND>{last:%Y%m%d}
{lines}
</BANKTRANLIST><LEDGERBAL><BALAMT>{closing}<DTASOF>{last:%Y%m%d}</LEDGERBAL></STMTRS></STMTTRNRS></BANKMSGSRSV1></OFX>
"""
OFX_LINE = "<STMTTRN><TRNTYPE>{kind}<DTPOSTED>{day:%Y%m%d}<TRNAMT>{amount}<FITID>{day:%Y%m%d}{number:03}<NAME>{text}</STMTTRN>"


@dataclass(frozen=True)
class StatementLine:
    day: date
    amount: Decimal
    text: str


@dataclass(frozen=True)
class StatementFile:
    name: str
    content: bytes


def statement_of_last_month(file: DemoStatement, seed: str, *, currency: str, number: str, today: date) -> StatementFile:
    """Return the file that the bank of `file.account` would export on `today`."""
    last = today.replace(day=1) - timedelta(days=1)
    lines = _lines(file, seed, last)
    write = FORMS[file.form]
    suffix = "ofx" if file.form == "ofx" else "csv"
    return StatementFile(f"{file.account}-{last:%Y-%m}.{suffix}", write(lines, currency, number, last).encode("utf-8"))


def _lines(file: DemoStatement, seed: str, last: date) -> list[StatementLine]:
    rng = random.Random(f"{seed} {last:%Y-%m}")
    days = [last.replace(day=number) for number in range(1, calendar.monthrange(last.year, last.month)[1] + 1)]
    spent = [day for day in days if rng.random() < file.habit.per_week / 7]
    lines = [StatementLine(days[0], file.paid_in, "TOP-UP")]
    for day in spent:
        amount = -Decimal(rng.uniform(file.habit.low, file.habit.high)).quantize(CENT)
        lines.append(StatementLine(day, amount, rng.choice(file.habit.merchants)))
    return lines


def _balances(lines: list[StatementLine]) -> Iterator[tuple[StatementLine, Decimal]]:
    """Return each line with the balance after it. The opening balance is 0."""
    return zip(lines, accumulate(line.amount for line in lines), strict=True)


def _csv(lines: list[StatementLine], currency: str, number: str, last: date) -> str:
    rows = [f"{line.day:%Y-%m-%d},{line.text},{line.amount},{balance},{currency}" for line, balance in _balances(lines)]
    return "\n".join(["Date,Description,Amount,Balance,Currency", *rows, ""])


def _italian(lines: list[StatementLine], currency: str, number: str, last: date) -> str:
    rows = [
        f"{line.day:%d/%m/%Y};{line.text};{_comma(line.amount)};{_comma(left)};{currency}" for line, left in _balances(lines)
    ]
    return "\r\n".join(["Data;Descrizione;Importo;Saldo;Divisa", *rows, ""])


def _comma(amount: Decimal) -> str:
    return str(amount).replace(".", ",")


def _ofx(lines: list[StatementLine], currency: str, number: str, last: date) -> str:
    rows = [
        OFX_LINE.format(
            kind="CREDIT" if line.amount > 0 else "DEBIT", day=line.day, amount=line.amount, number=place, text=line.text
        )
        for place, line in enumerate(lines, 1)
    ]
    closing = sum((line.amount for line in lines), Decimal(0))
    first = last.replace(day=1)
    return OFX.format(first=first, last=last, currency=currency, number=number, lines="\n".join(rows), closing=closing)


FORMS: dict[str, Callable[[list[StatementLine], str, str, date], str]] = {"csv": _csv, "italian": _italian, "ofx": _ofx}
