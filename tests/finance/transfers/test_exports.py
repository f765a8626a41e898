"""Exports of transfers: both signs survive, and what is read back does not differ."""

import csv
import io
from typing import Any

import pytest
from rest_framework.test import APIClient

from core import clock
from finance.models import EncryptedFinancialProfile, FinancialTransaction
from finance.services import link_transactions
from tests.finance.imports.conftest import Bring
from tests.finance.imports.conftest import bring as bring
from tests.finance.transfers.conftest import TRANSACTIONS

NAMES = ("amount", "currency", "transaction_date", "description", "transaction_type")
COMPARED = {"csv": NAMES, "json": NAMES, "ofx": NAMES, "qif": NAMES[:-1]}  # QIF has no types


@pytest.fixture
def linked(paid: FinancialTransaction, received: FinancialTransaction) -> tuple[FinancialTransaction, FinancialTransaction]:
    link_transactions(outgoing=paid, incoming=received, now=clock.now())
    return paid, received


def body_of(response: Any) -> bytes:
    assert response.status_code == 200
    return b"".join(response.streaming_content)


def test_both_signs_are_in_the_lists_exports(as_alice: APIClient, linked: Any) -> None:
    text = body_of(as_alice.get(f"{TRANSACTIONS}export/?file_format=csv")).decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(text)))
    assert sorted((row["amount"], row["transaction_type"]) for row in rows) == [("-200.00", "transfer"), ("199.00", "transfer")]
    document = as_alice.get(f"{TRANSACTIONS}export/?file_format=json")
    assert b'"-200.00"' in body_of(document)


@pytest.mark.parametrize("file_format", COMPARED)
@pytest.mark.parametrize("side", [0, 1])
def test_an_account_is_read_back_without_a_difference(
    as_alice: APIClient, linked: Any, bring: Bring, account: EncryptedFinancialProfile, file_format: str, side: int
) -> None:
    row = FinancialTransaction.objects.get(pk=linked[side].pk)
    path = f"/api/v1/finance/accounts/{row.financial_profile_id}/export/?file_format={file_format}"
    bring(body_of(as_alice.get(path)), account=account, filename=f"export.{file_format}", account_hint="")
    [copy] = FinancialTransaction.objects.filter(financial_profile=account)
    assert [getattr(copy, name) for name in COMPARED[file_format]] == [getattr(row, name) for name in COMPARED[file_format]]


def test_a_second_import_of_an_export_creates_nothing(as_alice: APIClient, linked: Any, bring: Bring) -> None:
    paid = linked[0]
    path = f"/api/v1/finance/accounts/{paid.financial_profile_id}/export/?file_format=json"
    result = bring(body_of(as_alice.get(path)), account=paid.financial_profile, filename="export.json")
    assert result.created == 0
    assert FinancialTransaction.objects.count() == 2
