"""Small statement files in CSV and OFX, and a parser of files that state each field of their rows."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from finance.statements.rows import Balances, Correction, Statement, StatementRow
from finance.statements.source import DecodedFile

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


ROWS = "ROWS OF "


def rows_of(kind: str, *lines: Line, replace: dict[str, str] | None = None, delete: dict[str, str] | None = None) -> bytes:
    """Return a file for `RowsParser` with ids of `kind`; `replace` and `delete` are {id of the correction: corrected id}."""
    replaced, deleted = replace or {}, delete or {}
    actions = [
        f"replace|{replaced[line.id]}" if line.id in replaced else f"delete|{deleted.get(line.id, '')}" for line in lines
    ]
    rows = [f"{line.day}|{line.amount}|{line.text}|{line.id}|{action}" for line, action in zip(lines, actions, strict=True)]
    return "\n".join([f"{ROWS}{kind}", *rows]).encode()


class RowsParser:
    """Parser of `rows_of`, for kinds of ids and corrections of which this package writes no files."""

    name = "ofx"

    def recognizes(self, head: str) -> bool:
        return head.startswith(ROWS)

    def parse(self, file: DecodedFile) -> Statement:
        with file.open_text() as text:
            title, *lines = text.read().splitlines()
        return Statement(
            format="ofx",
            rows=iter([_row(number, line.split("|")) for number, line in enumerate(lines, 1)]),
            accounts=(),
            mapping={},
            read_balances=lambda: Balances(None, None, "USD"),
            id_scheme=title.removeprefix(ROWS),
        )


def _row(number: int, cells: list[str]) -> StatementRow:
    day, amount, text, provider_id, action, corrected_id = cells
    return StatementRow(
        number=number,
        date=date.fromisoformat(day),
        amount=Decimal(amount),
        currency="USD",
        description=text,
        merchant_name="",
        provider_id=provider_id,
        posted_date=None,
        is_pending=False,
        transaction_type="expense" if amount.startswith("-") else "income",
        category="",
        correction=Correction(action, corrected_id) if corrected_id else None,
    )
