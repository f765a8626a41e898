"""Undo of moves: of all accounts at once, and of one account."""

from typing import Any

import pytest
from rest_framework.test import APIClient

from finance.models import EncryptedFinancialProfile, FinancialTransaction, StatementImport, TransactionSplit, Transfer
from tests.finance.moves.conftest import Send
from tests.finance.moves.test_ynab import REGISTER

IMPORTS = "/api/v1/finance/imports/"


@pytest.fixture
def moved(move: Send) -> dict[str, Any]:
    return dict(move(REGISTER))


def imports_of(body: dict[str, Any]) -> list[str]:
    return [account["statement_import"] for account in body["accounts"]]


def test_one_call_undoes_all_accounts(moved: dict[str, Any], as_alice: APIClient) -> None:
    response = as_alice.post(f"{IMPORTS}{imports_of(moved)[1]}/undo-move/")
    assert (response.status_code, response.json()) == (
        200,
        {"id": moved["id"], "imports": 2, "removed": 4, "restored": 0, "kept": []},
    )
    assert [model.objects.count() for model in (FinancialTransaction, TransactionSplit, Transfer)] == [0, 0, 0]
    assert set(EncryptedFinancialProfile.objects.values_list("account_balance", flat=True)) == {None}


def test_a_move_is_undone_once(moved: dict[str, Any], as_alice: APIClient) -> None:
    url = f"{IMPORTS}{imports_of(moved)[0]}/undo-move/"
    as_alice.post(url)
    again = as_alice.post(url)
    assert (again.status_code, again.json()["errors"][0]["code"]) == (409, "already_undone")


def test_the_file_can_be_moved_in_again(moved: dict[str, Any], move: Send, as_alice: APIClient) -> None:
    as_alice.post(f"{IMPORTS}{imports_of(moved)[0]}/undo-move/")
    again = move(REGISTER)
    assert [(account["action"], account["created"]) for account in again["accounts"]] == [("existing", 3), ("existing", 1)]
    assert again["transfers"] == 1
    balances = EncryptedFinancialProfile.objects.order_by("account_balance").values_list("account_balance", flat=True)
    assert [str(balance) for balance in balances] == ["200.00", "757.50"]


def test_each_account_can_be_undone_alone(moved: dict[str, Any], as_alice: APIClient) -> None:
    first, second = imports_of(moved)
    assert as_alice.delete(f"{IMPORTS}{second}/").json()["kept"] == []
    left = FinancialTransaction.objects.get(description="Transfer : Rainy Day Savings")
    assert (left.transaction_type, "transfer" in left.sources, Transfer.objects.count()) == ("transfer", False, 0)
    assert as_alice.delete(f"{IMPORTS}{first}/").json()["removed"] == 3
    assert not FinancialTransaction.objects.exists()


def test_what_a_person_has_changed_stays(moved: dict[str, Any], as_alice: APIClient) -> None:
    row = FinancialTransaction.objects.get(divided_by="splits")
    as_alice.patch(f"/api/v1/finance/transactions/{row.pk}/", {"note": "checked"})
    body = as_alice.post(f"{IMPORTS}{imports_of(moved)[0]}/undo-move/").json()
    assert (body["removed"], body["kept"]) == (3, [{"transaction": str(row.pk), "reason": "changed"}])
    assert len(FinancialTransaction.objects.get().splits) == 2


def test_an_import_that_was_undone_before_is_left_out(moved: dict[str, Any], as_alice: APIClient) -> None:
    first, second = imports_of(moved)
    as_alice.delete(f"{IMPORTS}{first}/")
    body = as_alice.post(f"{IMPORTS}{second}/undo-move/").json()
    assert (body["imports"], body["removed"]) == (1, 1)


def test_an_import_of_one_account_is_no_move(as_alice: APIClient, account: EncryptedFinancialProfile) -> None:
    record = StatementImport.objects.create(user_id=account.user_id, account=account, format="csv", file_digest="0")
    response = as_alice.post(f"{IMPORTS}{record.pk}/undo-move/")
    assert (response.status_code, response.json()["errors"][0]["code"]) == (400, "no_move")


def test_another_users_move_is_not_found(moved: dict[str, Any], as_bob: APIClient) -> None:
    assert as_bob.post(f"{IMPORTS}{imports_of(moved)[0]}/undo-move/").status_code == 404
    assert FinancialTransaction.objects.count() == 4
