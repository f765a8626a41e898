"""Payees, notes, tags and splits in the JSON export of an account, and in the import of the file."""

from decimal import Decimal
from typing import Any

import orjson
import pytest
from rest_framework.test import APIClient

from dev.factories import AccountFactory
from finance.models import FinancialTransaction
from tests.finance.exports.conftest import Export
from tests.finance.imports.conftest import Bring, Undo
from users.models import User

PARTS = [
    {"amount": "-30.00", "category": "groceries", "note": "milk\nand eggs", "tags": ["weekly"]},
    {"amount": "-12.50", "category": "", "note": "", "tags": []},
]


@pytest.fixture
def shop(as_alice: APIClient, alice: User) -> Any:
    """Return an account with a split transaction that has a payee, a note and tags."""
    account = AccountFactory(user=alice)
    row = {
        "financial_profile": str(account.pk),
        "transaction_type": "expense",
        "transaction_date": "2026-03-02",
        "amount": "-42.50",
        "merchant_name": "SHOP 12",
        "payee": "The Shop",
        "note": "with Bob",
        "tags": ["joint"],
        "splits": PARTS,
        "status": "completed",
    }
    assert as_alice.post("/api/v1/finance/transactions/", row, format="json").status_code == 201
    return account


def state_of(account: Any) -> list[Any]:
    rows = FinancialTransaction.objects.filter(financial_profile=account)
    return [(row.amount, row.merchant_name, row.payee, row.note, row.tags, row.splits) for row in rows]


def test_the_document_has_what_a_person_has_added(shop: Any, export: Export) -> None:
    [row] = orjson.loads(export(shop, "json"))["transactions"]
    assert (row["payee"], row["note"], row["tags"], row["splits"]) == ("The Shop", "with Bob", ["joint"], PARTS)


def test_an_import_into_an_empty_account_gives_equal_rows(shop: Any, alice: User, export: Export, bring: Bring) -> None:
    empty = AccountFactory(user=alice)
    result = bring(export(shop, "json"), account=empty)
    assert (result.created, state_of(empty)) == (1, state_of(shop))
    sources = FinancialTransaction.objects.get(financial_profile=empty).sources
    assert {name: entry["kind"] for name, entry in sources.items()} == dict.fromkeys(
        ["payee", "note", "tags", "splits"], "import"
    )


def test_an_import_into_the_same_account_changes_nothing(shop: Any, export: Export, bring: Bring) -> None:
    before = state_of(shop)
    assert (bring(export(shop, "json"), account=shop).duplicates, state_of(shop)) == (1, before)


def test_the_import_can_be_undone(shop: Any, alice: User, export: Export, bring: Bring, undo: Undo) -> None:
    empty = AccountFactory(user=alice)
    assert undo(bring(export(shop, "json"), account=empty)).removed == 1
    assert state_of(empty) == []


def test_an_export_of_the_first_version_is_read(shop: Any, alice: User, export: Export, bring: Bring) -> None:
    document = orjson.loads(export(shop, "json")) | {"version": 1}
    for name in ("payee", "note", "tags", "splits"):
        del document["transactions"][0][name]
    empty = AccountFactory(user=alice)
    assert bring(orjson.dumps(document), account=empty).created == 1
    assert state_of(empty) == [(Decimal("-42.50"), "SHOP 12", "Shop", "", [], [])]
