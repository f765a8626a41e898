"""Broken CSV rows are errors with their line numbers, and ambiguous files are refused."""

import pytest

from finance.statements.rows import Limits, StatementError
from tests.finance.statements.parse_helpers import read

HEADER = "Date,Description,Amount\n"
FIRST = "2025-01-13,First,-1.00\n"
LAST = "2025-01-31,Last,-2.00\n"


@pytest.mark.parametrize(
    ("row", "field", "code"),
    [
        ("2025-01-14,X,NaN", "amount", "bad_amount"),
        ("2025-01-14,X,1e400", "amount", "bad_amount"),
        ("2025-01-14,X,inf", "amount", "bad_amount"),
        ("2025-01-14,X,0x10", "amount", "bad_amount"),
        ("2025-01-14,X,1.2.3", "amount", "bad_amount"),
        ("2025-01-14,X,--", "amount", "bad_amount"),
        ("2025-01-14,X,(5.00", "amount", "bad_amount"),
        ("2025-01-14,X,1\0" + "2", "amount", "bad_amount"),
        ("2025-01-14,X," + "9" * 5_000, "amount", "bad_amount"),
        ("2025-01-14,X,=1+1", "amount", "bad_amount"),
        ("2025-01-14,X,", "amount", "missing_amount"),
        ("2025-01-14,X,0.00", "amount", "zero_amount"),
        ("2025-01-14,X,1.005", "amount", "too_many_decimals"),
        ("2025-01-14,X,10000000000000.00", "amount", "amount_too_large"),
        ("0000-01-01,X,1.00", "date", "bad_date"),
        ("2025-02-30,X,1.00", "date", "bad_date"),
        ("2025-13-01,X,1.00", "date", "bad_date"),
        ("0001-01-01,X,1.00", "date", "date_out_of_range"),
        ("9999-12-31,X,1.00", "date", "date_out_of_range"),
        ("banana,X,1.00", "date", "bad_date"),
        (",X,1.00", "date", "missing_date"),
        ("2025-01-14,X", "row", "wrong_field_count"),
        ("2025-01-14", "row", "wrong_field_count"),
        ("2025-01-14,X,1.00,more", "row", "wrong_field_count"),
        ('2025-01-14,"X,1.00', "row", "unclosed_quote"),
    ],
)
def test_a_broken_row_does_not_affect_others(row: str, field: str, code: str) -> None:
    reading = read(HEADER + FIRST + row + "\n" + LAST)
    assert [found.number for found in reading.rows] == [2, 4]
    assert [(error.number, error.field, error.code) for error in reading.errors] == [(3, field, code)]


def test_every_error_is_a_sentence() -> None:
    [error] = read(HEADER + FIRST + "2025-01-14,X,0.00\n").errors
    assert error.message == "The amount is zero, so there is nothing to import."


@pytest.mark.parametrize("blank", ["\n", "\n\n", ",,\n", " , ,\n", "\x1a\n", "\r\n"])
def test_blank_rows_are_skipped_and_still_counted_as_lines(blank: str) -> None:
    reading = read(HEADER + FIRST + blank + LAST)
    assert reading.errors == []
    assert reading.rows[-1].number == 3 + blank.count("\n")


def test_trailing_zeros_are_not_decimals() -> None:
    assert read(HEADER + FIRST + "2025-01-14,X,12.5000\n").amounts == ["-1.00", "12.50"]


def test_a_text_may_have_several_lines() -> None:
    reading = read(HEADER + '2025-01-13,"Two\nlines",-1.00\n' + LAST)
    assert [(row.number, row.description) for row in reading.rows] == [(2, "Two lines"), (4, "Last")]


def test_a_text_of_several_lines_is_no_open_quote() -> None:
    reading = read('Description,Date,Amount\n"Two\nlines",2025-01-13,-1.00\n')
    assert [row.description for row in reading.rows] == ["Two lines"]


def test_an_open_quote_does_not_hide_a_row_that_closes_it() -> None:
    reading = read(HEADER + '2025-01-13,"ACME,3.00\n2025-01-14,"BETA",4.00\n' + LAST)
    assert reading.amounts == ["4.00", "-2.00"]
    assert reading.codes == [(2, "unclosed_quote")]


def test_an_open_quote_does_not_hide_a_long_file() -> None:
    reading = read(HEADER + '2025-01-13,"ACME,3.00\n' + LAST * 500)
    assert len(reading.rows) == 500
    assert reading.codes == [(2, "unclosed_quote")]


def test_a_quote_inside_a_text_is_a_quote() -> None:
    reading = read(HEADER + '2025-01-13,5" nail,-1.00\n2025-01-14,"say ""hi""",-1.00\n')
    assert [row.description for row in reading.rows] == ['5" nail', 'say "hi"']


def test_a_file_of_open_quotes_is_refused_quickly() -> None:
    with pytest.raises(StatementError) as refusal:
        read(HEADER + 'a"b,"""\n' * 5_000)
    assert refusal.value.code == "unclosed_quotes"


def test_a_line_without_end_is_refused() -> None:
    with pytest.raises(StatementError) as refusal:
        read(HEADER + FIRST + "x" * 200_000)
    assert refusal.value.code == "line_too_long"


def test_a_stray_nul_is_cleaned_out_of_its_text() -> None:
    [row] = read(HEADER + "2025-01-14,A\0B,1.00\n").rows
    assert row.description == "AB"


@pytest.mark.parametrize("delimiter", ["-", "/"])
def test_ambiguous_dates_are_refused_with_the_option_to_send(delimiter: str) -> None:
    day = delimiter.join(("01", "02", "2025"))
    with pytest.raises(StatementError) as refusal:
        read(f"Date,Amount\n{day},1.00\n")
    assert refusal.value.code == "ambiguous_dates"
    assert "date_order=day_first if this is 2025-02-01" in refusal.value.message
    assert "date_order=month_first if it is 2025-01-02" in refusal.value.message


@pytest.mark.parametrize(("date_format", "day"), [("%d/%m/%Y", "2025-02-01"), ("%m/%d/%Y", "2025-01-02")])
def test_the_mapping_decides_the_date_format(date_format: str, day: str) -> None:
    assert read("Date,Amount\n01/02/2025,1.00\n", mapping={"date_format": date_format}).dates == [day]


def test_one_clear_date_decides_even_in_a_late_row() -> None:
    content = "Date,Amount\n" + "01/02/2025,1.00\n" * 3_000 + "01/13/2025,1.00\n"
    assert read(content).dates[0] == "2025-01-02"


def test_a_broken_date_decides_nothing() -> None:
    reading = read("Date,Amount\n13/01/2025,1.00\n13/13/2025,1.00\n99/99/9999,1.00\n")
    assert reading.dates == ["2025-01-13"]
    assert reading.codes == [(3, "bad_date"), (4, "bad_date")]


def test_days_equal_to_their_months_are_clear() -> None:
    assert read("Date,Amount\n01/01/2025,1.00\n02/02/2025,1.00\n").dates == ["2025-01-01", "2025-02-02"]


def test_ambiguous_amounts_are_refused_unless_mapped() -> None:
    content = "Date;Amount\n13.01.2025;1.500\n"
    with pytest.raises(StatementError) as refusal:
        read(content)
    assert refusal.value.code == "ambiguous_amounts"
    assert read(content, mapping={"decimal": ","}).amounts == ["1500.00"]
    assert read(content, mapping={"decimal": "."}).amounts == ["1.50"]


def test_money_without_cents_has_thousands() -> None:
    assert read("Date;Amount\n13.01.2025;1.500\n", default_currency="JPY").amounts == ["1500"]


def test_a_row_with_debit_and_credit_is_broken() -> None:
    reading = read("Date,Debit,Credit\n2025-01-13,1.00,\n2025-01-14,1.00,2.00\n2025-01-15,,\n2025-01-16,0.00,0.00\n")
    assert reading.amounts == ["-1.00"]
    assert reading.codes == [(3, "two_amounts"), (4, "missing_amount"), (5, "zero_amount")]


def test_a_negative_debit_is_positive() -> None:
    assert read("Date,Debit,Credit\n2025-01-13,5.00,\n2025-01-14,7.00,\n2025-01-15,-5.00,\n").amounts == [
        "-5.00",
        "-7.00",
        "5.00",
    ]


def test_a_row_of_unknown_sign_is_broken() -> None:
    content = "Date,Type,Amount\n2025-01-13,Debit,1.00\n2025-01-14,Credit,2.00\n2025-01-15,Other,3.00\n"
    reading = read(content)
    assert reading.amounts == ["-1.00", "2.00"]
    assert reading.codes == [(4, "unknown_sign")]


def test_the_error_lists_the_columns_that_were_found() -> None:
    with pytest.raises(StatementError, match="0: “Foo”, 1: “Bar”") as refusal:
        read("Foo,Bar\n1,2\n")
    assert refusal.value.code == "unknown_columns"


def test_it_names_the_row_limit() -> None:
    with pytest.raises(StatementError, match="more than 3 rows") as refusal:
        read(HEADER + FIRST * 4, limits=Limits(max_rows=3))
    assert refusal.value.code == "too_many_rows"


def test_as_many_rows_as_the_limit_are_fine() -> None:
    assert len(read(HEADER + FIRST * 3, limits=Limits(max_rows=3)).rows) == 3


def test_blank_lines_without_end_are_refused() -> None:
    with pytest.raises(StatementError, match="lines"):
        read(HEADER + FIRST + "\n" * 20_000, limits=Limits(max_rows=3))
