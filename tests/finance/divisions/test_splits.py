"""Transactions that are split among categories."""

import threading
from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, connection, connections
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from dev.factories import TransactionFactory
from finance.models import Category, FinancialTransaction, Tag, TransactionSplit
from tests.conftest import ClientFor
from tests.finance.divisions.conftest import TRANSACTIONS, Post, errors, execute_at_once
from users.models import User

pytestmark = pytest.mark.django_db
PARTS = [
    {"amount": "-30.00", "category": "Groceries", "note": "for two", "tags": ["weekend"]},
    {"amount": "-12.50", "category": "household"},
]
STORED = [
    {"amount": "-30.00", "category": "groceries", "note": "for two", "tags": ["weekend"]},
    {"amount": "-12.50", "category": "household", "note": "", "tags": []},
]


def path(row: Any) -> str:
    return f"{TRANSACTIONS}{row['id'] if isinstance(row, dict) else row.pk}/"


@pytest.fixture
def shopping(spend: Post) -> Any:
    return spend(amount="-42.50", splits=PARTS)


def test_a_transaction_is_split_when_it_is_written(shopping: Any, as_alice: APIClient) -> None:
    assert shopping["splits"] == STORED
    assert shopping["category"] == ""
    assert shopping["divided_by"] == "splits"
    assert shopping["sources"]["splits"]["kind"] == "user"
    assert shopping["created_category"]["slug"] == "groceries"
    assert as_alice.get(path(shopping)).json()["splits"] == STORED
    assert as_alice.get(TRANSACTIONS).json()["results"][0]["splits"] == STORED


def test_splits_are_replaced_as_a_whole(shopping: Any, as_alice: APIClient) -> None:
    before = as_alice.get(path(shopping))
    changed = as_alice.patch(path(shopping), {"splits": [{"amount": "-40", "category": "gifts"}, {"amount": "-2.5"}]})
    assert [part["amount"] for part in changed.json()["splits"]] == ["-40.00", "-2.50"]
    assert changed.headers["ETag"] != before.headers["ETag"]
    assert changed.json()["updated_at"] > before.json()["updated_at"]
    assert TransactionSplit.objects.count() == 2


def test_an_empty_list_joins_the_parts(shopping: Any, as_alice: APIClient) -> None:
    joined = as_alice.patch(path(shopping), {"splits": [], "category": "gifts"}).json()
    assert (joined["splits"], joined["category"], joined["divided_by"]) == ([], "gifts", "")
    assert not TransactionSplit.objects.exists()


def test_a_category_is_cleared_by_splitting(spend: Post, as_alice: APIClient) -> None:
    row = spend(category="gifts")
    split = as_alice.patch(path(row), {"splits": [{"amount": "-5.00", "category": "food"}]}).json()
    assert split["category"] == ""


def test_amount_and_splits_change_together(shopping: Any, as_alice: APIClient) -> None:
    assert errors(as_alice.patch(path(shopping), {"amount": "-50.00"})) == [("splits", "other_sum")]
    changed = as_alice.patch(path(shopping), {"amount": "-50.00", "splits": [{"amount": "-20"}, {"amount": "-30"}]})
    assert changed.status_code == 200
    assert changed.json()["amount"] == "-50.00"


def test_other_fields_change_alone(shopping: Any, as_alice: APIClient) -> None:
    assert as_alice.patch(path(shopping), {"note": "with a voucher"}).json()["splits"] == STORED
    whole = as_alice.get(path(shopping)).json()
    assert as_alice.put(path(shopping), whole).json()["splits"] == STORED


def test_the_currency_of_the_parts_follows(spend: Post, as_alice: APIClient) -> None:
    row = spend(amount="-300.00", currency="EUR", splits=[{"amount": "-100"}, {"amount": "-200"}])
    assert errors(as_alice.patch(path(row), {"currency": "JPY", "amount": "-300.50"})) == [("amount", "max_decimal_places")]
    changed = as_alice.patch(path(row), {"currency": "JPY"}).json()
    assert [part["amount"] for part in changed["splits"]] == ["-100", "-200"]
    assert as_alice.get(TRANSACTIONS).json()["results"][0]["splits"] == changed["splits"]


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"splits": [{"amount": "-5.01"}]}, ("splits", "other_sum")),
        ({"splits": [{"amount": "-5.00"}, {"amount": "0"}]}, ("splits", "zero_amount")),
        ({"splits": [{"amount": "-4.999"}, {"amount": "-0.001"}]}, ("splits", "max_decimal_places")),
        ({"splits": [{"category": "food"}]}, ("splits.0.amount", "required")),
        ({"splits": [{"amount": "-5", "sum": 1}]}, ("splits.0.sum", "unknown_field")),
        ({"splits": [{"amount": "NaN"}]}, ("splits.0.amount", "invalid")),
        ({"splits": [{"amount": "-5", "tags": "work"}]}, ("splits.0.tags", "not_a_list")),
        ({"splits": [{"amount": "-5", "note": "x" * 2_001}]}, ("splits.0.note", "max_length")),
        ({"splits": [{"amount": "-5", "category": "a\x00b"}]}, ("splits.0.category", "null_characters_not_allowed")),
        ({"splits": {"amount": "-5"}}, ("splits", "not_a_list")),
        ({"splits": [7]}, ("splits.0.non_field_errors", "invalid")),
        ({"splits": None}, ("splits", "null")),
        ({"splits": [{"amount": "-0.10"}] * 51}, ("splits", "too_many_splits")),
        ({"splits": [{"amount": "-5"}], "category": "food"}, ("category", "is_split")),
        ({"splits": [{"amount": "-5"}], "transaction_type": "transfer"}, ("splits", "split_transfer")),
    ],
)
def test_bad_splits_are_refused_with_the_field(fields: Any, expected: Any, as_alice: APIClient) -> None:
    body = {"transaction_type": "expense", "amount": "-5.00", "transaction_date": "2026-03-02"} | fields
    response = as_alice.post(TRANSACTIONS, body)
    assert response.status_code == 400
    assert errors(response) == [expected]
    assert not FinancialTransaction.objects.exists()
    assert not Category.objects.exists()


def test_a_split_transaction_has_no_category_of_its_own(shopping: Any, as_alice: APIClient) -> None:
    refused = as_alice.patch(path(shopping), {"category": "gifts"})
    assert errors(refused) == [("category", "is_split")]
    assert "splits: []" in refused.json()["errors"][0]["detail"]
    bulk = {"ids": [shopping["id"]], "patch": {"category": "gifts"}, "expected_count": 1}
    assert errors(as_alice.post(f"{TRANSACTIONS}bulk/", bulk)) == [("patch.0.category", "is_split")]


def test_parts_of_different_sign_are_allowed(as_alice: APIClient) -> None:
    body = {"transaction_type": "income", "amount": "2200.00", "transaction_date": "2026-03-31"}
    parts = [{"amount": "3000.00", "category": "salary"}, {"amount": "-800.00", "category": "tax"}]
    response = as_alice.post(TRANSACTIONS, body | {"splits": parts})
    assert response.status_code == 201
    assert [part["amount"] for part in response.json()["splits"]] == ["3000.00", "-800.00"]


def test_bulk_calls_split_and_join(shopping: Any, as_alice: APIClient, spend: Post) -> None:
    plain = spend(amount="-9.00")
    new = {
        "transaction_type": "expense",
        "amount": "-3.00",
        "transaction_date": "2026-03-02",
        "splits": [{"amount": "-1"}, {"amount": "-2"}],
    }
    body = {
        "create": [new],
        "update": [{"id": shopping["id"], "splits": []}, {"id": plain["id"], "splits": [{"amount": "-9", "category": "food"}]}],
    }
    response = as_alice.post(f"{TRANSACTIONS}bulk/", body)
    assert response.status_code == 200, response.content
    rows = {row["id"]: row["splits"] for row in as_alice.get(TRANSACTIONS).json()["results"]}
    assert rows[shopping["id"]] == []
    assert rows[plain["id"]] == [{"amount": "-9.00", "category": "food", "note": "", "tags": []}]
    assert len(rows[response.json()["created"][0]]) == 2


def test_a_wrong_sum_in_a_bulk_call_changes_nothing(shopping: Any, as_alice: APIClient, spend: Post) -> None:
    plain = spend(amount="-9.00")
    body = {"update": [{"id": plain["id"], "note": "new"}, {"id": shopping["id"], "amount": "-1.00"}]}
    assert errors(as_alice.post(f"{TRANSACTIONS}bulk/", body)) == [("update.1.splits", "other_sum")]
    assert as_alice.get(path(plain)).json()["note"] == ""


def test_the_parts_follow_their_names(shopping: Any, as_alice: APIClient, alice: User) -> None:
    tag, category = Tag.objects.get(name="weekend"), Category.objects.get(slug="household")
    as_alice.patch(f"/api/v1/finance/tags/{tag.pk}/", {"name": "Saturday"})
    gifts = as_alice.post("/api/v1/finance/categories/", {"name": "Gifts"}).json()
    as_alice.post(f"/api/v1/finance/categories/{category.pk}/merge/", {"into": gifts["id"]})
    first, second = as_alice.get(path(shopping)).json()["splits"]
    assert (first["tags"], second["category"]) == (["Saturday"], "gifts")
    refused = as_alice.delete(f"/api/v1/finance/categories/{gifts['id']}/")
    assert (refused.status_code, errors(refused)) == (409, [(None, "category_in_use")])
    as_alice.delete(f"/api/v1/finance/tags/{tag.pk}/")
    assert as_alice.get(path(shopping)).json()["splits"][0]["tags"] == []


def test_parts_are_deleted_with_their_transaction(shopping: Any, as_alice: APIClient) -> None:
    assert as_alice.delete(path(shopping)).status_code == 204
    assert not TransactionSplit.objects.exists()


PART, WHOLE = "UPDATE finance_transactionsplit SET", "UPDATE finance_financialtransaction SET"


@pytest.mark.parametrize(
    ("statement", "constraint"),
    [
        (f"{WHOLE} amount = -1.00 WHERE id = %(whole)s", "splits_sum"),
        (f"{WHOLE} divided_by = '' WHERE id = %(whole)s", "splits_sum"),
        (f"{WHOLE} currency = 'EUR' WHERE id = %(whole)s", "splits_sum"),
        (f"{WHOLE} divided_by = 'splits' WHERE id = %(other)s", "splits_sum"),
        (f"{WHOLE} category = 'household' WHERE id = %(whole)s", "category_not_split"),
        (f"{PART} amount = amount - 0.01 WHERE number = 1", "splits_sum"),
        (f"{PART} amount = 0.00", "amount_not_zero"),
        (f"{PART} currency = 'EUR'", "splits_sum"),
        (f"{PART} transaction_id = %(other)s", "splits_sum"),
        (f"{PART} category = 'unknown'", "category_owner"),
        (f"{PART} tags = ARRAY['unknown']", "tags_owner"),
        ("DELETE FROM finance_transactionsplit WHERE number = 1", "splits_sum"),
        ("DELETE FROM finance_transactionsplit", "splits_sum"),
    ],
)
def test_raw_sql_cannot_break_the_sum(statement: str, constraint: str, shopping: Any, alice: User) -> None:
    other = TransactionFactory(user=alice, amount=Decimal("-10.00"))
    with pytest.raises(IntegrityError) as refused:
        execute_at_once(statement, {"whole": shopping["id"], "other": other.pk})
    assert refused.value.__cause__.diag.constraint_name.endswith(constraint)


@pytest.mark.django_db(transaction=True)
def test_parallel_writers_leave_a_sum(alice: User, api: ClientFor) -> None:
    """Some split it in two ways, others change its amount; each sees what the one before has written, or is refused."""
    row = TransactionFactory(user=alice, amount=Decimal("-10.00"), financial_profile=None)
    bodies: list[Any] = [
        {"splits": [{"amount": "-4.00"}, {"amount": "-6.00"}]},
        {"splits": [{"amount": "-10.00", "category": "food"}]},
        {"amount": "-20.00", "splits": [{"amount": "-13.00"}, {"amount": "-7.00"}]},
        {"amount": "-20.00"},
        {"splits": []},
    ]
    statuses: list[int] = []

    def patch(client: APIClient, body: Any) -> None:
        statuses.append(client.patch(path(row), body).status_code)
        connections.close_all()

    threads = [threading.Thread(target=patch, args=[api(alice), body]) for body in bodies * 4]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(statuses) == 20
    assert set(statuses) <= {200, 400}
    row.refresh_from_db()
    parts = list(TransactionSplit.objects.values_list("amount", flat=True))
    assert (sum(parts) == row.amount) if row.divided_by else not parts


def test_a_list_reads_no_query_per_row(as_alice: APIClient, spend: Post) -> None:
    numbers = []
    for _ in range(3):
        spend(amount="-42.50", splits=PARTS)
        with CaptureQueriesContext(connection) as queries:
            rows = as_alice.get(TRANSACTIONS).json()["results"]
        assert all(row["splits"] == STORED for row in rows)
        numbers.append(len(queries))
    assert numbers[1] == numbers[2]  # the first compiles the list
