"""The endpoint `transactions/export/`, which writes every filtered row to a file."""

import csv
import io
from decimal import Decimal
from typing import Any

import orjson
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from dev.factories import AccountFactory, TransactionFactory
from finance import exports
from finance.models import FinancialTransaction
from users.models import User

LIST, EXPORT = "/api/v1/finance/transactions/", "/api/v1/finance/transactions/export/"


def as_csv(response: Any) -> list[dict[str, str]]:
    """Parse the file as a spreadsheet does."""
    assert (response.status_code, response.headers["Content-Type"]) == (200, "text/csv; charset=utf-8")
    return list(csv.DictReader(io.StringIO(response.getvalue().decode("utf-8-sig"))))


def as_json(response: Any) -> list[dict[str, Any]]:
    assert (response.status_code, response.headers["Content-Type"]) == (200, "application/json")
    return orjson.loads(response.getvalue())


@pytest.fixture
def shops(alice: User) -> list[FinancialTransaction]:
    owned = {"user": alice, "financial_profile": AccountFactory(user=alice), "amount": Decimal("-6.60")}
    return [TransactionFactory.create(**owned, merchant_name=name) for name in ("Shop A", "Shop B", "Bar")]


def test_the_csv_has_the_columns_of_the_list(as_alice: APIClient, shops: list[FinancialTransaction]) -> None:
    response = as_alice.get(EXPORT)
    assert response.headers["Content-Disposition"] == 'attachment; filename="transactions.csv"'
    rows = as_csv(response)
    assert [row["merchant_name"] for row in rows] == ["Shop A", "Shop B", "Bar"]
    assert list(rows[0]) == list(as_alice.get(LIST).json()["results"][0])
    assert (rows[0]["amount"], rows[0]["metadata"]) == ("-6.60", '{"source": "factory"}')


def test_the_json_has_the_rows_of_the_list(as_alice: APIClient, shops: list[FinancialTransaction]) -> None:
    listed = as_alice.get(LIST, {"ordering": "created_at"}).json()["results"]
    assert as_json(as_alice.get(EXPORT, {"file_format": "json"})) == listed


@pytest.mark.parametrize("file_format", exports.FORMATS)
def test_it_works_while_queries_are_captured(as_alice: APIClient, shops: list[FinancialTransaction], file_format: str) -> None:
    with CaptureQueriesContext(connection):
        response = as_alice.get(EXPORT, {"file_format": file_format})
    assert response.status_code == 200
    assert b"".join(response).count(b"Shop A") == 1


@pytest.mark.parametrize("file_format", exports.FORMATS)
def test_no_rows_are_an_empty_file(as_alice: APIClient, file_format: str) -> None:
    read = {"csv": as_csv, "json": as_json}[file_format]
    assert read(as_alice.get(EXPORT, {"file_format": file_format})) == []


@pytest.mark.parametrize(
    "query",
    [
        {"merchant_name__icontains": "shop"},
        {"search": "shop b"},
        {"merchant_name": "Bar", "search": "bar"},
        {"amount__lte": "-1.00", "status__in": "pending,completed"},
        {"transaction_type": "income"},
        {"transaction_date__gte": "2026-03-01", "metadata__contains": '{"source": "factory"}'},
    ],
)
def test_it_has_the_filters_of_the_list(as_alice: APIClient, shops: list[FinancialTransaction], query: dict[str, str]) -> None:
    listed = as_alice.get(LIST, query | {"ordering": "created_at"}).json()["results"]
    assert as_json(as_alice.get(EXPORT, query | {"file_format": "json"})) == listed
    assert [row["id"] for row in as_csv(as_alice.get(EXPORT, query))] == [row["id"] for row in listed]


@pytest.mark.parametrize(
    ("query", "attr", "code"),
    [
        ({"file_format": "xlsx"}, "file_format", "unknown_format"),
        ({"file_format": ""}, "file_format", "unknown_format"),
        ({"limit": "5"}, "limit", "unknown_filter"),
        ({"ordering": "amount"}, "ordering", "unknown_filter"),
        ({"color": "red"}, "color", "unknown_filter"),
        ({"note__icontains": ["a", "b"]}, "note__icontains", "repeated"),
        ({"category": ""}, "category", "blank"),
        ({"status": "lost"}, "status", "invalid_choice"),
        ({"amount__gte": "much"}, "amount__gte", "invalid"),
    ],
)
def test_an_invalid_parameter_is_refused(as_alice: APIClient, query: dict[str, Any], attr: str, code: str) -> None:
    response = as_alice.get(EXPORT, query)
    error = response.json()["errors"][0]
    assert (response.status_code, error["attr"], error["code"]) == (400, attr, code)


def test_it_has_no_rows_of_other_users(as_alice: APIClient, shops: list[FinancialTransaction], bob: User) -> None:
    TransactionFactory(user=bob)
    assert len(as_csv(as_alice.get(EXPORT))) == 3


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r"])
def test_a_text_that_would_be_a_formula_gets_an_apostrophe(as_alice: APIClient, alice: User, start: str) -> None:
    TransactionFactory(user=alice, merchant_name=f"{start}HYPERLINK(1)", amount=Decimal("-6.60"))
    [row] = as_csv(as_alice.get(EXPORT))
    assert (row["merchant_name"], row["amount"]) == (f"'{start}HYPERLINK(1)", "-6.60")


@pytest.mark.parametrize(("file_format", "pieces"), [("csv", 2), ("json", 3)])
def test_it_is_read_in_batches(
    as_alice: APIClient, shops: list[FinancialTransaction], monkeypatch: pytest.MonkeyPatch, file_format: str, pieces: int
) -> None:
    monkeypatch.setattr(exports, "BATCH", 2)
    whole = as_alice.get(EXPORT, {"file_format": file_format})
    found = [bytes(piece) for piece in whole.streaming_content]
    assert len(found) == pieces
    assert [b"".join(found).count(name) for name in (b"Shop A", b"Shop B", b"Bar")] == [1, 1, 1]
