"""The API of transfers: only a person accepts, and changes that would break an accepted transfer are refused."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import UUID

import pytest
from django.db import connection
from rest_framework.test import APIClient

from dev.factories import AccountFactory, TokenFactory, TransferFactory
from finance.models import EncryptedFinancialProfile, FinancialTransaction, Transfer
from tests.conftest import use_staff_role
from tests.finance.transfers.conftest import TRANSACTIONS, TRANSFERS, move
from users.models import User

TAKE_BACK = "This transaction is part of a transfer. Take back the transfer first."


def post(client: APIClient, paid: FinancialTransaction, received: FinancialTransaction) -> Any:
    return client.post(TRANSFERS, {"outgoing": str(paid.pk), "incoming": str(received.pk)})


@pytest.fixture
def accepted(as_alice: APIClient, paid: FinancialTransaction, received: FinancialTransaction) -> dict[str, Any]:
    response = post(as_alice, paid, received)
    assert response.status_code == 201, response.content
    body: dict[str, Any] = response.json()
    return body


def error_of(response: Any) -> tuple[int, str | None, str]:
    [error] = response.json()["errors"]
    return response.status_code, error["attr"], error["detail"]


def test_a_person_links_two_transactions(accepted: dict[str, Any]) -> None:
    shown = {name: accepted[name] for name in ("status", "outgoing_type", "incoming_type", "fee", "fee_currency", "days_apart")}
    assert shown == {
        "status": "accepted",
        "outgoing_type": "expense",
        "incoming_type": "income",
        "fee": "1.00",
        "fee_currency": "USD",
        "days_apart": 2,
    }
    assert (accepted["confidence"], accepted["reasons"]) == (None, [])
    assert accepted["decided_at"]


def test_no_other_value_can_be_sent(as_alice: APIClient, paid: FinancialTransaction, received: FinancialTransaction) -> None:
    forged = {
        "status": "refused",
        "confidence": "0.50",
        "outgoing_type": "fee",
        "reasons": [1],
        "decided_at": None,
        "fee": "9.00",
    }
    body = as_alice.post(TRANSFERS, {"outgoing": str(paid.pk), "incoming": str(received.pk)} | forged).json()
    assert (body["status"], body["confidence"], body["outgoing_type"]) == ("accepted", None, "expense")
    assert (body["reasons"], body["fee"], body["decided_at"] is None) == ([], "1.00", False)


def test_both_transactions_are_neither_income_nor_spending(as_alice: APIClient, accepted: dict[str, Any]) -> None:
    rows = as_alice.get(TRANSACTIONS).json()["results"]
    assert [(row["transaction_type"], row["is_income"], row["is_expense"]) for row in rows] == [("transfer", False, False)] * 2
    assert {row["sources"]["transfer"]["id"] for row in rows} == {accepted["id"]}


@pytest.mark.parametrize("way", ["delete", "refuse"])
def test_taking_back_restores_the_types(as_alice: APIClient, accepted: dict[str, Any], way: str) -> None:
    path = f"{TRANSFERS}{accepted['id']}/"
    response = as_alice.delete(path) if way == "delete" else as_alice.post(f"{path}refuse/")
    assert response.status_code in (200, 204)
    rows = as_alice.get(TRANSACTIONS).json()["results"]
    assert sorted(row["transaction_type"] for row in rows) == ["expense", "income"]
    assert [row["sources"] for row in rows] == [{}, {}]


def test_a_proposal_is_accepted_once(as_alice: APIClient, paid: FinancialTransaction, received: FinancialTransaction) -> None:
    path = f"{TRANSFERS}{TransferFactory(user=paid.user, outgoing=paid, incoming=received).pk}/accept/"
    assert as_alice.post(path).json()["status"] == "accepted"
    assert as_alice.post(path).status_code == 409


def test_a_refused_pair_is_accepted_by_a_person(
    as_alice: APIClient, paid: FinancialTransaction, received: FinancialTransaction
) -> None:
    key = TransferFactory(user=paid.user, outgoing=paid, incoming=received).pk
    assert as_alice.post(f"{TRANSFERS}{key}/refuse/").json()["status"] == "refused"
    assert as_alice.post(f"{TRANSFERS}{key}/refuse/").status_code == 409
    assert post(as_alice, paid, received).json()["id"] == str(key)


def test_acceptance_deletes_competing_proposals(
    as_alice: APIClient, paid: FinancialTransaction, received: FinancialTransaction, savings: EncryptedFinancialProfile
) -> None:
    TransferFactory(user=paid.user, outgoing=paid, incoming=move(savings, "200.00"))
    assert post(as_alice, paid, received).status_code == 201
    assert [each["status"] for each in as_alice.get(TRANSFERS).json()["results"]] == ["accepted"]


def test_a_row_is_in_one_transfer(
    as_alice: APIClient, accepted: dict[str, Any], paid: FinancialTransaction, savings: EncryptedFinancialProfile
) -> None:
    status, attr, detail = error_of(post(as_alice, paid, move(savings, "200.00")))
    assert (status, attr) == (409, None)
    assert detail == "This transaction is part of another transfer. Take that back first."


@pytest.mark.parametrize(
    ("change", "attr"),
    [
        ({"transaction_type": "expense"}, "transaction_type"),
        ({"amount": "-10.00"}, "amount"),
        ({"currency": "EUR"}, "currency"),
        ({"financial_profile": None}, "financial_profile"),
        ({"status": "failed"}, "status"),
    ],
)
def test_what_breaks_a_transfer_is_refused(
    as_alice: APIClient, accepted: dict[str, Any], change: dict[str, Any], attr: str
) -> None:
    path = f"{TRANSACTIONS}{accepted['outgoing']}/"
    assert error_of(as_alice.patch(path, change)) == (400, attr, TAKE_BACK)
    bulk = {"ids": [accepted["outgoing"]], "patch": change, "expected_count": 1}
    refusal = as_alice.post(f"{TRANSACTIONS}bulk/", bulk)
    assert refusal.status_code == 400
    assert TAKE_BACK in refusal.content.decode()


def test_other_changes_are_allowed(as_alice: APIClient, accepted: dict[str, Any]) -> None:
    path = f"{TRANSACTIONS}{accepted['outgoing']}/"
    assert as_alice.patch(path, {"note": "n", "category": "Savings", "amount": "-201.00"}).status_code == 200
    assert as_alice.get(f"{TRANSFERS}{accepted['id']}/").json()["fee"] == "2.00"
    body = as_alice.get(path).json()
    assert as_alice.put(path, body).status_code == 200


def test_deletion_takes_the_transfer_back(as_alice: APIClient, accepted: dict[str, Any]) -> None:
    assert as_alice.delete(f"{TRANSACTIONS}{accepted['outgoing']}/").status_code == 204
    assert as_alice.get(f"{TRANSACTIONS}{accepted['incoming']}/").json()["transaction_type"] == "income"
    assert as_alice.get(TRANSFERS).json()["results"] == []


@pytest.mark.parametrize(
    ("outgoing", "incoming", "attr"),
    [
        ("received", "paid", "outgoing"),
        ("paid", "paid", "incoming"),
        ("received", "received", "incoming"),
    ],
)
def test_what_is_no_transfer(
    as_alice: APIClient, paid: FinancialTransaction, received: FinancialTransaction, outgoing: str, incoming: str, attr: str
) -> None:
    rows = {"paid": paid, "received": received}
    status, where, _ = error_of(post(as_alice, rows[outgoing], rows[incoming]))
    assert (status, where) == (400, attr)


def test_more_must_not_come_in(as_alice: APIClient, paid: FinancialTransaction, savings: EncryptedFinancialProfile) -> None:
    status, attr, detail = error_of(post(as_alice, paid, move(savings, "200.01")))
    assert (status, attr) == (400, "incoming")
    assert "at most the outgoing amount" in detail


def test_rows_of_others_do_not_exist(as_alice: APIClient, paid: FinancialTransaction, bob: User) -> None:
    other = TransferFactory(user=bob)
    status, attr, _ = error_of(post(as_alice, paid, other.incoming))
    assert (status, attr) == (400, "incoming")
    assert "does not exist" in post(as_alice, paid, other.incoming).content.decode()
    for path in (f"{other.pk}/", f"{other.pk}/accept/", f"{other.pk}/refuse/"):
        assert as_alice.post(f"{TRANSFERS}{path}").status_code in (404, 405)
    assert as_alice.delete(f"{TRANSFERS}{other.pk}/").status_code == 404


def test_the_list_is_filtered(as_alice: APIClient, accepted: dict[str, Any], paid: FinancialTransaction) -> None:
    def number(query: str) -> int:
        response = as_alice.get(f"{TRANSFERS}?{query}")
        assert response.status_code == 200, response.content
        return len(response.json()["results"])

    account, other = paid.financial_profile_id, AccountFactory(user=paid.user).pk
    found = [
        f"account={account}",
        f"transaction={paid.pk}",
        "status=accepted",
        "day__gte=2026-03-02&day__lte=2026-03-02",
        "fee__gte=1",
    ]
    assert [number(query) for query in found] == [1] * 5
    none = [
        f"account={other}",
        f"transaction={UUID(int=1)}",
        "status__in=proposed,refused",
        "day__gte=2026-03-03",
        "fee__isnull=true",
    ]
    assert [number(query) for query in none] == [0] * 5
    assert as_alice.get(f"{TRANSFERS}?kind=x").status_code == 400


@pytest.mark.django_db(transaction=True)
def test_one_of_many_parallel_acceptances_wins(alice: User, checking: Any, savings: Any) -> None:
    paid = move(checking, "-200.00")
    rows = [move(savings, "200.00") for _ in range(20)]
    for row in rows[:10]:
        TransferFactory(user=alice, outgoing=paid, incoming=row)
    token = TokenFactory(user=alice, scope="read-write").text

    def link(row: FinancialTransaction) -> int:
        client = APIClient(raise_request_exception=False)
        client.credentials(HTTP_AUTHORIZATION=f"Bearer {token}")
        try:
            status: int = post(client, paid, row).status_code
            return status
        finally:
            connection.close()

    with ThreadPoolExecutor(8, initializer=use_staff_role) as pool:
        statuses = sorted(pool.map(link, rows))
    assert statuses == [201, *[409] * 19]
    assert Transfer.objects.get().status == "accepted"
    assert FinancialTransaction.objects.filter(transaction_type="transfer").count() == 2
