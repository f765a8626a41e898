"""Mappings sent by a client. Every error names the key."""

import json

import pytest

from finance.statements.rows import StatementError
from tests.finance.statements.parse_helpers import read

CONTENT = "Wann;Was;Wieviel;Soll;Anderes\n13.01.2025;Laden;-1,00;;x\n14.01.2025;Lohn;2.000,50;;y\n"
MAPPING = {"date": "Wann", "amount": "Wieviel", "description": "Was"}


def test_it_maps_columns_by_title() -> None:
    reading = read(CONTENT, mapping=MAPPING)
    assert reading.amounts == ["-1.00", "2000.50"]
    assert [row.description for row in reading.rows] == ["Laden", "Lohn"]


def test_it_maps_columns_by_number_from_zero() -> None:
    reading = read(CONTENT, mapping={"date": 0, "amount": 2, "description": 1})
    assert [(row.number, str(row.amount), row.description) for row in reading.rows] == [
        (2, "-1.00", "Laden"),
        (3, "2000.50", "Lohn"),
    ]


def test_a_title_is_found_without_case_and_spacing() -> None:
    assert read(CONTENT, mapping={"date": " WANN", "amount": "wieviel "}).amounts == ["-1.00", "2000.50"]


def test_unmapped_columns_are_guessed() -> None:
    content = "Wann,Description,Amount\n2025-01-13,Shop,-1.00\n"
    assert read(content, mapping={"date": "Wann"}).rows[0].description == "Shop"


def test_null_means_that_there_is_no_such_column() -> None:
    content = "Date,Description,Amount\n2025-01-13,Shop,-1.00\n"
    assert read(content, mapping={"description": None}).rows[0].description == ""


def test_an_unknown_key_is_refused_with_the_known_ones() -> None:
    with pytest.raises(StatementError, match="Use: date, posted_date, amount, .*account, date_format, decimal") as refusal:
        read(CONTENT, mapping={"betrag": "Wieviel"})
    assert refusal.value.code == "bad_mapping"


@pytest.mark.parametrize("title", ["wann", " WANN ", "Wann:", "«Wann»", "w\u0041nn"])
def test_titles_are_compared_by_letters_and_digits(title: str) -> None:
    assert len(read(CONTENT, mapping={"date": title, "amount": "Wieviel"}).rows) == 2


@pytest.mark.parametrize("column", [1, [1], [1, 4], "was", ["WAS", "anderes"], [1, "Anderes"]])
def test_a_description_is_a_column_or_a_list(column: object) -> None:
    reading = read(CONTENT, mapping={"date": 0, "amount": 2, "description": column})
    assert [row.description.split()[0] for row in reading.rows] == ["Laden", "Lohn"]


def test_a_partial_mapping_keeps_the_other_columns() -> None:
    content = "Date,Description,Payee,Sum 1,Currency\n2025-01-13,Bread,Bakery,-4.00,EUR\n"
    [row] = read(content, mapping={"amount": "Sum 1"}).rows
    assert (row.description, row.merchant_name, row.currency) == ("Bread", "Bakery", "EUR")


def test_a_mapping_decides_between_debit_credit_and_amount() -> None:
    content = "Date,Text,Debit,Credit,Amount\n2025-01-13,A,1.00,,-7.00\n"
    assert read(content).amounts == ["-1.00"]
    assert read(content, mapping={"amount": "Amount"}).amounts == ["-7.00"]


def test_null_for_the_type_reads_the_signs_of_the_amounts() -> None:
    content = "Date,D/C,Amount\n2025-01-13,D,5.00\n2025-01-14,C,7.00\n2025-01-15,C,-9.00\n"
    assert read(content, mapping={"type": None}).amounts == ["5.00", "7.00", "-9.00"]


@pytest.mark.parametrize("field", ["account", "description", "type", "merchant_name"])
def test_null_is_part_of_the_used_mapping(field: str) -> None:
    content = "Account,Date,Payee,Description,D/C,Amount\nOne,2025-01-13,Shop,Bread,D,1.00\nTwo,2025-01-14,Acme,Pay,C,2.00\n"
    sent: dict[str, object] = {"account": None, field: None}
    first = read(content, mapping=sent)
    assert first.statement.mapping[field] is None
    assert read(content, mapping=first.statement.mapping).rows == first.rows


def test_a_debit_column_alone_may_be_named() -> None:
    content = "Date,Spent\n2025-01-13,5.00\n2025-01-14,7.00\n"
    assert read(content, mapping={"debit": "Spent"}).amounts == ["-5.00", "-7.00"]


def test_options_are_accepted() -> None:
    content = "a|b\n01/02/25|1.500\n"
    mapping = {"date": "a", "amount": "b", "date_format": "%d/%m/%y", "decimal": ",", "delimiter": "|"}
    reading = read(content, mapping=mapping)
    assert (reading.dates, reading.amounts) == (["2025-02-01"], ["1500.00"])


def test_the_used_mapping_is_json_serializable() -> None:
    assert json.loads(json.dumps(dict(read(CONTENT, mapping=MAPPING).statement.mapping))) == {
        **MAPPING,
        "date_format": "%d.%m.%Y",
        "decimal": ",",
        "delimiter": ";",
    }


def test_a_broken_first_row_is_not_taken_for_a_preamble() -> None:
    reading = read("13.01.2025;x;oops\n14.01.2025;y;1,00\n", mapping={"date": 0, "amount": 2})
    assert reading.amounts == ["1.00"]
    assert reading.codes == [(1, "bad_amount")]


@pytest.mark.parametrize(
    ("mapping", "code", "sentence"),
    [
        ({"betrag": "Wieviel"}, "bad_mapping", "“betrag” is not a known key"),
        ({7: "Wieviel"}, "bad_mapping", "“7” is not a known key"),
        ({"date": ""}, "bad_mapping", "mapping.date"),
        ({"date": True}, "bad_mapping", "mapping.date"),
        ({"date": -1}, "bad_mapping", "mapping.date"),
        ({"date": 1.5}, "bad_mapping", "mapping.date"),
        ({"date": ["Wann"]}, "bad_mapping", "mapping.date"),
        ({"description": []}, "bad_mapping", "mapping.description: send 1 to 20 columns"),
        ({"description": ["Was"] * 21}, "bad_mapping", "mapping.description: send 1 to 20 columns"),
        ({"description": ["Was", None]}, "bad_mapping", "mapping.description"),
        ({"description": ["Was", ["Anderes"]]}, "bad_mapping", "mapping.description"),
        ({"description": {"a": 1}}, "bad_mapping", "mapping.description"),
        ({"description": ["Was", "Nichts"]}, "unknown_columns", "mapping.description: “Nichts” is not a column of the file"),
        ({"description": [1, 77]}, "unknown_columns", "mapping.description: column 77 does not exist"),
        ({"account": ["Was"]}, "bad_mapping", "mapping.account"),
        ({"payee": 1.5}, "bad_mapping", "mapping.payee"),
        ({"decimal": "x"}, "bad_mapping", "mapping.decimal"),
        ({"decimal": ""}, "bad_mapping", "mapping.decimal"),
        ({"delimiter": "::"}, "bad_mapping", "mapping.delimiter"),
        ({"delimiter": "\n"}, "bad_mapping", "mapping.delimiter"),
        ({"date_format": 5}, "bad_mapping", "mapping.date_format"),
        ({"date_format": "%d.%m"}, "bad_mapping", "mapping.date_format"),
        ({"date_format": "%d.%m.%Q"}, "bad_mapping", "mapping.date_format"),
        ({"date_format": "%"}, "bad_mapping", "mapping.date_format"),
        ({"date_format": "%d%d%m%Y"}, "bad_mapping", "mapping.date_format"),
        ({**MAPPING, "debit": "Soll"}, "bad_mapping", "mapping.amount"),
        (
            {**MAPPING, "balance": "Saldo"},
            "unknown_columns",
            "mapping.balance: “Saldo” is not a column of the file. Columns found: 0: “Wann”",
        ),
        ({**MAPPING, "date": 99}, "unknown_columns", "mapping.date: column 99 does not exist. The last one is 4"),
        ({"date": 0, "amount": 99}, "unknown_columns", "mapping.amount: column 99 does not exist"),
        ([["date", "Wann"]], "bad_mapping", "JSON object"),
        ("date", "bad_mapping", "JSON object"),
    ],
)
def test_the_error_names_the_wrong_key_of_a_mapping(mapping: dict[str, object], code: str, sentence: str) -> None:
    with pytest.raises(StatementError) as refusal:
        read(CONTENT, mapping=mapping)
    assert refusal.value.code == code
    assert sentence in refusal.value.message


def test_a_title_that_occurs_twice_needs_its_number() -> None:
    content = "Date,Sum,Sum\n2025-01-13,1.00,2.00\n"
    with pytest.raises(StatementError, match="several columns"):
        read(content, mapping={"amount": "Sum"})
    assert read(content, mapping={"amount": 2}).amounts == ["2.00"]
