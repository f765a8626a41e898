"""Broken OFX transactions are errors with their numbers, and files without a statement are refused."""

import pytest

from finance.statements.ofx_markup import tree
from finance.statements.rows import Limits, StatementError
from tests.finance.statements.parse_helpers import ofx, read, transaction

GOOD = transaction("-2.00", fitid="GOOD")


@pytest.mark.parametrize(
    ("broken", "field", "code"),
    [
        (transaction("NaN"), "amount", "bad_amount"),
        (transaction("1e400"), "amount", "bad_amount"),
        (transaction("-Infinity"), "amount", "bad_amount"),
        (transaction("12.3.4"), "amount", "bad_amount"),
        (transaction("."), "amount", "bad_amount"),
        (transaction("1\0" + "2"), "amount", "bad_amount"),
        (transaction(""), "amount", "missing_amount"),
        (transaction("0.00"), "amount", "zero_amount"),
        (transaction("-0"), "amount", "zero_amount"),
        (transaction("1.005"), "amount", "too_many_decimals"),
        (transaction("10000000000000"), "amount", "amount_too_large"),
        (transaction("9" * 41), "amount", "amount_too_large"),
        (transaction("9" * 65), "amount", "bad_amount"),
        (transaction(day="00000101"), "date", "bad_date"),
        (transaction(day="20250230"), "date", "bad_date"),
        (transaction(day="20251301"), "date", "bad_date"),
        (transaction(day="20250001"), "date", "bad_date"),
        (transaction(day="20250431000000.000[+5.30:SLST]"), "date", "bad_date"),
        (transaction(day="20250229"), "date", "bad_date"),
        (transaction(day="2025011"), "date", "bad_date"),
        (transaction(day="01152025"), "date", "bad_date"),
        (transaction(day="15.01.2025"), "date", "bad_date"),
        (transaction(day="18991231"), "date", "date_out_of_range"),
        (transaction(day="22010101"), "date", "date_out_of_range"),
        (transaction(day="yesterday"), "date", "bad_date"),
        (transaction(day=""), "date", "missing_date"),
        (transaction(fitid="x" * 256), "provider_id", "provider_id_too_long"),
        (transaction(rest="<CURRENCY><CURSYM>QQQ</CURRENCY>"), "currency", "unknown_currency"),
        (transaction(rest="<MEMO>" + "x" * 70_000), "row", "truncated"),
        ("<STMTTRN></STMTTRN>", "date", "missing_date"),
    ],
)
def test_a_broken_transaction_does_not_affect_others(broken: str, field: str, code: str) -> None:
    reading = read(ofx(GOOD, broken, GOOD))
    assert [row.number for row in reading.rows] == [1, 3]
    assert [(error.number, error.field, error.code) for error in reading.errors] == [(2, field, code)]


def test_a_truncated_file_keeps_its_complete_transactions() -> None:
    content = ofx(GOOD, transaction("-1234.56"))
    reading = read(content[: content.index("4.56")])
    assert reading.amounts == ["-2.00"]
    assert reading.codes == [(2, "truncated")]


@pytest.mark.parametrize(
    "declaration",
    [
        '<!DOCTYPE OFX [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;">]>',
        '<!DOCTYPE foo SYSTEM "file:///etc/passwd">',
        '<! ENTITY x SYSTEM "http://127.0.0.1/">',
    ],
)
def test_it_refuses_declarations(declaration: str) -> None:
    with pytest.raises(StatementError) as refusal:
        read(ofx(GOOD, header=f'<?xml version="1.0"?>{declaration}\n'))
    assert refusal.value.code == "forbidden_markup"


def test_the_tree_expands_no_entities() -> None:
    assert tree("<MEMO>&a;&lol9;</MEMO>").findtext("MEMO") == "&a;&lol9;"


@pytest.mark.parametrize("content", ["<OFX></OFX>", "OFXHEADER:100\n\n<OFX></OFX>", "OFXHEADER:100\nDATA:OFXSGML\n", "<OFX>"])
def test_it_refuses_ofx_without_a_statement(content: str) -> None:
    with pytest.raises(StatementError) as refusal:
        read(content)
    assert refusal.value.code == "no_statement"


@pytest.mark.parametrize(
    "hostile",
    [
        "<!--" * 20_000,
        "<![CDATA[" * 20_000,
        "<A>" * 20_000 + "</A>" * 20_000,
        "<MEMO>" + "<a " * 20_000,
        "</STMTTRN>" * 20_000,
        "&amp;" * 20_000,
    ],
)
def test_hostile_markup_exhausts_neither_time_nor_stack(hostile: str) -> None:
    reading = read(ofx(GOOD, before=hostile))
    assert reading.amounts[-1:] == ["-2.00"]


def test_it_refuses_a_file_of_too_many_statements() -> None:
    with pytest.raises(StatementError) as refusal:
        read("<OFX>" + "<STMTRS>" * 2_001)
    assert refusal.value.code == "too_many_statements"


def test_it_names_the_row_limit() -> None:
    with pytest.raises(StatementError, match="more than 2 rows") as refusal:
        read(ofx(GOOD, GOOD, GOOD), limits=Limits(max_rows=2))
    assert refusal.value.code == "too_many_rows"
