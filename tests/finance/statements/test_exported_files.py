"""Exports of accounts that were edited or cut are refused, or their invalid rows are errors."""

from typing import Any

import orjson
import pytest

from finance.statements.rows import StatementError
from tests.finance.statements.parse_helpers import read

ROW = {"transaction_date": "2026-03-02", "amount": "-5.00", "currency": "EUR", "description": "Coffee"}
TITLES = "Date,Posted date,Amount,Currency,Merchant,Description,Reference,Status,Category,Type\n"


def document(*rows: Any, **about: Any) -> str:
    head = {"format": "mingus.account", "version": 1, "currency": "EUR"} | about
    return orjson.dumps(head | {"transactions": list(rows)}).decode()


def test_json_may_be_indented_and_sorted() -> None:
    options = orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS
    content = orjson.dumps(orjson.loads(document(ROW, ROW, balances={"ledger": "7.00"}, period=[{}, [1]])), option=options)
    reading = read(content)
    assert (reading.amounts, str(reading.statement.balances.closing)) == (["-5.00", "-5.00"], "7.00")


@pytest.mark.parametrize("size", [100, 65_530, 65_600, 200_000])
def test_json_values_may_be_long_and_split_between_chunks(size: int) -> None:
    text = '\\"[{' * (size // 4)
    [row] = read(document(ROW | {"description": text})).rows
    assert row.description == text


@pytest.mark.parametrize(
    ("change", "field", "code"),
    [
        ({"transaction_date": "2026-02-30"}, "date", "bad_date"),
        ({"transaction_date": "02/03/2026"}, "date", "bad_date"),
        ({"transaction_date": "1812-03-02"}, "date", "date_out_of_range"),
        ({"posted_date": "soon"}, "posted_date", "bad_date"),
        ({"amount": "5,00"}, "amount", "bad_amount"),
        ({"amount": "1e3"}, "amount", "bad_amount"),
        ({"amount": "0.00"}, "amount", "zero_amount"),
        ({"amount": -5.0}, "row", "bad_transaction"),
        ({"currency": "XYZ"}, "currency", "unknown_currency"),
        ({"status": "failed"}, "status", "not_executed"),
        ({"merchant_name": "x" * 256}, "merchant_name", "max_length"),
        ({"reference_number": "x" * 256}, "reference_number", "max_length"),
        ({"category": "x" * 101}, "category", "max_length"),
        ({"payee": "x" * 101}, "payee", "max_length"),
        ({"note": "x" * 2_001}, "note", "max_length"),
        ({"note": 7}, "note", "max_length"),
        ({"tags": "work"}, "tags", "bad_tags"),
        ({"tags": ["x" * 51]}, "tags", "max_length"),
        ({"splits": "all"}, "row", "bad_transaction"),
        ({"splits": [7]}, "row", "bad_transaction"),
        ({"splits": [{"amount": "-4.99"}]}, "amount", "other_sum"),
        ({"splits": [{"amount": -5}]}, "amount", "bad_amount"),
        ({"splits": [{"amount": "-0.10"}] * 51, "amount": "-5.10"}, "splits", "too_many_parts"),
        ({"splits": [{"amount": "-5.00"}], "transaction_type": "transfer"}, "splits", "too_many_parts"),
    ],
)
def test_an_invalid_transaction_is_an_error(change: dict[str, Any], field: str, code: str) -> None:
    reading = read(document(ROW, ROW | change, ROW))
    assert [(error.number, error.field, error.code) for error in reading.errors] == [(2, field, code)]
    assert len(reading.rows) == 2


def test_a_null_character_is_removed() -> None:
    [row] = read(document(ROW | {"description": "a\0b"})).rows
    assert row.description == "ab"


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (document(ROW)[:-3], "malformed"),
        (document(ROW)[:-60], "malformed"),
        (document(ROW).replace('"amount":', '"amount"'), "malformed"),
        (document(ROW).replace(":[", ":[,"), "malformed"),
        (document(ROW).replace("}]", "}}"), "malformed"),
        (document(ROW | {"description": [0]}).replace("[0]", "[" * 5_000 + "]" * 5_000), "malformed"),
        (document(ROW | {"description": "x" * 400_000}), "too_large"),
        (document(ROW, version=3), "unknown_version"),
        ('{"format": "other", "transactions": []}', "not_a_statement"),
        ('[{"format": "mingus.account"}]', "not_a_statement"),
    ],
)
def test_a_broken_document_is_refused(content: str, code: str) -> None:
    with pytest.raises(StatementError) as refusal:
        list(read(content).statement.rows)
    assert refusal.value.code == code


def test_an_invalid_row_of_csv_is_an_error() -> None:
    reading = read(f"{TITLES}2026-03-02,,-5.00,EUR,,Coffee,,completed,,\n2026-03-02,,-5.00\n\n2026-03-02,,x,EUR,,a,,,,\n")
    assert [(error.number, error.code) for error in reading.errors] == [(3, "wrong_width"), (5, "bad_amount")]
    assert [row.description for row in reading.rows] == ["Coffee"]


def test_an_open_quotation_mark_in_csv_is_refused() -> None:
    with pytest.raises(StatementError, match="line 3"):
        list(read(f'{TITLES}2026-03-02,,-5.00,EUR,,Coffee,,,,\n2026-03-02,,-5.00,EUR,,"a,,,,\n').statement.rows)


OFX = (
    '<?xml version="1.0" encoding="UTF-8" standalone="no"?>\n<?OFX OFXHEADER="200" VERSION="220" SECURITY="NONE" '
    'OLDFILEUID="NONE" NEWFILEUID="MINGUS-1"?>\n<OFX><STMTRS><CURDEF>EUR</CURDEF><BANKTRANLIST>'
    "<STMTTRN><DTPOSTED>20260302</DTPOSTED><TRNAMT>-5.00</TRNAMT><FITID>A1</FITID></STMTTRN>"
    "<STMTTRN><DTPOSTED>20260302</DTPOSTED><TRNAMT>-6.00</TRNAMT><FITID>A2</FITID>"
)
QIF = "!Account\nDMINGUS export 1, EUR\nNA\nTBank\n^\n!Type:Bank\nD2026-03-02\nT-5.00\nC*\n^\nD2026-03-02\nT-6"


@pytest.mark.parametrize("content", [OFX, QIF])
def test_the_last_row_of_a_cut_file_is_an_error(content: str) -> None:
    reading = read(content)
    assert (reading.amounts, [error.code for error in reading.errors]) == (["-5.00"], ["truncated"])
    assert reading.rows[0].currency == "EUR"


def test_ofx_that_is_cut_before_its_statement_is_refused() -> None:
    with pytest.raises(StatementError) as refusal:
        read(OFX.partition("<OFX>")[0] + "<OFX>")
    assert refusal.value.code == "no_statement"
