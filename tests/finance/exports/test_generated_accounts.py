"""Property tests: any account is equal to its export."""

import io
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core import csv_export
from core.currencies import minor_units, unit_of
from dev.factories import AccountFactory, TransactionFactory
from finance.account_exports.download import download
from finance.account_exports.rows import ExportedRow, Selection
from finance.statements.exported_texts import escaped, unescaped
from finance.statements.parse import parse_statement
from finance.statements.rows import Limits, StatementRow
from finance.statements.source import StatementSource
from tests import long_series
from tests.finance.exports.conftest import FORMATS, rows_of
from tests.finance.imports.conftest import Bring
from users.models import User

pytestmark = pytest.mark.long
# PostgreSQL stores neither the null character nor surrogates.
TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=60)
# White space, and the signs that mean something in one of the formats, next to each other.
MARKUP = st.text(st.sampled_from(list("a \t\r\n\\\"',;|<>&^!=+-@#n4\u200b\u202e\u2028\ufeff\x07\x85é😀")), max_size=40)
ANY_TEXT = st.one_of(TEXT, MARKUP)


def with_decimals(row: dict[str, Any]) -> dict[str, Any]:
    """Return `row` with its amount in the main unit of its currency."""
    return row | {"amount": row["amount"] * unit_of(row["currency"])}


ROW: Any = st.fixed_dictionaries(
    {
        "amount": st.integers(-999_999_999_999, 999_999_999_999).filter(bool),  # in minor units
        "currency": st.sampled_from(["USD", "USD", "EUR", "JPY", "KWD"]),
        "description": st.one_of(ANY_TEXT, ANY_TEXT.map(lambda text: text * 20)),
        "merchant_name": st.one_of(ANY_TEXT, ANY_TEXT.map(lambda text: (text * 9)[:255])),
        "category": ANY_TEXT,
        "reference_number": ANY_TEXT,
        "transaction_date": st.dates(date(2025, 12, 30), date(2026, 1, 3)),
        "posted_date": st.none() | st.dates(date(2025, 12, 30), date(2026, 1, 3)),
        "status": st.sampled_from(["completed", "pending", "disputed"]),
    }
).map(with_decimals)
ROWS = st.lists(ROW, max_size=6, unique_by=lambda row: row["reference_number"] or object())
exhaustively = settings(
    deadline=None,
    max_examples=long_series.size(40, whole=200),
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
NOW = datetime(2026, 3, 31, 9, tzinfo=UTC)
PERIOD: Any = {"first_day": None, "last_day": None, "currency": "", "today": NOW.date()}


def kind_of(row: dict[str, Any]) -> str:
    return "income" if row["amount"] > 0 else "expense"


def in_one_currency(rows: list[dict[str, Any]], file_format: str) -> list[dict[str, Any]]:
    """Return rows that the format can state: QIF has one currency."""
    if file_format != "qif":
        return rows
    return [row | {"currency": "EUR", "amount": row["amount"].scaleb(minor_units(row["currency"]) - 2)} for row in rows]


@dataclass(frozen=True, kw_only=True)
class Given(Selection):
    """A selection of rows that are not stored."""

    given: list[dict[str, Any]]

    def rows(self) -> Iterator[ExportedRow]:
        extra: dict[str, Any] = {"id": uuid4(), "balance": None, "first_day": NOW.date(), "last_day": NOW.date()}
        extra |= {"payee": "", "note": "", "tags": [], "splits": "[]"}
        ordered = sorted(self.given, key=lambda row: (row["currency"] != "USD", row["currency"], row["status"] == "pending"))
        return (ExportedRow(**row, **extra, transaction_type=kind_of(row)) for row in ordered)


def read_back(row: Any) -> tuple[Any, ...]:
    assert isinstance(row, StatementRow)
    texts = row.merchant_name, row.description, row.provider_id, row.category
    return row.date, row.amount, row.currency, *texts, row.is_pending, row.transaction_type


def as_given(row: dict[str, Any]) -> tuple[Any, ...]:
    names = ("transaction_date", "amount", "currency", "merchant_name", "description", "reference_number", "category")
    return *(row[name] for name in names), row["status"] == "pending", kind_of(row)


@pytest.mark.parametrize("file_format", FORMATS)
@exhaustively
@given(rows=ROWS)
def test_a_file_has_exactly_the_rows_of_the_account(account: Any, file_format: str, rows: list[dict[str, Any]]) -> None:
    rows = in_one_currency(rows, file_format)
    file = download(Given(account=account, given=rows, **PERIOD), file_format=file_format, now=NOW).getvalue()
    source = StatementSource(file=io.BytesIO(file), filename="statement")
    statement = parse_statement(source, default_currency="USD", limits=Limits())
    assert sorted(map(read_back, statement.rows)) == sorted(map(as_given, rows))


@pytest.mark.parametrize("file_format", FORMATS)
@settings(exhaustively, max_examples=long_series.size(6, whole=25))
@given(rows=ROWS)
def test_an_export_is_imported_without_a_difference(
    alice: User, bring: Bring, file_format: str, rows: list[dict[str, Any]]
) -> None:
    account, other = AccountFactory.create_batch(2, user=alice)
    for row in in_one_currency(rows, file_format):
        TransactionFactory(user=alice, financial_profile=account, transaction_type=kind_of(row), **row)
    file = download(Selection(account=account, **PERIOD), file_format=file_format, now=NOW).getvalue()
    first = bring(file, account=other)
    assert (first.created, first.errors, rows_of(other, "category")) == (len(rows), [], rows_of(account, "category"))
    same = bring(file, account=account)
    assert (same.created, same.review, same.duplicates) == (0, 0, len(rows))


@exhaustively
@given(text=ANY_TEXT)
def test_an_escaped_text_is_one_line_and_can_be_restored(text: str) -> None:
    line = escaped(text)
    assert unescaped(line) == text
    assert (line.splitlines() or [""], line.strip()) == ([line], line)


@exhaustively
@given(text=ANY_TEXT)
def test_the_guard_against_formulas_can_be_restored(text: str) -> None:
    assert csv_export.restored(csv_export.cell(text)) == text
