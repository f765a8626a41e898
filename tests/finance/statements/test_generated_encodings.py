"""Generated statements in every encoding that banks use: the right texts, or a warning that names the option."""

import csv
import io
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from html import escape

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from finance.statements.rows import StatementError
from finance.statements.text import join_texts
from tests.finance.statements.camt_files import Entry, document, entry, statement
from tests.finance.statements.languages import IN_USE, TEXTS
from tests.finance.statements.mt940_files import line, message
from tests.finance.statements.parse_helpers import Reading, ofx, read, read_or_refuse, transaction

ENCODINGS = [
    *IN_USE,
    *((language, encoding) for language in TEXTS for encoding in ("utf-8", "utf-8-sig", "utf-16", "utf-16-be")),
]


@dataclass(frozen=True)
class Booking:
    """A row of a generated statement."""

    day: date
    amount: Decimal
    payee: str
    text: str


def bookings(language: str) -> st.SearchStrategy[list[Booking]]:
    """Return rows with names of the language, and with texts of its letters that mean nothing."""
    letters = "".join(sorted({letter for text in TEXTS[language] for letter in text} | set("0123456789 ")))
    texts = st.text(letters, min_size=1, max_size=20).map(lambda text: " ".join(text.split())).filter(bool)
    days = st.dates(date(2000, 1, 1), date(2068, 12, 31))
    amounts = st.integers(-10_000_000, 10_000_000).filter(bool).map(lambda cents: Decimal(cents) / 100)
    names = st.sampled_from(TEXTS[language])
    return st.lists(st.builds(Booking, days, amounts, names, texts.map(lambda text: f"x {text}")), min_size=1, max_size=6)


def with_mark(row: Booking, rows: list[Booking]) -> str:
    """Return the amount with a point, or with a comma in half of the files."""
    return f"{row.amount:.2f}".replace(".", ".,"[rows[0].day.toordinal() % 2])


def ofx_1(rows: list[Booking]) -> str:
    return ofx(
        *(
            transaction(with_mark(row, rows), f"{row.day:%Y%m%d}", f"ID{number:04}", f"<NAME>{row.payee}<MEMO>{row.text}")
            for number, row in enumerate(rows)
        )
    )


def ofx_2(rows: list[Booking]) -> str:
    transactions = "".join(
        f"<STMTTRN><TRNTYPE>OTHER</TRNTYPE><DTPOSTED>{row.day:%Y%m%d}</DTPOSTED><TRNAMT>{with_mark(row, rows)}</TRNAMT>"
        f"<FITID>ID{number:04}</FITID><NAME>{escape(row.payee)}</NAME><MEMO>{escape(row.text)}</MEMO></STMTTRN>"
        for number, row in enumerate(rows)
    )
    return (
        '<?xml version="1.0"?>\n<?OFX OFXHEADER="200" VERSION="211"?>\n<OFX><BANKMSGSRSV1><STMTTRNRS><STMTRS>'
        "<CURDEF>USD</CURDEF><BANKACCTFROM><BANKID>1</BANKID><ACCTID>000012345678</ACCTID><ACCTTYPE>CHECKING</ACCTTYPE>"
        f"</BANKACCTFROM><BANKTRANLIST>{transactions}</BANKTRANLIST></STMTRS></STMTTRNRS></BANKMSGSRSV1></OFX>"
    )


def camt(rows: list[Booking]) -> str:
    entries = (
        entry(Entry(f"{row.amount:.2f}", row.day.isoformat(), escape(row.text), escape(row.payee), id=f"REF-{number:04}"))
        for number, row in enumerate(rows)
    )
    return document(statement(*entries))


def qif(rows: list[Booking]) -> str:
    return "!Type:Bank\n" + "".join(f"D{row.day:%Y-%m-%d}\nT{row.amount:.2f}\nP{row.payee}\nM{row.text}\n^\n" for row in rows)


def mt940(rows: list[Booking]) -> str:
    parts = []
    for number, row in enumerate(rows):
        amount = f"{'D' if row.amount < 0 else 'C'}{abs(row.amount):.2f}".replace(".", ",")
        details = f"166?00X?20SVWZ+{row.text}?32{row.payee}"
        parts.append(f"{line(amount, f'{row.day:%y%m%d}', f'{row.day:%m%d}', f'NTRFNONREF//REF{number:08}')}\n:86:{details}")
    return message(*parts)


def table(rows: list[Booking]) -> str:
    file = io.StringIO()
    writer = csv.writer(file, delimiter=",;|\t"[rows[0].day.toordinal() % 4], lineterminator="\n")
    writer.writerow(["Date", "Payee", "Description", "Amount"])
    writer.writerows([row.day, row.payee, row.text, f"{row.amount:.2f}"] for row in rows)
    return file.getvalue()


WRITERS: dict[str, Callable[[list[Booking]], str]] = {
    "ofx 1": ofx_1,
    "ofx 2": ofx_2,
    "camt": camt,
    "qif": qif,
    "mt940": mt940,
    "csv": table,
}


@pytest.mark.parametrize("kind", WRITERS)
@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(st.data(), st.sampled_from(ENCODINGS))
def test_texts_are_right_or_warned_about(kind: str, data: st.DataObject, written: tuple[str, str]) -> None:
    language, encoding = written
    rows = data.draw(bookings(language))
    content = WRITERS[kind](rows).encode(encoding)
    expected = [(row.day, row.amount) for row in rows]
    texts = [(row.payee, row.text if kind in ("camt", "mt940", "csv") else join_texts(row.payee, row.text)) for row in rows]
    reading = read_or_refuse(content)
    if isinstance(reading, StatementError):
        assert "encoding" in reading.message
    else:
        codes = [warning.code for warning in reading.statement.warnings]
        assert "encoding_guessed" in codes or shown(reading) == texts
        assert values(reading) == expected or "encoding_guessed" in codes
    reading = read(content, encoding=encoding)
    assert (values(reading), shown(reading)) == (expected, texts)


def values(reading: Reading) -> list[tuple[date, Decimal]]:
    return [(row.date, row.amount) for row in reading.rows]


def shown(reading: Reading) -> list[tuple[str, str]]:
    return [(row.merchant_name, row.description) for row in reading.rows]
