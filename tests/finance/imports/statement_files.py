"""Small statement files in CSV and OFX."""

from dataclasses import dataclass
from datetime import date

HEADER = "Date,Amount,Description"


@dataclass(frozen=True, order=True)
class Line:
    """One transaction; `id` is the bank's, "" for none."""

    day: date = date(2026, 3, 2)
    amount: str = "-5.00"
    text: str = "Coffee House"
    id: str = ""


def csv_file(*rows: str, header: str = HEADER) -> bytes:
    """Return a CSV file with `rows` below `header`."""
    return "\n".join([header, *rows, ""]).encode()


def csv_of(*lines: Line) -> bytes:
    """Return a CSV file, with a column for ids if a line has one."""
    has_ids = any(line.id for line in lines)
    rows = [f"{line.day.isoformat()},{line.amount},{line.text}" + has_ids * f",{line.id}" for line in lines]
    return csv_file(*rows, header=HEADER + has_ids * ",Transaction ID")


def ofx_of(
    *lines: Line, pending: tuple[Line, ...] = (), balance: str = "", currency: str = "USD", account: str = "6789"
) -> bytes:
    """Return an OFX file of one account."""
    ledger = f"<LEDGERBAL><BALAMT>{balance}<DTASOF>20260331</LEDGERBAL>" if balance else ""
    waiting = f"<BANKTRANLISTP>{''.join(map(_pending, pending))}</BANKTRANLISTP>" if pending else ""
    return (
        "OFXHEADER:100\nDATA:OFXSGML\nVERSION:102\nENCODING:USASCII\nCHARSET:1252\n\n"
        f"<OFX><BANKMSGSRSV1><STMTTRNRS><STMTRS><CURDEF>{currency}"
        f"<BANKACCTFROM><BANKID>1<ACCTID>{account}<ACCTTYPE>CHECKING</BANKACCTFROM>"
        f"<BANKTRANLIST>{''.join(map(_posted, lines))}</BANKTRANLIST>{ledger}{waiting}"
        "</STMTRS></STMTTRNRS></BANKMSGSRSV1></OFX>"
    ).encode()


def _posted(line: Line) -> str:
    day = f"{line.day:%Y%m%d}"
    return f"<STMTTRN><TRNTYPE>POS<DTPOSTED>{day}<TRNAMT>{line.amount}<FITID>{line.id}<NAME>{line.text}</STMTTRN>"


def _pending(line: Line) -> str:
    day = f"{line.day:%Y%m%d}"
    return f"<STMTTRNP><TRNTYPE>POS<DTTRAN>{day}<TRNAMT>{line.amount}<FITID>{line.id}<NAME>{line.text}</STMTTRNP>"
