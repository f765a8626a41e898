"""Fixtures that export an account through the API and import the file."""

from collections.abc import Callable
from typing import Any

import pytest
from rest_framework.test import APIClient

from finance.models import FinancialTransaction
from tests.finance.imports.conftest import bring, send, undo

__all__ = ["bring", "send", "undo"]

FORMATS = ["ofx", "qif", "csv", "json"]
STATE = ("transaction_date", "amount", "currency", "merchant_name", "description", "reference_number")
Export = Callable[..., bytes]


@pytest.fixture
def export(as_alice: APIClient) -> Export:
    """Return a function that exports an account, and returns the bytes of the file."""

    def export(account: Any, file_format: str, **query: str) -> bytes:
        response = as_alice.get(f"/api/v1/finance/accounts/{account.pk}/export/", {"file_format": file_format} | query)
        assert response.status_code == 200, response.content
        return response.getvalue()

    return export


def rows_of(account: Any, *names: str) -> list[tuple[Any, ...]]:
    """Return the transactions of an account by the fields that an export must preserve, and those in `names`."""
    found = FinancialTransaction.objects.filter(financial_profile=account)
    return sorted(found.values_list(*STATE, *names), key=repr)
