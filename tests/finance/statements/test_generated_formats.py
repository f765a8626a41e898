"""Generated statements in CAMT, MT940, QIF, XLSX and ODS come back exactly, or are refused with the option to send."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from html import escape

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from finance.statements.rows import StatementError
from finance.statements.text import join_texts
from tests.finance.statements.camt_files import Entry, balance, document, entry, statement
from tests.finance.statements.mt940_files import line, message
from tests.finance.statements.parse_helpers import Reading, read, read_or_refuse
from tests.finance.statements.workbook_files import ods, xlsx

# no semicolon, because "&amp;" is an entity also in texts
LETTERS = "abcdefgXYZ ABC 0123456789 .,()/+'&<>\"#*_=äöüßéñÅøłžЖя漢字"
ENCODINGS = {"utf-8": LETTERS, "utf-8-sig": LETTERS, "utf-16": LETTERS, "cp1252": "abc XYZ 0123456789.,()äöüßéñ"}
thorough = settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])


@dataclass(frozen=True)
class Booking:
    """A row of a generated statement."""

    day: date
    amount: Decimal
    payee: str
    text: str


def texts(without: str = "", letters: str = LETTERS) -> st.SearchStrategy[str]:
    alphabet = "".join(letter for letter in letters if letter not in without)
    return st.text(alphabet, min_size=1, max_size=50).map(lambda text: " ".join(text.split()).strip(" '=+-@")).filter(bool)


def bookings(without: str = "", letters: str = LETTERS) -> st.SearchStrategy[list[Booking]]:
    amounts = st.integers(-10_000_000, 10_000_000).filter(bool).map(lambda cents: Decimal(cents) / 100)
    one = st.builds(
        Booking, st.dates(date(2000, 1, 1), date(2068, 12, 31)), amounts, texts(without, letters), texts(without, letters)
    )
    return st.lists(one, min_size=1, max_size=8)


def values(reading: Reading) -> list[tuple[date, Decimal]]:
    assert reading.errors == []
    return [(row.date, row.amount) for row in reading.rows]


def expected(rows: list[Booking]) -> list[tuple[date, Decimal]]:
    return [(row.day, row.amount) for row in rows]


@thorough
@given(bookings(), st.integers(-10_000, 10_000), st.sampled_from(["052", "053", "054"]), st.integers(2, 14))
def test_camt(rows: list[Booking], cents: int, kind: str, version: int) -> None:
    opening = Decimal(cents) / 100
    closing = opening + sum(row.amount for row in rows)
    entries = [
        entry(
            Entry(f"{row.amount:.2f}", row.day.isoformat(), escape(row.text), escape(row.payee), id=f"REF-{number:04}"),
            version=version,
        )
        for number, row in enumerate(rows)
    ]
    balances = [balance("OPBD", f"{opening:.2f}"), balance("CLBD", f"{closing:.2f}")]
    reading = read(document(statement(*balances, *entries, kind=kind), kind=kind, version=version))
    assert values(reading) == expected(rows)
    assert [(row.merchant_name, row.description) for row in reading.rows] == [(row.payee, row.text) for row in rows]
    assert (reading.statement.balances.opening, reading.statement.balances.closing) == (opening, closing)


def read_decided(content: bytes, encoding: str, **options: str) -> Reading:
    """Read a file; if it was guessed how its bytes are encoded, read it again with the encoding that the warning asks for."""
    reading = read(content, **options)
    if any(warning.code == "encoding_guessed" for warning in reading.statement.warnings):
        reading = read(content, encoding=encoding, **options)
    return reading


def _mt940_line(row: Booking, number: int) -> str:
    amount = f"{'D' if row.amount < 0 else 'C'}{abs(row.amount):.2f}".replace(".", ",")
    chunks = [row.payee[start : start + 27] for start in range(0, len(row.payee), 27)]
    purpose = f"SVWZ+{row.text}"
    fields = [f"?{20 + place}{purpose[start : start + 27]}" for place, start in enumerate(range(0, len(purpose), 27))]
    details = "166?00X" + "".join(fields) + "".join(f"?{32 + place}{chunk}" for place, chunk in enumerate(chunks))
    wrapped = "\n".join(details[start : start + 65] for start in range(0, len(details), 65))
    day = line(amount, f"{row.day:%y%m%d}", f"{row.day:%m%d}", f"NTRFNONREF//REF{number:08}")
    return f"{day}\n:86:{wrapped}"


@thorough
@given(st.data(), st.sampled_from(list(ENCODINGS)), st.integers(-10_000, 10_000), st.integers(0, 8))
def test_mt940_in_one_or_two_messages(data: st.DataObject, encoding: str, cents: int, cut: int) -> None:
    rows = data.draw(bookings(letters=ENCODINGS[encoding]))
    balances = [Decimal(cents) / 100]
    for part in (rows[:cut], rows[cut:]):
        balances.append(balances[-1] + sum(row.amount for row in part))
    written = [f"{'D' if each < 0 else 'C'}260301EUR{abs(each):.2f}".replace(".", ",") for each in balances]
    lines = [_mt940_line(row, number) for number, row in enumerate(rows)]
    content = message(*lines[:cut], opening=f":60F:{written[0]}", closing=f":62M:{written[1]}")
    content += message(*lines[cut:], opening=f":60M:{written[1]}", closing=f":62F:{written[2]}")
    reading = read_decided(content.encode(encoding), encoding)
    assert values(reading) == expected(rows)
    assert [(row.merchant_name, row.description) for row in reading.rows] == [(row.payee, row.text) for row in rows]
    assert (reading.statement.balances.opening, reading.statement.balances.closing) == (balances[0], balances[2])
    assert reading.statement.warnings == ()


MARKS = {"": "{:.2f}", ".": "{:,.2f}", ",": "{:,.2f}", "'": "{:,.2f}"}
DATES = {
    "day_first": ("%d/%m/%Y", "%d.%m.%y", "%d-%m-%Y", "%d/%m'%y", "%d/ %m/%y"),
    "month_first": ("%m/%d/%Y", "%m/%d'%y", "%m/ %d/%y", "%m-%d-%Y"),
    "": ("%Y-%m-%d", "%Y%m%d"),
}


def _qif_amount(amount: Decimal, mark: str) -> str:
    text = MARKS[mark].format(amount)
    if mark == ",":
        return text.translate(str.maketrans(",.", ".,"))
    return text.replace(",", "'") if mark == "'" else text


@thorough
@given(st.data(), st.sampled_from(list(ENCODINGS)), st.sampled_from(list(MARKS)), st.sampled_from(list(DATES)))
def test_qif(data: st.DataObject, encoding: str, mark: str, order: str) -> None:
    rows = data.draw(bookings(letters=ENCODINGS[encoding]))
    date_format = data.draw(st.sampled_from(DATES[order]))
    records = (
        f"D{row.day.strftime(date_format)}\nT{_qif_amount(row.amount, mark)}\nP{row.payee}\nM{row.text}\n^\n" for row in rows
    )
    content = ("!Type:Bank\n" + "".join(records)).encode(encoding)
    reading = read_or_refuse(content)
    if not isinstance(reading, StatementError):
        reading = read_decided(content, encoding)
    else:
        assert (reading.code, "date_order" in reading.message) == ("ambiguous_dates", True)
        reading = read_decided(content, encoding, date_order=order)
    assert values(reading) == expected(rows)
    assert [(row.merchant_name, row.description) for row in reading.rows] == [
        (row.payee, join_texts(row.payee, row.text)) for row in rows
    ]


@thorough
@given(bookings(), st.sampled_from([xlsx, ods]))
def test_workbooks(rows: list[Booking], write: object) -> None:
    cells = ((row.day, f"Shop {row.payee}", row.text, float(row.amount)) for row in rows)  # numbers alone are no payees
    table = [("Date", "Payee", "Description", "Amount"), *cells]
    reading = read(xlsx(table) if write is xlsx else ods(table))
    assert values(reading) == expected(rows)
    assert [(row.merchant_name, row.description) for row in reading.rows] == [(f"Shop {row.payee}", row.text) for row in rows]
