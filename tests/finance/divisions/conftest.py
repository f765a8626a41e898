"""Fixtures of divided transactions."""

from typing import Any

from django.db import connection, transaction

from tests.finance.names.conftest import TRANSACTIONS, Post, spend

__all__ = ["TRANSACTIONS", "Post", "errors", "execute_at_once", "spend"]


def errors(response: Any) -> list[tuple[str, str]]:
    return [(each["attr"], each["code"]) for each in response.json()["errors"]]


def execute_at_once(sql: str, parameters: dict[str, Any] | None = None) -> None:
    """Execute a statement and check the deferred constraints, as its commit would."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
