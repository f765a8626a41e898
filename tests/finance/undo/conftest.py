"""Fixtures of tests that undo edits and restore transactions through the API."""

from collections.abc import Callable
from typing import Any

import pytest
from rest_framework.test import APIClient

from finance.models import FinancialTransaction

FINANCE = "/api/v1/finance/"
TRANSACTIONS = f"{FINANCE}transactions/"
BULK = f"{TRANSACTIONS}bulk/"
DELETED = f"{FINANCE}deleted-transactions/"
RUNS = f"{FINANCE}edit-runs/"
State = dict[Any, dict[str, Any]]


@pytest.fixture
def send(as_alice: APIClient) -> Callable[..., Any]:
    """Return a function that posts a body as Alice, and returns the body of a response with the expected status."""

    def send(path: str, body: Any = None, *, status: int = 200) -> Any:
        response = as_alice.post(path, body or {})
        assert response.status_code == status, response.content[:1000]
        return response.json()

    return send


def state_of(*rows: Any, without: tuple[str, ...] = ("updated_at", "search_text")) -> State:
    """Return the stored values of transactions, of all if none are given, by id."""
    found = FinancialTransaction.objects.order_by("pk").values()
    chosen = found.filter(pk__in=[row.pk for row in rows]) if rows else found
    return {row["id"]: {name: value for name, value in row.items() if name not in without} for row in chosen}
