"""Importing the CSV export of transactions, whose texts were changed so that no spreadsheet runs them."""

from decimal import Decimal
from typing import Any

import pytest
from rest_framework.test import APIClient

from dev.factories import AccountFactory, TransactionFactory
from finance.models import FinancialTransaction
from tests.finance.imports.conftest import Bring
from users.models import User

EXPORT = "/api/v1/finance/transactions/export/"
TEXTS = [
    "=HYPERLINK(1)",
    "+49 30 123",
    "-5 % rebate",
    "@home",
    "a;=1",
    "Rent, -5 %",
    "'=1",
    "''quoted''",
    "＝1",
    "it's; -1",
    "Shop",
]


@pytest.fixture
def exported(alice: User, as_alice: APIClient) -> bytes:
    """Return the export of a transaction for each text."""
    account = AccountFactory(user=alice)
    for number, text in enumerate(TEXTS):
        texts = {
            "description": text,
            "merchant_name": text,
            "category": f"Kind {number % 3}",
            "reference_number": f"{text}{number}",
        }
        amount = Decimal(f"-{number + 1}.50")
        TransactionFactory(user=alice, financial_profile=account, amount=amount, transaction_type="expense", **texts)
    return as_alice.get(EXPORT).getvalue()


def stored(account: Any) -> list[tuple[str, ...]]:
    names = ("amount", "description", "merchant_name", "category", "reference_number")
    return sorted(map(tuple, FinancialTransaction.objects.filter(financial_profile=account).values_list(*names)))


MAPPING = {"date": "transaction_date", "provider_id": "reference_number", "type": None, "status": None}


def test_another_account_gets_the_same_texts(exported: bytes, alice: User, bring: Bring) -> None:
    other, original = AccountFactory(user=alice), FinancialTransaction.objects.first().financial_profile
    result = bring(exported, account=other, mapping=MAPPING)
    assert (result.created, result.errors) == (len(TEXTS), [])
    assert stored(other) == stored(original)


def test_the_same_account_gets_nothing_twice(exported: bytes, bring: Bring) -> None:
    account = FinancialTransaction.objects.first().financial_profile
    result = bring(exported, account=account, mapping=MAPPING)
    assert (result.created, result.duplicates) == (0, len(TEXTS))
