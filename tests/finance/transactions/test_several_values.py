"""Filters with several values, by computed values, and by codes of currencies."""

from typing import Any
from uuid import uuid4

import pytest
from rest_framework.test import APIClient

from dev.factories import AccountFactory, TransactionFactory
from users.models import User

URL = "/api/v1/finance/transactions/"


def found(client: APIClient, query: str) -> list[str]:
    response = client.get(f"{URL}?{query}")
    assert response.status_code == 200, response.content
    return sorted(row["description"] for row in response.json()["results"])


def error(client: APIClient, query: str) -> tuple[str, str]:
    response = client.get(f"{URL}?{query}")
    assert response.status_code == 400, response.content
    [problem] = response.json()["errors"]
    return problem["attr"], problem["code"]


@pytest.fixture
def rows(alice: User) -> list[Any]:
    accounts = AccountFactory.create_batch(3, user=alice)
    values = [("expense", "-5.00", "pending"), ("income", "7.00", "completed"), ("fee", "-50.00", "failed")]
    return [
        TransactionFactory(
            user=alice,
            financial_profile=accounts[number],
            description=f"row {number}",
            transaction_type=kind,
            amount=amount,
            status=status,
        )
        for number, (kind, amount, status) in enumerate(values)
    ]


@pytest.mark.parametrize(
    "query", ["status__in=pending,failed", "status=pending&status=failed", "status__in=pending&status__in=failed"]
)
def test_both_styles_of_several_values_find_the_same(as_alice: APIClient, rows: list[Any], query: str) -> None:
    assert found(as_alice, query) == ["row 0", "row 2"]


def test_transactions_of_several_accounts(as_alice: APIClient, rows: list[Any]) -> None:
    first, second = rows[0].financial_profile_id, rows[1].financial_profile_id
    assert found(as_alice, f"financial_profile__in={first},{second}") == ["row 0", "row 1"]
    assert found(as_alice, f"financial_profile={first}&financial_profile={second}") == ["row 0", "row 1"]


def test_transactions_by_their_ids(as_alice: APIClient, rows: list[Any]) -> None:
    assert found(as_alice, f"id__in={rows[2].pk},{rows[0].pk},{uuid4()}") == ["row 0", "row 2"]
    assert error(as_alice, "id__in=1,2") == ("id__in", "invalid")


def test_the_ids_of_another_user_find_nothing(as_alice: APIClient, bob: User) -> None:
    assert found(as_alice, f"id__in={TransactionFactory(user=bob).pk}") == []


def test_a_value_with_a_comma_is_sent_as_a_parameter_of_its_own(as_alice: APIClient, alice: User) -> None:
    for payee in ("Smith, Jones & Co", "Smith", "Bakery"):
        TransactionFactory(user=alice, payee=payee, description=payee)
    assert found(as_alice, "payee=Smith%2C+Jones+%26+Co&payee=Bakery") == ["Bakery", "Smith, Jones & Co"]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("is_income=true", ["row 1"]),
        ("is_expense=true", ["row 0"]),
        ("absolute_amount__gte=6", ["row 1", "row 2"]),
        ("absolute_amount=5.00", ["row 0"]),
        ("absolute_amount__lt=50&is_income=false", ["row 0"]),
    ],
)
def test_transactions_by_computed_values(as_alice: APIClient, rows: list[Any], query: str, expected: list[str]) -> None:
    assert found(as_alice, query) == expected
    assert found(as_alice, query) == expected  # by the compiled query


@pytest.mark.parametrize(
    ("ordering", "first"), [("absolute_amount", "row 0"), ("-absolute_amount", "row 2"), ("updated_at", "row 1")]
)
def test_transactions_are_sorted(as_alice: APIClient, rows: list[Any], ordering: str, first: str) -> None:
    for row in (rows[1], rows[0], rows[2]):
        row.note = "changed"
        row.save()
    results = as_alice.get(f"{URL}?ordering={ordering}").json()["results"]
    assert results[0]["description"] == first


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("currency=EURO", ("currency", "unknown_currency")),
        ("currency=eur", ("currency", "unknown_currency")),
        ("status=pending&status=gone", ("status__in", "invalid_choice")),
        ("status=pending&status=", ("status", "blank")),
        ("is_income=yes", ("is_income", "invalid_boolean")),
        ("limit=5&limit=6", ("limit", "repeated")),
        ("transaction_date=2026-03-01&transaction_date=2026-03-02", ("transaction_date", "repeated")),
    ],
)
def test_a_wrong_filter_names_the_parameter(as_alice: APIClient, query: str, expected: tuple[str, str]) -> None:
    assert error(as_alice, query) == expected
