"""Rows with more cells than columns: a text with delimiters is joined, an unclear row is an error, no amount is wrong."""

import pytest

from finance.statements.rows import StatementError
from tests.finance.statements.parse_helpers import read

LAST_IS_TEXT = "Date,Amount,Description\n2025-01-12,-1.00,A\n"
MIDDLE_IS_TEXT = "Date,Description,Amount\n2025-01-12,A,-1.00\n"


@pytest.mark.parametrize(
    ("row", "text"),
    [
        ("2025-01-13,-4.00,Bread, milk", "Bread, milk"),
        ("2025-01-13,-4.00,Bread, milk, and honey", "Bread, milk, and honey"),
        ("2025-01-13,-4.00,Bread, 12 rolls", "Bread, 12 rolls"),
        ("2025-01-13,-4.00,Bread,,,", "Bread"),
        ("2025-01-13,-4.00,Bread, milk,,", "Bread, milk"),
    ],
)
def test_delimiters_in_the_last_text_are_part_of_it(row: str, text: str) -> None:
    reading = read(LAST_IS_TEXT + row + "\n2025-01-14,-2.00,B\n")
    assert reading.errors == []
    assert [(str(found.amount), found.description) for found in reading.rows] == [
        ("-1.00", "A"),
        ("-4.00", text),
        ("-2.00", "B"),
    ]


def test_delimiters_in_a_text_before_the_amount_are_part_of_it() -> None:
    reading = read(MIDDLE_IS_TEXT + "2025-01-13,Bread, milk,-4.00\n")
    assert [(str(row.amount), row.description) for row in reading.rows][1] == ("-4.00", "Bread, milk")


@pytest.mark.parametrize(
    "row",
    [
        "2025-01-13,Shop,12,50",
        "2025-01-13,Shop,-1,234.50",
        "2025-01-13,Shop,-12,50 EUR",
        "2025-01-13,Shop,3,-4.00,more",
        "2025-01-13,Shop,-4.00,more",
        "2025-01-13,Shop,-4.00,5.00",
        "13 January,2025,Shop,-4.00",
    ],
)
def test_an_unclear_row_is_an_error_with_its_line(row: str) -> None:
    reading = read(MIDDLE_IS_TEXT + row + "\n2025-01-14,B,-2.00\n")
    assert reading.amounts == ["-1.00", "-2.00"]
    assert reading.codes == [(3, "wrong_field_count")]


def test_a_number_in_a_text_is_not_taken_for_the_amount() -> None:
    content = "Date,Description,Amount,Balance,Notes\n2025-01-12,A,-1.00,9.00,x\n2025-01-13,Shop, 12,-5.00,4.00,y\n"
    reading = read(content)
    assert reading.amounts == ["-1.00"]
    assert reading.codes == [(3, "wrong_field_count")]


def test_decimal_commas_without_quotes_are_never_read_as_amounts() -> None:
    reading = read("Date,Description,Amount\n2025-01-13,A,-12,50\n2025-01-14,B,-7,25\n2025-01-15,C,-9,99\n")
    assert reading.rows == []
    assert [code for _, code in reading.codes] == ["wrong_field_count"] * 3


def test_trailing_cells_without_a_title_are_harmless() -> None:
    reading = read("Date,Description,Amount\n2025-01-13,A,-1.00,x\n2025-01-14,B,-2.00,y\n")
    assert reading.amounts == ["-1.00", "-2.00"]


def test_amounts_beside_an_empty_column_need_a_header_or_a_mapping() -> None:
    content = "2025-01-13,Shop,12.00,\n2025-01-14,Shop,7.00,\n"
    with pytest.raises(StatementError, match="debit") as refusal:
        read(content)
    assert refusal.value.code == "unknown_columns"
    assert read(content, mapping={"date": 0, "debit": 2, "credit": 3, "description": 1}).amounts == ["-12.00", "-7.00"]


def test_credits_with_a_minus_sign_are_credits() -> None:
    content = "Date,Description,Debit,Credit\n2025-01-13,A,5.00,\n2025-01-14,B,,-7.00\n"
    assert read(content).amounts == ["-5.00", "7.00"]


def test_a_negative_credit_among_others_is_a_reversal() -> None:
    content = "Date,Description,Debit,Credit\n2025-01-13,A,,5.00\n2025-01-14,B,,7.00\n2025-01-15,C,,-7.00\n"
    assert read(content).amounts == ["5.00", "7.00", "-7.00"]


def test_a_minus_sign_beside_a_word_for_credit_is_an_error() -> None:
    content = "Date,D/C,Amount\n2025-01-13,D,5.00\n2025-01-14,C,7.00\n2025-01-15,C,-9.00\n"
    reading = read(content)
    assert reading.amounts == ["-5.00", "7.00"]
    assert reading.codes == [(4, "two_signs")]


def test_signed_amounts_keep_their_signs_beside_words() -> None:
    content = "Date,Credit/Debit,Amount\n2025-01-13,DEBIT,-5.00\n2025-01-14,CREDIT,7.00\n"
    assert read(content).amounts == ["-5.00", "7.00"]
