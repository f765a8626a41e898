"""Layouts of banks, wallets and programs in many languages, read without a mapping."""

import re
from string import Formatter

import pytest

from core.currencies import minor_units
from tests.finance.statements.csv_layouts import CURRENCIES, LAYOUTS, WORDS
from tests.finance.statements.parse_helpers import Reading, read

NAMES = [pytest.param(name, id=name) for name in LAYOUTS]


def _read(name: str) -> Reading:
    return read(LAYOUTS[name].format(**WORDS))


@pytest.mark.parametrize("name", NAMES)
def test_the_two_transactions_are_read(name: str) -> None:
    reading = _read(name)
    assert reading.errors == []
    assert sorted((row.date.isoformat(), row.amount.scaleb(minor_units(row.currency))) for row in reading.rows) == [
        ("2025-01-13", -1250),
        ("2025-01-14", 250000),
    ]
    assert {row.currency for row in reading.rows} == {CURRENCIES[name]}
    assert not any(row.is_pending for row in reading.rows)


@pytest.mark.parametrize("name", NAMES)
def test_the_texts_of_the_columns_are_kept(name: str) -> None:
    expense, income = sorted(_read(name).rows, key=lambda row: row.amount)
    columns = {field for _, field, _, _ in Formatter().parse(LAYOUTS[name]) if field}
    # without a header, the payee is one of the texts
    payees = [row.merchant_name or row.description for row in (expense, income)]
    found = [payees[0], expense.description, payees[1], income.description]
    wanted = [WORDS[column] if column in columns else "" for column in "pqPQ"]
    assert [re.search(re.escape(word), text) is not None for word, text in zip(wanted, found, strict=True)] == [True] * 4


@pytest.mark.parametrize("name", NAMES)
def test_the_reported_mapping_reproduces_the_reading(name: str) -> None:
    first = _read(name)
    again = read(LAYOUTS[name].format(**WORDS), mapping=first.statement.mapping)
    assert (again.rows, again.errors, dict(again.statement.mapping)) == (first.rows, [], dict(first.statement.mapping))
