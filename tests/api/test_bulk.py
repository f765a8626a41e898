"""The bulk endpoint, which applies all changes or none and reports the errors of each row."""

from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from dev.factories import AccountFactory, TransactionFactory
from finance.models import FinancialTransaction
from tests.conftest import ClientFor
from users.models import User

PATH = "/api/v1/finance/transactions/bulk/"


def purchase(**values: Any) -> dict[str, Any]:
    return {"transaction_type": "expense", "amount": "-1.00", "transaction_date": "2026-03-01", **values}


def errors_of(response: Any) -> dict[str, str]:
    """Return the error codes by their `attr`."""
    return {error["attr"]: error["code"] for error in response.json()["errors"]}


def test_a_thousand_rows_are_created_in_their_order(as_alice: APIClient, alice: User, account: Any) -> None:
    rows = [purchase(financial_profile=str(account.pk), amount=f"-{number}.00") for number in range(1, 1001)]
    with CaptureQueriesContext(connection) as queries:
        response = as_alice.post(PATH, {"create": rows})
    assert response.status_code == 200, response.content[:500]
    created = response.json()["created"]
    stored = {str(row.pk): row for row in FinancialTransaction.objects.for_user(alice)}
    assert [str(stored[key].amount) for key in created] == [row["amount"] for row in rows]
    assert len(queries) < 20


def test_more_than_a_thousand_rows_are_refused(as_alice: APIClient) -> None:
    response = as_alice.post(PATH, {"create": [purchase()] * 1000, "delete": [str(uuid4())]})
    assert response.status_code == 400
    assert errors_of(response) == {"non_field_errors": "max_length"}


def test_one_invalid_row_rejects_all_and_is_named(as_alice: APIClient) -> None:
    response = as_alice.post(PATH, {"create": [purchase(), purchase(amount="5.00"), purchase(amount="x", color="red")]})
    assert response.status_code == 400
    assert errors_of(response) == {"create.1.amount": "wrong_sign", "create.2.color": "unknown_field"}
    assert not FinancialTransaction.objects.exists()


def test_a_row_that_violates_a_constraint_is_named(as_alice: APIClient, account: Any) -> None:
    row = purchase(financial_profile=str(account.pk), reference_number="FIT-1")
    response = as_alice.post(PATH, {"create": [purchase(), row, row]})
    assert response.status_code == 400
    assert errors_of(response) == {"create.2.reference_number": "unique"}
    assert not FinancialTransaction.objects.exists()


def test_rows_are_created_changed_and_deleted_in_one_call(as_alice: APIClient, alice: User) -> None:
    changed, deleted = TransactionFactory.create_batch(2, user=alice)
    body = {
        "create": [purchase()],
        "update": [{"id": str(changed.pk), "category": "dining"}],
        "delete": [str(deleted.pk)],
    }
    response = as_alice.post(PATH, body)
    assert response.status_code == 200
    assert (response.json()["updated"], response.json()["deleted"], len(response.json()["created"])) == (1, 1, 1)
    changed.refresh_from_db()
    assert changed.category == "dining"
    assert not FinancialTransaction.objects.filter(pk=deleted.pk).exists()


def test_the_number_of_queries_does_not_grow_with_the_rows(as_alice: APIClient, alice: User, account: Any) -> None:
    rows = TransactionFactory.create_batch(30, user=alice, financial_profile=account)
    changes = [{"id": str(row.pk), "category": f"c{place}", "metadata": {"n": place}} for place, row in enumerate(rows)]
    with CaptureQueriesContext(connection) as queries:
        assert as_alice.post(PATH, {"update": changes}).json()["updated"] == 30
    assert len(queries) < 22
    stored = {row.pk: (row.category, row.metadata) for row in FinancialTransaction.objects.for_user(alice)}
    assert [stored[row.pk] for row in rows] == [(f"c{place}", {"n": place}) for place in range(30)]


def test_an_update_without_a_change_sets_updated_at(as_alice: APIClient, alice: User) -> None:
    row = TransactionFactory(user=alice, category="food")
    before = row.updated_at
    assert as_alice.post(PATH, {"update": [{"id": str(row.pk), "category": "food"}]}).json()["updated"] == 1
    row.refresh_from_db()
    assert row.updated_at > before


def test_rows_that_change_different_fields_keep_the_others(as_alice: APIClient, alice: User) -> None:
    one, other = TransactionFactory.create_batch(2, user=alice, category="food", description="retained")
    changes = [{"id": str(one.pk), "category": "dining"}, {"id": str(other.pk), "description": "new"}]
    assert as_alice.post(PATH, {"update": changes}).status_code == 200
    stored = {row.pk: row for row in FinancialTransaction.objects.for_user(alice)}
    assert (stored[one.pk].category, stored[one.pk].description) == ("dining", "retained")
    assert (stored[other.pk].category, stored[other.pk].description) == ("food", "new")
    assert all(stored[row.pk].updated_at > row.updated_at for row in (one, other))


def test_the_change_that_violates_a_constraint_is_named(as_alice: APIClient, alice: User, account: Any) -> None:
    rows = TransactionFactory.create_batch(3, user=alice, financial_profile=account, reference_number="")
    changes = [{"id": str(row.pk), "reference_number": word} for row, word in zip(rows, ("A", "B", "A"), strict=True)]
    response = as_alice.post(PATH, {"update": changes})
    assert errors_of(response) == {"update.2.reference_number": "unique"}
    assert not FinancialTransaction.objects.exclude(reference_number="").exists()


def test_a_failing_part_rolls_back_the_others(as_alice: APIClient, alice: User) -> None:
    retained = TransactionFactory(user=alice)
    response = as_alice.post(PATH, {"delete": [str(retained.pk)], "create": [purchase(amount="0.00")]})
    assert response.status_code == 400
    assert FinancialTransaction.objects.filter(pk=retained.pk).exists()


@pytest.mark.parametrize("part", ["update", "delete"])
def test_another_users_row_does_not_exist(part: str, as_alice: APIClient, bob: User) -> None:
    theirs = TransactionFactory(user=bob, category="")
    key = str(theirs.pk)
    response = as_alice.post(PATH, {part: [{"id": key, "category": "mine"}] if part == "update" else [key]})
    assert response.status_code == 400
    assert errors_of(response) == {f"{part}.0.id": "does_not_exist"}
    theirs.refresh_from_db()
    assert theirs.category == ""


def test_another_users_account_does_not_exist(as_alice: APIClient, bob: User) -> None:
    theirs: Any = AccountFactory(user=bob)
    response = as_alice.post(PATH, {"create": [purchase(), purchase(financial_profile=str(theirs.pk))]})
    assert errors_of(response) == {"create.1.financial_profile": "does_not_exist"}


def test_a_row_twice_in_one_call_is_refused(as_alice: APIClient, alice: User) -> None:
    change = {"id": str(TransactionFactory(user=alice).pk), "category": "dining"}
    response = as_alice.post(PATH, {"update": [change, change]})
    assert errors_of(response) == {"update.0.id": "repeated", "update.1.id": "repeated"}


def test_a_patch_changes_all_filtered_rows(as_alice: APIClient, alice: User, bob: User) -> None:
    TransactionFactory.create_batch(3, user=alice, category="food")
    other = TransactionFactory(user=bob, category="food")
    body = {"filter": {"category": "food", "is_food": True}, "patch": {"category": "dining"}, "expected_count": 3}
    assert errors_of(as_alice.post(PATH, body)) == {"filter.is_food": "unknown_filter"}
    body["filter"] = {"category": "food", "is_expense": True}
    assert as_alice.post(PATH, body).json()["updated"] == 3
    other.refresh_from_db()
    assert other.category == "food"


@pytest.mark.parametrize(
    "chosen",
    [
        {"category__in": ["food", "dining"]},
        {"category__in": "food,dining"},
        {"metadata__contains": {"trip": 7}},
        {"metadata__contains": '{"trip": 7}'},
        {"amount__lte": -1, "financial_profile__isnull": False},
    ],
)
def test_a_filter_accepts_json_values(chosen: dict[str, Any], as_alice: APIClient, alice: User) -> None:
    TransactionFactory(user=alice, category="food", metadata={"trip": 7})
    body = {"filter": chosen, "patch": {"category": "travel"}, "expected_count": 1}
    assert as_alice.post(PATH, body).json()["updated"] == 1


def test_an_unexpected_count_changes_nothing(as_alice: APIClient, alice: User) -> None:
    TransactionFactory.create_batch(3, user=alice, category="food")
    body = {"filter": {"category": "food"}, "patch": {"category": "dining"}, "expected_count": 2}
    response = as_alice.post(PATH, body)
    assert response.status_code == 409
    assert "there are 3" in response.json()["errors"][0]["detail"]
    assert FinancialTransaction.objects.filter(category="food").count() == 3


def test_ids_of_other_users_are_not_counted(as_alice: APIClient, alice: User, bob: User) -> None:
    keys = [str(TransactionFactory(user=alice).pk), str(TransactionFactory(user=bob).pk)]
    response = as_alice.post(PATH, {"ids": keys, "patch": {"category": "x"}, "expected_count": 2})
    assert response.status_code == 409


def test_a_bad_patch_is_a_400(as_alice: APIClient, alice: User) -> None:
    key = str(TransactionFactory(user=alice).pk)
    response = as_alice.post(PATH, {"ids": [key], "patch": {"status": "done"}, "expected_count": 1})
    assert errors_of(response) == {"patch.0.status": "invalid_choice"}


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"patch": {}},
        {"ids": []},
        {"ids": [], "filter": {}, "patch": {}, "expected_count": 0},
        {"create": [], "patch": {}},
        {"filter": {}, "patch": {}, "expected_count": 0},
        {"create": {}},
        {"create": [1]},
        {"update": [{}]},
        {"update": [{"id": "x"}]},
        {"delete": ["x"]},
        {"rows": []},
        [],
    ],
)
def test_an_invalid_body_is_a_400(body: Any, as_alice: APIClient) -> None:
    assert as_alice.post(PATH, body).status_code == 400


def test_a_read_token_writes_nothing(alice: User, api: ClientFor) -> None:
    assert api(alice, "read").post(PATH, {"create": [purchase()]}).status_code == 403


def test_a_repeated_key_returns_the_first_response(as_alice: APIClient) -> None:
    first = as_alice.post(PATH, {"create": [purchase()]}, headers={"Idempotency-Key": "bulk-1"})
    again = as_alice.post(PATH, {"create": [purchase()]}, headers={"Idempotency-Key": "bulk-1"})
    assert first.json() == again.json()
    assert FinancialTransaction.objects.count() == 1
