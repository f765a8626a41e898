"""Many rows in one call: all of them, or none and what is wrong with each."""

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


def errors_of(answer: Any) -> dict[str, str]:
    """What is wrong, by the place that is to blame."""
    return {error["attr"]: error["code"] for error in answer.json()["errors"]}


def test_a_thousand_rows_are_created_in_their_order(as_alice: APIClient, alice: User, account: Any) -> None:
    rows = [purchase(financial_profile=str(account.pk), amount=f"-{number}.00") for number in range(1, 1001)]
    with CaptureQueriesContext(connection) as queries:
        answer = as_alice.post(PATH, {"create": rows})
    assert answer.status_code == 200, answer.content[:500]
    created = answer.json()["created"]
    stored = {str(row.pk): row for row in FinancialTransaction.objects.for_user(alice)}
    assert [str(stored[key].amount) for key in created] == [row["amount"] for row in rows]
    assert len(queries) < 15


def test_a_row_too_many_is_refused(as_alice: APIClient) -> None:
    answer = as_alice.post(PATH, {"create": [purchase()] * 1000, "delete": [str(uuid4())]})
    assert answer.status_code == 400
    assert errors_of(answer) == {"non_field_errors": "max_length"}


def test_one_bad_row_keeps_all_out_and_is_named(as_alice: APIClient) -> None:
    answer = as_alice.post(PATH, {"create": [purchase(), purchase(amount="5.00"), purchase(amount="x", colour="red")]})
    assert answer.status_code == 400
    assert errors_of(answer) == {"create.1.amount": "wrong_sign", "create.2.colour": "unknown_field"}
    assert not FinancialTransaction.objects.exists()


def test_what_only_the_database_sees_is_named_too(as_alice: APIClient, account: Any) -> None:
    row = purchase(financial_profile=str(account.pk), reference_number="FIT-1")
    answer = as_alice.post(PATH, {"create": [purchase(), row, row]})
    assert answer.status_code == 400
    assert errors_of(answer) == {"create.2.reference_number": "unique"}
    assert not FinancialTransaction.objects.exists()


def test_rows_are_created_changed_and_deleted_in_one_call(as_alice: APIClient, alice: User) -> None:
    changed, deleted = TransactionFactory.create_batch(2, user=alice)
    body = {
        "create": [purchase()],
        "update": [{"id": str(changed.pk), "category": "dining"}],
        "delete": [str(deleted.pk)],
    }
    answer = as_alice.post(PATH, body)
    assert answer.status_code == 200
    assert (answer.json()["updated"], answer.json()["deleted"], len(answer.json()["created"])) == (1, 1, 1)
    changed.refresh_from_db()
    assert changed.category == "dining"
    assert not FinancialTransaction.objects.filter(pk=deleted.pk).exists()


def test_the_number_of_statements_does_not_grow_with_the_rows_changed(as_alice: APIClient, alice: User, account: Any) -> None:
    rows = TransactionFactory.create_batch(30, user=alice, financial_profile=account)
    changes = [{"id": str(row.pk), "category": f"c{place}", "metadata": {"n": place}} for place, row in enumerate(rows)]
    with CaptureQueriesContext(connection) as queries:
        assert as_alice.post(PATH, {"update": changes}).json()["updated"] == 30
    assert len(queries) < 15
    stored = {row.pk: (row.category, row.metadata) for row in FinancialTransaction.objects.for_user(alice)}
    assert [stored[row.pk] for row in rows] == [(f"c{place}", {"n": place}) for place in range(30)]


def test_a_row_that_is_given_what_it_has_is_stamped_too(as_alice: APIClient, alice: User) -> None:
    row = TransactionFactory(user=alice, category="food")
    before = row.updated_at
    assert as_alice.post(PATH, {"update": [{"id": str(row.pk), "category": "food"}]}).json()["updated"] == 1
    row.refresh_from_db()
    assert row.updated_at > before


def test_rows_that_change_different_fields_keep_the_others(as_alice: APIClient, alice: User) -> None:
    one, other = TransactionFactory.create_batch(2, user=alice, category="food", description="kept")
    changes = [{"id": str(one.pk), "category": "dining"}, {"id": str(other.pk), "description": "new"}]
    assert as_alice.post(PATH, {"update": changes}).status_code == 200
    stored = {row.pk: row for row in FinancialTransaction.objects.for_user(alice)}
    assert (stored[one.pk].category, stored[one.pk].description) == ("dining", "kept")
    assert (stored[other.pk].category, stored[other.pk].description) == ("food", "new")
    assert all(stored[row.pk].updated_at > row.updated_at for row in (one, other))


def test_of_many_changes_the_one_that_the_database_refuses_is_named(as_alice: APIClient, alice: User, account: Any) -> None:
    rows = TransactionFactory.create_batch(3, user=alice, financial_profile=account, reference_number="")
    changes = [{"id": str(row.pk), "reference_number": word} for row, word in zip(rows, ("A", "B", "A"), strict=True)]
    answer = as_alice.post(PATH, {"update": changes})
    assert errors_of(answer) == {"update.2.reference_number": "unique"}
    assert not FinancialTransaction.objects.exclude(reference_number="").exists()


def test_a_failing_part_takes_the_others_back(as_alice: APIClient, alice: User) -> None:
    kept = TransactionFactory(user=alice)
    answer = as_alice.post(PATH, {"delete": [str(kept.pk)], "create": [purchase(amount="0.00")]})
    assert answer.status_code == 400
    assert FinancialTransaction.objects.filter(pk=kept.pk).exists()


@pytest.mark.parametrize("part", ["update", "delete"])
def test_another_users_row_is_not_there(part: str, as_alice: APIClient, bob: User) -> None:
    theirs = TransactionFactory(user=bob, category="")
    key = str(theirs.pk)
    answer = as_alice.post(PATH, {part: [{"id": key, "category": "mine"}] if part == "update" else [key]})
    assert answer.status_code == 400
    assert errors_of(answer) == {f"{part}.0.id": "does_not_exist"}
    theirs.refresh_from_db()
    assert theirs.category == ""


def test_another_users_account_is_not_there(as_alice: APIClient, bob: User) -> None:
    theirs: Any = AccountFactory(user=bob)
    answer = as_alice.post(PATH, {"create": [purchase(), purchase(financial_profile=str(theirs.pk))]})
    assert errors_of(answer) == {"create.1.financial_profile": "does_not_exist"}


def test_a_row_twice_in_one_call_is_refused(as_alice: APIClient, alice: User) -> None:
    change = {"id": str(TransactionFactory(user=alice).pk), "category": "dining"}
    answer = as_alice.post(PATH, {"update": [change, change]})
    assert errors_of(answer) == {"update.0.id": "repeated", "update.1.id": "repeated"}


def test_a_choice_is_changed_alike(as_alice: APIClient, alice: User, bob: User) -> None:
    TransactionFactory.create_batch(3, user=alice, category="food")
    other = TransactionFactory(user=bob, category="food")
    body = {"filter": {"category": "food", "is_expense": True}, "patch": {"category": "dining"}, "expected_count": 3}
    answer = as_alice.post(PATH, body)
    assert answer.status_code == 400  # transactions are not filtered by is_expense
    assert errors_of(answer) == {"filter.is_expense": "unknown_filter"}
    del body["filter"]["is_expense"]
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
def test_a_filter_may_hold_what_json_can(chosen: dict[str, Any], as_alice: APIClient, alice: User) -> None:
    TransactionFactory(user=alice, category="food", metadata={"trip": 7})
    body = {"filter": chosen, "patch": {"category": "travel"}, "expected_count": 1}
    assert as_alice.post(PATH, body).json()["updated"] == 1


def test_another_count_than_expected_changes_nothing(as_alice: APIClient, alice: User) -> None:
    TransactionFactory.create_batch(3, user=alice, category="food")
    body = {"filter": {"category": "food"}, "patch": {"category": "dining"}, "expected_count": 2}
    answer = as_alice.post(PATH, body)
    assert answer.status_code == 409
    assert "there are 3" in answer.json()["errors"][0]["detail"]
    assert FinancialTransaction.objects.filter(category="food").count() == 3


def test_ids_of_others_are_not_counted(as_alice: APIClient, alice: User, bob: User) -> None:
    keys = [str(TransactionFactory(user=alice).pk), str(TransactionFactory(user=bob).pk)]
    answer = as_alice.post(PATH, {"ids": keys, "patch": {"category": "x"}, "expected_count": 2})
    assert answer.status_code == 409


def test_a_bad_patch_is_a_400(as_alice: APIClient, alice: User) -> None:
    key = str(TransactionFactory(user=alice).pk)
    answer = as_alice.post(PATH, {"ids": [key], "patch": {"status": "done"}, "expected_count": 1})
    assert errors_of(answer) == {"patch.0.status": "invalid_choice"}


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
def test_a_body_that_makes_no_sense_is_a_400(body: Any, as_alice: APIClient) -> None:
    assert as_alice.post(PATH, body).status_code == 400


def test_a_read_token_writes_nothing(alice: User, api: ClientFor) -> None:
    assert api(alice, "read").post(PATH, {"create": [purchase()]}).status_code == 403


def test_a_repeated_key_is_answered_from_memory(as_alice: APIClient) -> None:
    first = as_alice.post(PATH, {"create": [purchase()]}, headers={"Idempotency-Key": "bulk-1"})
    again = as_alice.post(PATH, {"create": [purchase()]}, headers={"Idempotency-Key": "bulk-1"})
    assert first.json() == again.json()
    assert FinancialTransaction.objects.count() == 1
