"""Fixtures that write transactions of Alice through the API."""

from collections.abc import Callable
from typing import Any

import pytest
from rest_framework.test import APIClient

TRANSACTIONS = "/api/v1/finance/transactions/"
CATEGORIES = "/api/v1/finance/categories/"
TAGS = "/api/v1/finance/tags/"
PAYEES = "/api/v1/finance/payees/"
Post = Callable[..., Any]


@pytest.fixture
def spend(as_alice: APIClient) -> Post:
    """Return a function that posts an expense with the given fields, and returns the response's body."""

    def spend(**fields: Any) -> Any:
        body = {"transaction_type": "expense", "amount": "-5.00", "transaction_date": "2026-03-02"} | fields
        response = as_alice.post(TRANSACTIONS, body)
        assert response.status_code == 201, response.content
        return response.json()

    return spend


def merge(client: APIClient, path: str, merged: Any, into: Any) -> Any:
    return client.post(f"{path}{merged}/merge/", {"into": str(into)})
