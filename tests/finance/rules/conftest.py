"""Fixtures of tests of rules through the API."""

from collections.abc import Callable
from typing import Any

import pytest
from rest_framework.test import APIClient

from finance.models import TransactionSplit
from tests.finance.undo.conftest import FINANCE, RUNS, TRANSACTIONS, State, state_of

RULES = f"{FINANCE}rules/"
RULE_RUNS = f"{FINANCE}rule-runs/"
__all__ = ["FINANCE", "RULES", "RULE_RUNS", "RUNS", "TRANSACTIONS"]

Send = Callable[..., Any]


@pytest.fixture
def send(as_alice: APIClient) -> Send:
    """Return a function that posts a body as Alice, and returns the body of a response with the expected status."""

    def send(path: str, body: Any = None, *, status: int = 200) -> Any:
        response = as_alice.post(path, body or {})
        assert response.status_code == status, response.content[:1000]
        return response.json()

    return send


@pytest.fixture
def make_rule(send: Send) -> Send:
    """Return a function that creates a rule from a search and pairs of a type and a value, and returns its URL."""

    def make_rule(search: str, *actions: Any, status: int = 201, **fields: Any) -> str:
        listed = [{"type": kind, "value": value} for kind, value in actions]
        body = send(RULES, {"name": "a rule", "search": search, "actions": listed, **fields}, status=status)
        return f"{RULES}{body['id']}/"

    return make_rule


def whole_state() -> tuple[State, list[Any]]:
    """Return the stored values of all transactions and of their parts, without ids and times of the parts."""
    columns = ("transaction_id", "number", "amount", "currency", "category", "note", "tags")
    return state_of(), list(TransactionSplit.objects.order_by("transaction_id", "number").values(*columns))
