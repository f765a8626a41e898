"""XLSX and ODS tables, which are read like CSV, and PDF, which is refused."""

import datetime
import io
import zipfile
from collections.abc import Callable

import pytest

from finance.statements.rows import Limits, StatementError
from tests.finance.statements.parse_helpers import read, read_or_refuse
from tests.finance.statements.workbook_files import Rows, ods, xlsx, zipped

DAY = datetime.date(2026, 3, 2)
HEADER = ("Date", "Description", "Amount")
TABLE: Rows = [HEADER, (DAY, "Grocer Blue", -12.5), (datetime.date(2026, 3, 13), "Green Mail Order", 20.0)]


@pytest.mark.parametrize(("content", "kind"), [(xlsx(TABLE), "xlsx"), (ods(TABLE), "ods")])
@pytest.mark.parametrize("chosen", ["auto", ""])
def test_a_table_is_read(content: bytes, kind: str, chosen: str) -> None:
    reading = read(content, format=chosen or kind, filename="any.bin")
    assert reading.statement.format == kind
    assert reading.errors == []
    assert [(row.number, str(row.amount), row.date.isoformat(), row.description) for row in reading.rows] == [
        (2, "-12.50", "2026-03-02", "Grocer Blue"),
        (3, "20.00", "2026-03-13", "Green Mail Order"),
    ]


def test_lines_above_the_table_and_empty_rows_keep_the_numbers() -> None:
    rows: Rows = [("Account 12345678",), (), HEADER, (DAY, "One", -1.0), (), (DAY, "Two", -2.0)]
    assert [row.number for row in read(xlsx(rows)).rows] == [4, 6]


@pytest.mark.parametrize(
    ("cell", "amount"),
    [
        (-12.1, "-12.10"),
        (0.1 + 0.2, "0.30"),
        (-1234567.89, "-1234567.89"),
        (1e9, "1000000000.00"),
        (5.0, "5.00"),
        ("-1,234.56", "-1234.56"),
        ("(5.00)", "-5.00"),
        ("−5.00", "-5.00"),
    ],
)
def test_an_amount_is_exact(cell: float | str, amount: str) -> None:
    assert read(xlsx([*TABLE, (DAY, "x", cell)])).amounts[-1] == amount


@pytest.mark.parametrize("cell", [1.005, -0.125, 1234.567])
def test_more_decimals_than_cents_are_an_error(cell: float) -> None:
    assert read(xlsx([*TABLE, (DAY, "x", cell)])).codes == [(4, "too_many_decimals")]


@pytest.mark.parametrize("cell", [DAY, datetime.datetime(2026, 3, 2, 23, 59, tzinfo=None), "2026-03-02"])  # noqa: DTZ001
def test_a_date_has_any_type(cell: datetime.date | str) -> None:
    assert read(xlsx([*TABLE, (cell, "x", 1.0)])).dates[-1] == "2026-03-02"


def test_texts_with_line_ends_delimiters_and_quotes_are_kept() -> None:
    assert read(xlsx([*TABLE, (DAY, 'A "b", c;\nd\te', 1.0)])).rows[-1].description == 'A "b", c; d e'


@pytest.mark.parametrize("text", [",'=0", "'=1+1", "a;'-b", "it's", "''", "'@x,'=y"])
@pytest.mark.parametrize("write", [xlsx, ods])
def test_apostrophes_are_kept(text: str, write: Callable[..., bytes]) -> None:
    [row] = read(write([HEADER, (DAY, text, -1.5)])).rows
    assert row.description == text


def test_dates_as_ambiguous_texts_are_asked_for() -> None:
    with pytest.raises(StatementError) as refusal:
        read(xlsx([HEADER, ("05/06/2026", "x", 1.0), ("06/07/2026", "y", 2.0)]))
    assert refusal.value.code == "ambiguous_dates"


def test_a_mapping_names_columns() -> None:
    rows: Rows = [("A", "B", "C"), (DAY, "Grocer Blue", -1.5)]
    reading = read(xlsx(rows), mapping={"date": "A", "description": "B", "amount": "C"})
    assert (reading.amounts, reading.rows[0].description) == (["-1.50"], "Grocer Blue")
    assert read(xlsx(rows), mapping=reading.statement.mapping).amounts == ["-1.50"]


@pytest.mark.parametrize("mapping", [["Date"], "Date", 5, {"date": -1}, {"nothing": "A"}])
def test_a_bad_mapping_is_refused(mapping: object) -> None:
    refusal = read_or_refuse(xlsx(TABLE), mapping=mapping)
    assert isinstance(refusal, StatementError)
    assert refusal.code == "bad_mapping"


def test_the_sheet_with_a_table_is_found() -> None:
    assert read(xlsx(sheets={"Summary": [("Total", 5.0)], "Empty": [], "Rows": TABLE})).amounts == ["-12.50", "20.00"]


def test_a_hidden_sheet_is_ignored() -> None:
    assert read(xlsx(sheets={"Old": TABLE, "New": TABLE[:2]}, hidden="Old")).amounts == ["-12.50"]


@pytest.mark.parametrize(("hint", "amounts"), [("March", ["-12.50", "20.00"]), (" february", ["-12.50"])])
def test_a_sheet_of_several_is_chosen_by_name(hint: str, amounts: list[str]) -> None:
    content = xlsx(sheets={"February": TABLE[:2], "March": TABLE})
    with pytest.raises(StatementError, match="“February”, “March”") as refusal:
        read(content)
    assert refusal.value.code == "several_accounts"
    assert read(content, account_hint=hint).amounts == amounts


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (xlsx(), "empty"),
        (xlsx([("Dear", "customer")]), "unknown_columns"),
        (xlsx(TABLE)[:-60], "not_a_statement"),
        (xlsx(TABLE).replace(b"xl/workbook.xml", b"xl/workbook.xmx"), "not_a_statement"),
        (zipped({"xl/workbook.xml": "<broken"}), "broken_workbook"),
        (zipped({"word/document.xml": "<w/>"}), "not_a_statement"),
        (zipped({"mimetype": "application/vnd.oasis.opendocument.text", "content.xml": "<t/>"}), "not_a_statement"),
        (b"PK\x03\x04" + b"\0" * 100, "not_a_statement"),
    ],
)
def test_another_archive_is_refused(content: bytes, code: str) -> None:
    with pytest.raises(StatementError) as refusal:
        read(content)
    assert refusal.value.code == code


def test_a_damaged_part_is_refused() -> None:
    content = bytearray(xlsx(TABLE))
    with zipfile.ZipFile(io.BytesIO(bytes(content))) as archive:
        start = archive.getinfo("xl/worksheets/sheet1.xml").header_offset + 80
    content[start] ^= 0xFF
    with pytest.raises(StatementError) as refusal:
        read(bytes(content))
    assert refusal.value.code == "broken_workbook"


FAR = '<row r="1"><c r="A1"><v>1</v></c></row><row r="1000000"><c r="CZ1000000"><v>1</v></c></row>'
CELL = '<table:table-cell office:value-type="float" office:value="1"{}/>'
ROW = "<table:table-row{}>{}</table:table-row>"


@pytest.mark.parametrize(
    "content",
    [
        xlsx(raw=FAR),
        xlsx(raw='<row r="1"><c r="XFD1"><v>1</v></c></row>'),
        xlsx(raw="<row>" + "<c><v>1</v></c>" * 1_100 + "</row>"),
        xlsx(raw="<row/>" * 600_000),
        xlsx(raw=FAR.replace('r="A1"', "")),
        ods(raw=ROW.format("", CELL.format(' table:number-columns-repeated="16384"'))),
        ods(raw=ROW.format(' table:number-rows-repeated="1000000"', CELL.format(""))),
        ods(raw=ROW.format("", '<table:table-cell table:number-columns-repeated="16000"/>' + CELL.format(""))),
        ods(raw=ROW.format(' table:number-rows-repeated="1000000"', "<table:table-cell/>") + ROW.format("", CELL.format(""))),
    ],
)
def test_a_workbook_of_far_cells_is_refused(content: bytes) -> None:
    with pytest.raises(StatementError) as refusal:
        read(content)
    assert refusal.value.code == "too_large"


def test_the_row_limit_is_that_of_all_formats() -> None:
    with pytest.raises(StatementError) as refusal:
        read(xlsx([*TABLE, *TABLE[1:]]), limits=Limits(max_rows=3))
    assert refusal.value.code in ("too_many_rows", "too_large")


@pytest.mark.parametrize(
    ("content", "chosen"), [(xlsx(TABLE), "csv"), (xlsx(TABLE), "ods"), (b"Date,Amount\n2026-03-02,1\n", "xlsx")]
)
def test_a_wrong_choice_is_refused(content: bytes, chosen: str) -> None:
    with pytest.raises(StatementError) as refusal:
        read(content, format=chosen)
    assert refusal.value.code == "wrong_format"


@pytest.mark.parametrize("content", [b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj", b"\n\r\n%PDF-1.4 text only"])
def test_a_pdf_is_refused_with_the_remedy(content: bytes) -> None:
    with pytest.raises(StatementError, match="This is a PDF.*Export OFX") as refusal:
        read(content)
    assert refusal.value.code == "pdf_not_supported"
