"""Fixtures of two accounts of Alice, and of transactions on them."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from dev.factories import AccountFactory, TransactionFactory
from finance.models import EncryptedFinancialProfile, FinancialTransaction
from users.models import User

TRANSFERS = "/api/v1/finance/transfers/"
TRANSACTIONS = "/api/v1/finance/transactions/"
RATES = "/api/v1/finance/exchange-rates/"
Move = Callable[..., FinancialTransaction]


@pytest.fixture
def checking(alice: User) -> EncryptedFinancialProfile:
    account: EncryptedFinancialProfile = AccountFactory.create(
        user=alice, profile_name="Everyday", institution_name="Harbor Bank", account_number="000911114321"
    )
    return account


@pytest.fixture
def savings(alice: User) -> EncryptedFinancialProfile:
    account: EncryptedFinancialProfile = AccountFactory.create(
        user=alice, profile_name="Rainy days", institution_name="Meridian", account_number="000922228765"
    )
    return account


def move(account: EncryptedFinancialProfile, amount: str, **fields: Any) -> FinancialTransaction:
    """Return a completed transaction on an account; income or an expense by its sign."""
    kind = "income" if Decimal(amount) > 0 else "expense"
    values = {"transaction_type": kind, "status": "completed", "transaction_date": date(2026, 3, 2), "description": ""}
    row: FinancialTransaction = TransactionFactory.create(
        user=account.user, financial_profile=account, amount=Decimal(amount), **values | fields
    )
    return row


@pytest.fixture
def paid(checking: EncryptedFinancialProfile) -> FinancialTransaction:
    return move(checking, "-200.00")


@pytest.fixture
def received(savings: EncryptedFinancialProfile) -> FinancialTransaction:
    return move(savings, "199.00", transaction_date=date(2026, 3, 4))
