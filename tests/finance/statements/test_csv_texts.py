"""Texts in columns whose titles are not known, and the report of the columns that are not used."""

import pytest

from tests.finance.statements.parse_helpers import read

TWINS = "Date,Betreff des Vorgangs,Amount\n2025-01-13,First visit,-4.00\n2025-01-13,Second visit,-4.00\n"


def test_the_only_text_becomes_the_description() -> None:
    reading = read(TWINS)
    assert [row.description for row in reading.rows] == ["First visit", "Second visit"]
    assert reading.statement.mapping["description"] == "Betreff des Vorgangs"
    assert reading.statement.unused_columns == ()
    assert list(reading.statement.warnings) == []


def test_several_texts_are_joined_in_file_order() -> None:
    content = "What for,Date,Amount,Where\nLunch,2025-01-13,-4.00,Riverside\nFuel,2025-01-14,-5.00,\n"
    reading = read(content)
    assert [row.description for row in reading.rows] == ["Lunch Riverside", "Fuel"]
    assert reading.statement.mapping["description"] == ["What for", "Where"]
    assert read(content, mapping=reading.statement.mapping).rows == reading.rows


def test_a_payee_does_not_hide_an_unknown_text() -> None:
    [row] = read("Date,Payee,Remark 7,Amount\n2025-01-13,Bakery,Two loaves,-4.00\n").rows
    assert (row.merchant_name, row.description) == ("Bakery", "Two loaves")


@pytest.mark.parametrize(
    "column",
    ["2025-01-20", "12.00", "EUR", "yes", "DE02500105170137075030", "INGDDEFFXXX", "a@example.org", "10:11 AM"],
)
def test_dates_amounts_flags_and_codes_are_no_texts(column: str) -> None:
    content = f"Date,Payee,Extra,Amount\n2025-01-13,A,{column},-4.00\n2025-01-14,B,{column},-5.00\n"
    assert [row.description for row in read(content).rows] == ["A", "B"]


def test_a_text_that_never_changes_is_not_taken() -> None:
    content = "Date,Payee,Branch,Amount\n" + "".join(f"2025-01-1{day},P{day},Main,-4.00\n" for day in range(4))
    assert [row.description for row in read(content).rows] == ["P0", "P1", "P2", "P3"]


def test_texts_beside_a_known_description_are_reported() -> None:
    content = (
        "Date,Description,Remark 7,Amount,Rate,Nothing\n2025-01-13,A,long story,-4.00,1.5,\n2025-01-14,B,other,-5.00,1.5,\n"
    )
    reading = read(content)
    assert [row.description for row in reading.rows] == ["A", "B"]
    assert reading.statement.unused_columns == ("Remark 7", "Rate")
    [warning] = reading.statement.warnings
    assert warning.code == "columns_not_used"
    assert "“Remark 7”" in warning.message
    assert "Rate" not in warning.message
    assert "mapping.description" in warning.message


def test_without_a_header_texts_are_joined() -> None:
    content = "2025-01-13,Bakery,-4.00,two loaves\n2025-01-14,Books,-5.00,a novel\n"
    reading = read(content)
    assert [row.description for row in reading.rows] == ["Bakery two loaves", "Books a novel"]
    assert reading.statement.mapping["description"] == [1, 3]


def test_the_first_rows_are_reported_as_they_are() -> None:
    rows = "".join(f"2025-01-1{day},{'x' * 300},-4.00\n" for day in range(9))
    first = read("Date,Description,Amount\n" + rows).statement.first_rows
    assert len(first) == 5
    assert first[0] == ("2025-01-10", "x" * 200, "-4.00")


def test_a_description_of_several_columns_may_be_sent() -> None:
    content = "Date,Text,Details,Amount\n2025-01-13,Card payment,Bakery,-4.00\n2025-01-14,,Books,-5.00\n"
    reading = read(content, mapping={"description": ["text ", "DETAILS"]})
    assert [row.description for row in reading.rows] == ["Card payment Bakery", "Books"]
    assert reading.statement.mapping["description"] == ["Text", "Details"]


def test_a_joined_description_is_cut_at_its_limit() -> None:
    content = f"Date,One,Two,Amount\n2025-01-13,{'a' * 1500},{'b' * 1500},-4.00\n"
    [row] = read(content, mapping={"description": ["One", "Two"]}).rows
    assert row.description == "a" * 1500 + " " + "b" * 499
