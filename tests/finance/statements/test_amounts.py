"""Amounts in every notation. An invalid amount is an error, and nothing is rounded."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from finance.statements.amounts import decimal_mark, read_money
from finance.statements.rows import BrokenCellError


@pytest.mark.parametrize(
    ("cell", "mark", "amount"),
    [
        ("12.50", ".", "12.50"),
        ("-12.50", ".", "-12.50"),
        ("+12.5", ".", "12.5"),
        ("12", ".", "12"),
        (".5", ".", "0.5"),
        ("12.", ".", "12"),
        ("1,234.56", ".", "1234.56"),
        ("1'234.56", ".", "1234.56"),
        ("1’234.56", ".", "1234.56"),
        ("1,23,456.78", ".", "123456.78"),
        ("1.234,56", ",", "1234.56"),
        ("1 234,56", ",", "1234.56"),
        ("1\u00a0234,56", ",", "1234.56"),
        ("1\u202f234,56", ",", "1234.56"),
        ("1.234.567", ",", "1234567"),
        ("(12.50)", ".", "-12.50"),
        ("12.50-", ".", "-12.50"),
        ("\u221212.50", ".", "-12.50"),
        ("- 12.50", ".", "-12.50"),
        ("$12.50", ".", "12.50"),
        ("-$12.50", ".", "-12.50"),
        ("$-12.50", ".", "-12.50"),
        ("($1,234.50)", ".", "-1234.50"),
        ("12,50 €", ",", "12.50"),
        ("EUR -12,50", ",", "-12.50"),
        ("12.50 CR", ".", "12.50"),
        ("12.50DR", ".", "-12.50"),
        ("12,50 S", ",", "-12.50"),
        ("12,50 H", ",", "12.50"),
        ("Rs. 1,234.00", ".", "1234.00"),
        ("Rs.500", ".", "500"),
        ("Fr. 12.50", ".", "12.50"),
        ("12.–", ".", "12"),
        ("12,--", ",", "12"),
        ("１２．５０", ".", "12.50"),
        ("¥1,250", ".", "1250"),
        ("1,250円", ".", "1250"),
    ],
)
def test_it_reads_every_notation(cell: str, mark: str, amount: str) -> None:
    assert read_money(cell, mark).amount == Decimal(amount)


@pytest.mark.parametrize(
    "cell",
    ["NaN", "sNaN", "inf", "-Infinity", "1e400", "1E5", "0x1F", "1_000", "12-50", "2025-01-02", "1/2", "12 pieces", "12.50 XXQ",
     "(12.50", "12.50)", "1,2,3", "1.2.3", "1,234,56", "12,34.5", "١٢x", "€", "-", ".", "=1+1", "9" * 65],
)  # fmt: skip
def test_it_refuses_an_invalid_amount(cell: str) -> None:
    with pytest.raises(BrokenCellError) as broken:
        read_money(cell, ".")
    assert broken.value.code == "bad_amount"


@pytest.mark.parametrize("cell", ["", " ", "\u00a0"])
def test_an_empty_cell_is_a_missing_amount(cell: str) -> None:
    with pytest.raises(BrokenCellError) as broken:
        read_money(cell, ".")
    assert broken.value.code == "missing_amount"


@pytest.mark.parametrize(
    ("cells", "mark"),
    [
        (["1,234.56"], "."),
        (["1.234,56"], ","),
        (["12,5"], ","),
        (["12.5"], "."),
        (["1'234.567"], "."),
        (["1 234,567"], ","),
        (["1,234,567"], "."),
        (["1.234.567"], ","),
        (["0,123"], ","),
        (["12", "500", "1,234"], "."),
        (["12", "500", "1.234"], ","),
        (["1.234", "12,50"], ","),
        (["1,50", "2,50", "3.50"], ","),
        (["12", "13"], "."),
        ([], "."),
        (["1.234"], None),
        (["1,234", "2,500"], None),
    ],
)
def test_the_decimal_mark_is_decided_over_all_amounts(cells: list[str], mark: str | None) -> None:
    assert decimal_mark(cells, decimals=2, is_point_usual=False) == mark


@pytest.mark.parametrize(
    ("cells", "mark"),
    [
        (["1,234", "2,500"], ","),
        (["500.555"], "."),
        (["1,234.500", "2.500"], "."),
        (["500", "1,234"], "."),
        (["12.000", "0.250"], "."),
    ],
)
def test_three_digits_after_a_mark_are_the_decimals_of_a_dinar(cells: list[str], mark: str) -> None:
    assert decimal_mark(cells, decimals=3, is_point_usual=False) == mark


@given(cents=st.integers(-(10**12), 10**12), mark=st.sampled_from(".,"), grouping=st.sampled_from(["", "'", " ", "other"]))
def test_a_written_amount_is_read_back(cents: int, mark: str, grouping: str) -> None:
    other = {".": ",", ",": "."}[mark]
    plain = f"{Decimal(cents) / 100:,.2f}".replace(",", "g").replace(".", mark)
    written = plain.replace("g", other * (grouping == "other") or grouping.replace("other", ""))
    assert read_money(written, mark).amount * 100 == cents


@given(st.text(), st.sampled_from(".,"))
def test_any_text_is_an_amount_or_a_broken_cell(text: str, mark: str) -> None:
    assert _outcome(text, mark)


def _outcome(text: str, mark: str) -> bool:
    try:
        return read_money(text, mark).amount.is_finite()
    except BrokenCellError as broken:
        return bool(broken.message)
