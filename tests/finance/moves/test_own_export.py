"""Our own export of all data, moved into the accounts of another user."""

import io
import json
import zipfile
from collections.abc import Callable
from decimal import Decimal
from hashlib import sha256
from typing import Any

import pytest
from rest_framework.test import APIClient

from dev.factories import AccountFactory, TransactionFactory
from finance.models import Category, EncryptedFinancialProfile, FinancialTransaction, Transfer
from tests.finance.moves.conftest import Send
from tests.finance.moves.test_api import error
from tests.privacy.conftest import files_in, zip_of
from users.models import User

TRANSACTIONS = "data/finance_financialtransaction.jsonl"
COLUMNS = (
    "transaction_date", "posted_date", "amount", "currency", "description", "merchant_name", "payee", "tags", "note",
    "category", "reference_number", "transaction_type", "status", "financial_profile__profile_name",
)  # fmt: skip


def state_of(user: User) -> list[Any]:
    """Return all values of a user's transactions that a move keeps, with their parts."""
    rows = FinancialTransaction.objects.filter(user=user).order_by("transaction_date", "amount", "description")
    values = list(rows.values_list(*COLUMNS))
    return [(*value, row.splits) for value, row in zip(values, rows, strict=True)]


@pytest.fixture
def world(as_alice: APIClient, alice: User) -> User:
    """Return alice with two accounts, categories, tags, notes, a split and a transfer."""
    giro = AccountFactory(
        user=alice, profile_name="Giro", profile_type="checking", currency="EUR", account_number="DE02120300000000202051",
        account_balance=Decimal("900.00"), balance_date="2025-03-31", balance_source="user",
    )  # fmt: skip
    yen = AccountFactory(user=alice, profile_name="円", profile_type="savings", currency="JPY", account_balance=None)
    url = "/api/v1/finance/transactions/"
    base = {"financial_profile": str(giro.pk), "currency": "EUR", "status": "completed", "transaction_date": "2025-03-15"}
    spent, earned = base | {"transaction_type": "expense"}, base | {"transaction_type": "income"}
    split = [
        {"amount": "-30.00", "category": "Groceries", "note": "milk\nand eggs", "tags": ["weekly"]},
        {"amount": "-12.50", "category": "", "note": "", "tags": []},
    ]
    sent = [
        spent | {"amount": "-42.50", "merchant_name": "SHOP 12", "splits": split, "tags": ["joint"]},
        earned | {"amount": "2500.00", "category": "Salary", "payee": "Acme", "note": "two\n lines"},
        spent | {"amount": "-100.00", "description": "to yen", "transaction_date": "2025-04-02"},
        spent | {"amount": "-5.00", "status": "pending", "reference_number": "REF 1"},
        earned | {"amount": "16000", "currency": "JPY", "financial_profile": str(yen.pk), "description": "x"},
    ]
    keys = {}
    for values in sent:
        response = as_alice.post(url, values, format="json")
        assert response.status_code == 201, response.content
        keys[values["amount"]] = response.json()["id"]
    linked = as_alice.post(
        "/api/v1/finance/transfers/", {"outgoing": keys["-100.00"], "incoming": keys["16000"]}, format="json"
    )
    assert linked.status_code == 201, linked.content
    Category.objects.filter(user=alice, slug="salary").update(name="Wages")
    return alice


@pytest.fixture
def move_to_bob(as_bob: APIClient, send: Send) -> Callable[[bytes], dict[str, Any]]:
    def move(content: bytes, **fields: Any) -> dict[str, Any]:
        response = send(content, client=as_bob, dry_run=False, **fields)
        assert response.status_code == 201, response.content
        return dict(response.json())

    return move


def test_an_export_gives_equal_rows(world: User, bob: User, move_to_bob: Send) -> None:
    body = move_to_bob(zip_of(world))
    assert (body["format"], body["errors"], body["splits"], body["transfers"]) == ("mingus", [], 1, 1)
    mine = [tuple("wages" if value == "salary" else value for value in row) for row in state_of(world)]
    assert state_of(bob) == mine
    assert Transfer.objects.get(user=bob).status == "accepted"


def test_accounts_get_number_type_and_balance(world: User, bob: User, move_to_bob: Send) -> None:
    move_to_bob(zip_of(world))
    giro, yen = EncryptedFinancialProfile.objects.filter(user=bob).order_by("profile_name")
    assert (giro.account_number, giro.profile_type, giro.currency) == ("DE02120300000000202051", "checking", "EUR")
    # the balance of March 31 and the transaction of April 2
    assert (giro.account_balance, str(giro.balance_date)) == (Decimal("800.00"), "2025-04-02")
    assert (yen.profile_name, yen.currency, yen.account_balance) == ("円", "JPY", None)


def test_kinds_of_categories_are_kept(world: User, bob: User, move_to_bob: Send) -> None:
    Category.objects.filter(user=world, slug="groceries").update(kind="transfer")
    move_to_bob(zip_of(world))
    assert set(Category.objects.filter(user=bob).values_list("name", "kind")) == {
        ("Groceries", "transfer"),
        ("Wages", "income"),
    }


def test_an_export_that_is_moved_twice_makes_no_duplicates(world: User, bob: User, move_to_bob: Send) -> None:
    move_to_bob(zip_of(world))
    before = state_of(bob)
    again = move_to_bob(zip_of(world))
    assert [account["created"] for account in again["accounts"]] == [0, 0]
    assert state_of(bob) == before


def test_an_export_moved_into_its_own_account_changes_nothing(world: User, move: Send) -> None:
    before = state_of(world)
    assert [account["duplicates"] for account in move(zip_of(world))["accounts"]] == [4, 1]
    assert state_of(world) == before


def test_failed_transactions_are_left_out(world: User, move_to_bob: Send) -> None:
    account = EncryptedFinancialProfile.objects.get(user=world, profile_name="Giro")
    TransactionFactory(user=world, financial_profile=account, currency="EUR", status="failed")
    body = move_to_bob(zip_of(world))
    assert "not_executed" in {warning["code"] for warning in body["warnings"]}
    assert sum(account["created"] for account in body["accounts"]) == 5


def test_a_transaction_without_an_account_is_an_error(world: User, move_to_bob: Send) -> None:
    TransactionFactory(user=world, financial_profile=None)
    assert [(each["account"], each["column"], each["code"]) for each in move_to_bob(zip_of(world))["errors"]] == [
        ("", "financial_profile_id", "missing_account")
    ]


def changed(content: bytes, **values: Any) -> bytes:
    """Return an export with `values` in its first transaction, and a manifest that fits."""
    files = files_in(content)
    first, _, rest = files[TRANSACTIONS].partition(b"\n")
    files[TRANSACTIONS] = json.dumps(json.loads(first) | values).encode() + b"\n" + rest
    manifest = json.loads(files["manifest.json"])
    for listed in manifest["files"]:
        if listed["name"] == TRANSACTIONS:
            listed["sha256"] = sha256(files[TRANSACTIONS]).hexdigest()
    files["manifest.json"] = json.dumps(manifest).encode()
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w") as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return sink.getvalue()


@pytest.mark.parametrize(
    ("values", "column"),
    [
        ({"amount": "much"}, "amount"),
        ({"amount": 7}, "amount"),
        ({"transaction_date": "soon"}, "date"),
        ({"currency": "XXY"}, "currency"),
        ({"note": 7}, "note"),
        ({"note": "x" * 2_001}, "note"),
        ({"payee": "x" * 101}, "payee"),
        ({"tags": "weekly"}, "tags"),
        ({"tags": [7]}, "tags"),
        ({"category": "x" * 101}, "category"),
        ({"amount": "-42.51"}, "amount"),
    ],
)
def test_a_changed_value_is_an_error_of_its_row(world: User, move_to_bob: Send, values: dict[str, Any], column: str) -> None:
    body = move_to_bob(changed(zip_of(world), **values))
    assert [(each["row"], each["column"]) for each in body["errors"]] == [(1, column)]


@pytest.mark.parametrize("key", ["1", None, True, 0, 2, 2**31])
def test_a_changed_id_is_refused(world: User, as_bob: APIClient, send: Send, key: Any) -> None:
    assert error(send(changed(zip_of(world), id=key), client=as_bob)) == (400, "file", "changed")


@pytest.mark.parametrize("account", [7, None, "@finance_tag/999"])
def test_a_changed_reference_is_an_error_of_its_row(world: User, as_bob: APIClient, send: Send, account: Any) -> None:
    body = send(changed(zip_of(world), financial_profile_id=account), client=as_bob).json()
    assert [(each["row"], each["code"]) for each in body["errors"]] == [(1, "missing_account")]


def test_a_damaged_export_is_refused(world: User, as_bob: APIClient, send: Send) -> None:
    content = zip_of(world).replace(b"finance_tag", b"finance_tax")
    assert error(send(content, client=as_bob)) == (400, "file", "unknown_app")
