"""Fixtures of an account that is compared with a balance of its bank."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from rest_framework.test import APIClient

from dev.factories import AccountFactory, TransactionFactory
from finance.models import EncryptedFinancialProfile, FinancialTransaction
from users.models import User

ACCOUNTS = "/api/v1/finance/accounts/"
DAY = "2026-03-31"
Reconcile = Callable[..., Any]


@pytest.fixture
def account(alice: User) -> EncryptedFinancialProfile:
    """Return an account with 100.00 at the end of February 2026."""
    balance: Any = {"account_balance": Decimal("100.00"), "balance_date": "2026-02-28"}
    return AccountFactory(user=alice, currency="USD", **balance)


@pytest.fixture
def entry(account: EncryptedFinancialProfile) -> Callable[..., FinancialTransaction]:
    """Return a function that stores a transaction of the account, by default on March 10 and completed."""

    def entry(amount: str, day: str = "2026-03-10", **fields: Any) -> FinancialTransaction:
        kind = "income" if Decimal(amount) > 0 else "expense"
        values = {"user": account.user, "financial_profile": account, "transaction_type": kind, "status": "completed"}
        return TransactionFactory(**{**values, "amount": Decimal(amount), "transaction_date": day, "currency": "USD"} | fields)

    return entry


@pytest.fixture
def reconcile(as_alice: APIClient, account: EncryptedFinancialProfile) -> Reconcile:
    """Return a function that reconciles the account and returns the body of a response with the expected status."""

    def reconcile(balance: str, day: str = DAY, *, status: int = 200, **fields: Any) -> Any:
        response = as_alice.post(f"{ACCOUNTS}{account.pk}/reconcile/", {"date": day, "balance": balance, **fields})
        assert response.status_code == status, response.content
        return response.json()

    return reconcile


def marked() -> set[Any]:
    """Return the ids of the transactions that are reconciled."""
    return set(FinancialTransaction.objects.exclude(reconciled_date=None).values_list("pk", flat=True))


def reasons(result: Any) -> list[list[tuple[str, str]]]:
    """Return the reasons and ids of the rows of each explanation."""
    return [[(row["reason"], row["id"]) for row in rows] for rows in result["explanations"]]
