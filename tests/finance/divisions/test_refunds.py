"""Refunds and reimbursements that are linked to expenses."""

import threading
from decimal import Decimal
from typing import Any

import pytest
from django.conf import LazySettings
from django.db import IntegrityError, connections
from rest_framework.test import APIClient

from dev.factories import TransactionFactory
from finance.models import FinancialTransaction, Part, RefundShare
from finance.services.divisions import in_proportion
from tests.conftest import ClientFor
from tests.finance.divisions.conftest import TRANSACTIONS, Post, errors, execute_at_once
from users.models import User

pytestmark = pytest.mark.django_db


def parts_of(row: Any) -> list[tuple[str, str, str]]:
    found = Part.objects.filter(transaction_id=row["id"]).order_by("number")
    return [(str(part.amount), part.category, part.effect) for part in found]


@pytest.fixture
def refund(as_alice: APIClient) -> Post:
    """Return a function that posts a refund of expenses and returns the response."""

    def post(*expenses: Any, **fields: Any) -> Any:
        body = {"transaction_type": "refund", "amount": "30.00", "transaction_date": "2026-03-20"}
        return as_alice.post(TRANSACTIONS, {**body, "refund_of": [row["id"] for row in expenses], **fields})

    return post


def test_a_refund_is_negative_spending_of_the_expense(spend: Post, refund: Post, as_alice: APIClient) -> None:
    shoes = spend(amount="-80.00", category="clothing")
    created = refund(shoes)
    assert created.status_code == 201
    assert (created.json()["refund_of"], created.json()["divided_by"]) == ([shoes["id"]], "refund_of")
    assert as_alice.get(TRANSACTIONS).json()["results"][0]["refund_of"] == [shoes["id"]]
    assert parts_of(created.json()) == [("30.00", "clothing", "spending")]


def test_it_is_divided_in_proportion(spend: Post, refund: Post) -> None:
    rows = [spend(amount="-20.00", category="books"), spend(amount="-20.00", category="toys"), spend(amount="-20.01")]
    created = refund(*rows, amount="10.00").json()
    assert sum(share.amount for share in RefundShare.objects.all()) == Decimal("10.00")
    assert [part[0] for part in parts_of(created)] == ["3.33", "3.33", "3.34"]


def test_a_refund_of_a_split_expense_is_divided_among_its_parts(spend: Post, refund: Post) -> None:
    parts = [{"amount": "-10.00", "category": "food"}, {"amount": "-20.00", "category": "wine"}, {"amount": "-3.00"}]
    shopping = spend(amount="-33.00", splits=parts)
    created = refund(shopping, amount="10.00").json()
    assert parts_of(created) == [("3.03", "food", "spending"), ("6.06", "wine", "spending"), ("0.91", "", "spending")]


def test_a_linked_income_is_a_reimbursement(spend: Post, refund: Post) -> None:
    trip = spend(amount="-30.00", category="travel")
    created = refund(trip, transaction_type="income", category="salary").json()
    assert parts_of(created) == [("30.00", "travel", "spending")]


def test_a_refund_without_a_link_is_negative_spending_of_its_own_category(refund: Post) -> None:
    assert parts_of(refund(category="clothing").json()) == [("30.00", "clothing", "spending")]


def test_more_than_was_spent_is_refused(spend: Post, refund: Post) -> None:
    shoes = spend(amount="-80.00")
    assert refund(shoes, amount="50.00").status_code == 201
    refused = refund(shoes, amount="30.01")
    assert errors(refused) == [("refund_of", "more_than_spent")]
    assert "of which 50.00 is refunded already" in refused.json()["errors"][0]["detail"]
    assert FinancialTransaction.objects.count() == 2
    assert refund(shoes, amount="30.01", allow_excess=True).status_code == 201


@pytest.mark.parametrize(
    ("expense", "fields", "code"),
    [
        ({"currency": "EUR"}, {}, "another_currency"),
        ({"transaction_type": "income", "amount": "5.00"}, {}, "not_an_expense"),
        ({}, {"transaction_type": "expense", "amount": "-3.00"}, "refunds_nothing"),
    ],
)
def test_what_cannot_be_refunded_is_refused(spend: Post, refund: Post, expense: Any, fields: Any, code: str) -> None:
    row = spend(**expense)
    assert errors(refund(row, **{"amount": "5.00"} | fields)) == [("refund_of", code)]


def test_rows_of_another_user_are_not_found(refund: Post, bob: User) -> None:
    theirs = TransactionFactory(user=bob)
    assert errors(refund({"id": str(theirs.pk)})) == [("refund_of", "does_not_exist")]
    assert errors(refund({"id": "7"})) == [("refund_of", "invalid")]


def test_a_refund_has_no_splits(spend: Post, refund: Post) -> None:
    assert errors(refund(spend(amount="-30"), splits=[{"amount": "30"}])) == [("splits", "ambiguous")]


def test_a_refund_follows_its_new_amount(spend: Post, refund: Post, as_alice: APIClient) -> None:
    shoes = spend(amount="-80.00", category="clothing")
    path = f"{TRANSACTIONS}{refund(shoes).json()['id']}/"
    assert as_alice.patch(path, {"amount": "40.00"}).status_code == 200
    assert RefundShare.objects.get().amount == Decimal("40.00")
    assert errors(as_alice.patch(path, {"amount": "80.01"})) == [("refund_of", "more_than_spent")]
    assert errors(as_alice.patch(path, {"currency": "EUR"})) == [("refund_of", "another_currency")]
    assert as_alice.patch(path, {"refund_of": []}).json()["divided_by"] == ""
    assert not RefundShare.objects.exists()


def test_an_expense_cannot_become_less_than_its_refunds(spend: Post, refund: Post, as_alice: APIClient) -> None:
    shoes = spend(amount="-80.00", category="clothing")
    refund(shoes)
    path = f"{TRANSACTIONS}{shoes['id']}/"
    assert as_alice.patch(path, {"amount": "-30.00"}).status_code == 200
    assert errors(as_alice.patch(path, {"amount": "-29.99"})) == [("amount", "constraint")]
    assert errors(as_alice.patch(path, {"currency": "EUR"})) == [("currency", "constraint")]
    assert errors(as_alice.patch(path, {"transaction_type": "transfer"})) == [("transaction_type", "constraint")]
    bulk = {"update": [{"id": shoes["id"], "amount": "-29.99"}]}
    assert errors(as_alice.post(f"{TRANSACTIONS}bulk/", bulk)) == [("update.0.amount", "constraint")]


def test_the_share_of_a_deleted_expense_counts_as_the_refund_alone(spend: Post, refund: Post, as_alice: APIClient) -> None:
    rows = [spend(amount="-20.00", category="books"), spend(amount="-40.00", category="toys")]
    created = refund(*rows, category="gifts").json()
    as_alice.delete(f"{TRANSACTIONS}{rows[0]['id']}/")
    assert sorted(parts_of(created)) == [("10.00", "gifts", "spending"), ("20.00", "toys", "spending")]
    assert as_alice.get(f"{TRANSACTIONS}{created['id']}/").json()["refund_of"] == [rows[1]["id"]]
    as_alice.delete(f"{TRANSACTIONS}{rows[1]['id']}/")
    assert parts_of(created) == [("30.00", "gifts", "spending")]
    assert as_alice.get(TRANSACTIONS).json()["results"][0]["refund_of"] == []


def test_a_note_does_not_divide_a_refund_again(spend: Post, refund: Post, as_alice: APIClient) -> None:
    rows = [spend(amount="-20.00", category="books"), spend(amount="-10.00", category="toys")]
    path = f"{TRANSACTIONS}{refund(*rows).json()['id']}/"
    before = list(RefundShare.objects.order_by("pk").values())
    assert as_alice.patch(path, {"note": "sent back", "amount": "30.00"}).status_code == 200
    assert list(RefundShare.objects.order_by("pk").values()) == before
    as_alice.delete(f"{TRANSACTIONS}{rows[0]['id']}/")
    assert as_alice.patch(path, {"note": "sent back late"}).status_code == 200
    assert RefundShare.objects.get().amount == Decimal("10.00")


def test_one_division_does_not_replace_the_other(spend: Post, refund: Post, as_alice: APIClient) -> None:
    shoes, parts = spend(amount="-80.00"), [{"amount": "10.00"}, {"amount": "20.00"}]
    path = f"{TRANSACTIONS}{refund(shoes).json()['id']}/"
    refused = as_alice.patch(path, {"splits": parts})
    assert errors(refused) == [("splits", "ambiguous")]
    assert "refund_of: []" in refused.json()["errors"][0]["detail"]
    assert RefundShare.objects.count() == 1
    assert as_alice.patch(path, {"splits": parts, "refund_of": []}).json()["refund_of"] == []
    bulk = {"update": [{"id": path.split("/")[-2], "refund_of": [shoes["id"]]}]}
    assert errors(as_alice.patch(path, {"refund_of": [shoes["id"]]})) == [("refund_of", "ambiguous")]
    assert errors(as_alice.post(f"{TRANSACTIONS}bulk/", bulk)) == [("update.0.refund_of", "ambiguous")]
    assert [part["amount"] for part in as_alice.get(path).json()["splits"]] == ["10.00", "20.00"]
    assert as_alice.patch(path, {"refund_of": [shoes["id"]], "splits": []}).json()["splits"] == []


ROW, SHARE = "UPDATE finance_financialtransaction SET", "UPDATE finance_refundshare SET"


@pytest.mark.parametrize(
    ("statement", "constraint"),
    [
        (f"{SHARE} amount = 80.01", "refund_of_sum"),
        (f"{SHARE} currency = 'EUR'", "refund_of_sum"),
        (f"{SHARE} expense_id = refund_id", "expense_not_refund"),
        (f"{ROW} amount = 29.99 WHERE transaction_type = 'refund'", "refund_of_sum"),
        (f"{ROW} divided_by = '' WHERE transaction_type = 'refund'", "refund_of_sum"),
        (f"{ROW} amount = -29.99 WHERE transaction_type = 'expense'", "amount_refunded"),
        (f"{ROW} currency = 'EUR' WHERE transaction_type = 'expense'", "currency_refunded"),
        (f"{ROW} transaction_type = 'transfer' WHERE transaction_type = 'expense'", "transaction_type_refunded"),
    ],
)
def test_raw_sql_cannot_refund_more_than_was_spent(statement: str, constraint: str, spend: Post, refund: Post) -> None:
    refund(spend(amount="-80.00"))
    with pytest.raises(IntegrityError) as refused:
        execute_at_once(statement)
    assert refused.value.__cause__.diag.constraint_name.endswith(constraint)


@pytest.mark.django_db(transaction=True)
def test_parallel_refunds_never_exceed_what_was_spent(alice: User, api: ClientFor) -> None:
    shoes = TransactionFactory(user=alice, amount=Decimal("-100.00"))
    statuses: list[int] = []

    def post(client: APIClient) -> None:
        body = {"transaction_type": "refund", "amount": "30.00", "transaction_date": "2026-03-20", "refund_of": [str(shoes.pk)]}
        statuses.append(client.post(TRANSACTIONS, body).status_code)
        connections.close_all()

    threads = [threading.Thread(target=post, args=[api(alice)]) for _ in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(statuses) == [201] * 3 + [400] * 7
    assert RefundShare.objects.count() == 3


def test_no_part_exceeds_its_weight() -> None:
    weights = [Decimal("33.33"), Decimal("0.01"), Decimal("33.33"), Decimal("33.33")]
    total = sum(weights, Decimal(0))
    for cents in range(1, int(total * 100) + 1, 7):
        parts = in_proportion(Decimal(cents) / 100, weights, Decimal("0.01"))
        assert sum(parts) == Decimal(cents) / 100
        assert all(0 <= part <= weight for part, weight in zip(parts, weights, strict=True))


@pytest.mark.parametrize("is_compiled", [True, False])
def test_a_refund_is_not_unchanged_after_its_expense_was_deleted(
    spend: Post, refund: Post, as_alice: APIClient, settings: LazySettings, is_compiled: bool
) -> None:
    settings.FAST_LISTS = is_compiled
    shoes = spend(amount="-80.00")
    url = f"{TRANSACTIONS}{refund(shoes).json()['id']}/"
    tag = as_alice.get(url).headers["ETag"]
    as_alice.delete(f"{TRANSACTIONS}{shoes['id']}/")
    response = as_alice.get(url, HTTP_IF_NONE_MATCH=tag)
    assert (response.status_code, response.json()["refund_of"]) == (200, [])
