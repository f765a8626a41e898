"""Transactions to search, and a function that returns the names of those that a search finds."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from rest_framework.test import APIClient

from dev.factories import AccountFactory, CategoryFactory, TransactionFactory
from users.models import User

LIST = "/api/v1/finance/transactions/"
Find = Callable[[str], list[str]]


@pytest.fixture
def find(as_alice: APIClient) -> Find:
    """Return a function that returns the descriptions of the rows that a search finds, in their order."""

    def found(text: str, **params: Any) -> list[str]:
        response = as_alice.get(LIST, {"search": text, **params})
        assert response.status_code == 200, response.content
        return [row["description"] for row in response.json()["results"]]

    return found


@pytest.fixture
def ledger(alice: User, bob: User) -> dict[str, Any]:
    """Insert three transactions of alice and one of bob, and return alice's by their descriptions."""
    checking = AccountFactory(user=alice, profile_name="Everyday Checking")
    food = CategoryFactory(user=alice, name="Food", slug="food")
    CategoryFactory(user=alice, name="Eating out", slug="dining", parent=food)
    rows: list[Any] = [
        TransactionFactory(
            user=alice,
            financial_profile=checking,
            description="coffee",
            merchant_name="McDonald's #12",
            payee="Corner Shop",
            category="dining",
            tags=["Work"],
            note="with Zoë",
            reference_number="INV/2026-1",
            amount=Decimal("-4.50"),
            currency="EUR",
            transaction_date=date(2026, 3, 31),
            posted_date=date(2026, 4, 1),
            status="completed",
        ),
        TransactionFactory(
            user=alice,
            financial_profile=None,
            description="salary",
            transaction_type="income",
            amount=Decimal("2500.00"),
            transaction_date=date(2026, 2, 1),
            status="pending",
        ),
        TransactionFactory(
            user=alice,
            financial_profile=checking,
            description="rent",
            category="Housing",
            tags=["Home"],
            amount=Decimal("-900.00"),
            transaction_date=date(2025, 12, 31),
            status="completed",
        ),
    ]
    TransactionFactory(user=bob, description="coffee", category="dining", tags=["Work"], payee="Corner Shop")
    return {row.description: row for row in rows}
