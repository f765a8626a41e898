"""Texts in `category`, `payee` and `tags` of a transaction, which stand for rows with these names."""

import time
from concurrent.futures import ThreadPoolExecutor
from threading import Event
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from core import clock, rls
from dev.factories import CategoryFactory, PayeeFactory, TagFactory, TransactionFactory
from finance.models import Category, FinancialTransaction, Payee, Tag
from finance.services.name_merges import merge_names
from finance.services.names import current_names, resolve_payees
from tests.conftest import ClientFor, use_staff_role
from tests.finance.names.conftest import CATEGORIES, PAYEES, TAGS, TRANSACTIONS, Post, merge
from users.models import User


def test_a_new_name_creates_a_category(spend: Post) -> None:
    body = spend(category="Dining out")
    assert body["category"] == "dining-out"
    assert (body["created_category"]["name"], body["created_category"]["kind"]) == ("Dining out", "expense")
    assert spend(category="dining OUT")["created_category"] is None
    assert Category.objects.count() == 1


@pytest.mark.parametrize("text", ["dining-out", "Dining out", "DINING-OUT", "díning  out", "Dining, out!"])
def test_a_known_name_is_found_without_case_accents_and_signs(spend: Post, text: str) -> None:
    spend(category="Dining out")
    assert spend(category=text)["category"] == "dining-out"


@pytest.mark.parametrize(("kind", "amount"), [("income", "5.00"), ("transfer", "5.00")])
def test_a_new_category_has_the_kind_of_the_transaction(spend: Post, kind: str, amount: str) -> None:
    assert spend(category="New", transaction_type=kind, amount=amount)["created_category"]["kind"] == kind


def test_an_invalid_transaction_creates_nothing(as_alice: APIClient) -> None:
    body = {"transaction_type": "expense", "amount": "5.00", "transaction_date": "2026-03-02", "category": "New", "tags": ["t"]}
    assert as_alice.post(TRANSACTIONS, body).status_code == 400
    assert (Category.objects.count(), Tag.objects.count()) == (0, 0)


@pytest.mark.parametrize("field", ["category", "payee"])
def test_null_is_not_a_name(as_alice: APIClient, spend: Post, field: str) -> None:
    row = spend()
    assert as_alice.patch(f"{TRANSACTIONS}{row['id']}/", {field: None}).status_code == 400
    assert as_alice.get(f"{TRANSACTIONS}{row['id']}/").json()[field] == ""


def test_tags_are_names_without_duplicates(as_alice: APIClient, spend: Post) -> None:
    row = spend(tags=["Work", "work", "Trip to Rome"])
    assert row["tags"] == ["Work", "Trip to Rome"]
    assert spend(tags=["trip to ROME"])["tags"] == ["Trip to Rome"]
    assert as_alice.patch(f"{TRANSACTIONS}{row['id']}/", {"tags": []}).json()["tags"] == []


@pytest.mark.parametrize("tags", ["work", [""], [None], ["x" * 51], [str(number) for number in range(31)], [["a"]], {"a": 1}])
def test_invalid_tags_are_refused(as_alice: APIClient, spend: Post, tags: Any) -> None:
    response = as_alice.patch(f"{TRANSACTIONS}{spend()['id']}/", {"tags": tags})
    assert (response.status_code, response.json()["errors"][0]["attr"]) == (400, "tags")


def test_a_renamed_or_deleted_tag_changes_its_transactions(as_alice: APIClient, spend: Post) -> None:
    row = spend(tags=["a", "b"])
    tag = Tag.objects.get(name="a")
    as_alice.patch(f"{TAGS}{tag.pk}/", {"name": "A renamed"})
    assert as_alice.get(f"{TRANSACTIONS}{row['id']}/").json()["tags"] == ["A renamed", "b"]
    as_alice.delete(f"{TAGS}{tag.pk}/")
    assert as_alice.get(f"{TRANSACTIONS}{row['id']}/").json()["tags"] == ["b"]


def test_a_merged_tag_is_replaced_once(as_alice: APIClient, spend: Post) -> None:
    both, one = spend(tags=["a", "b"]), spend(tags=["a"])
    merge(as_alice, TAGS, Tag.objects.get(name="a").pk, Tag.objects.get(name="b").pk)
    assert [as_alice.get(f"{TRANSACTIONS}{row['id']}/").json()["tags"] for row in (both, one)] == [["b"], ["b"]]
    assert spend(tags=["A"])["tags"] == ["b"]


def test_a_payee_is_derived_from_the_merchant(as_alice: APIClient, spend: Post) -> None:
    row = spend(merchant_name="SQ *BLUE BOTTLE #0123")
    assert row["payee"] == "Blue Bottle"
    changed = as_alice.patch(f"{TRANSACTIONS}{row['id']}/", {"merchant_name": "ALDI SUED 12"}).json()
    assert (changed["payee"], changed["sources"]) == ("Aldi Sued", {})
    chosen = as_alice.patch(f"{TRANSACTIONS}{row['id']}/", {"payee": "My shop"}).json()
    kept = as_alice.patch(f"{TRANSACTIONS}{row['id']}/", {"merchant_name": "OTHER"}).json()
    assert (chosen["payee"], kept["payee"], kept["sources"]["payee"]["kind"]) == ("My shop", "My shop", "user")


def test_payees_have_a_summary(as_alice: APIClient, alice: User) -> None:
    shop = {"user": alice, "payee": "Shop"}
    TransactionFactory(**shop, category="Food", amount="-1.00", transaction_date="2026-01-01")
    TransactionFactory(**shop, category="Food", amount="-2.00", transaction_date="2026-01-02")
    TransactionFactory(**shop, category="Fun", amount="-3.00", transaction_date="2026-01-03", currency="EUR")
    TransactionFactory(**shop, amount="-4.00", transaction_date="2026-01-04", status="failed")
    PayeeFactory(user=alice, name="Unused")
    found = {row["name"]: row for row in as_alice.get(PAYEES, {"ordering": "-transaction_count"}).json()["results"]}
    assert list(found) == ["Shop", "Unused"]
    shown = ("transaction_count", "last_transaction_date", "last_amount", "last_currency", "usual_category")
    assert [found["Shop"][name] for name in shown] == [3, "2026-01-03", "-3.00", "EUR", "food"]
    assert [found["Unused"][name] for name in shown] == [0, None, None, None, ""]
    assert len(as_alice.get(PAYEES, {"transaction_count__gte": 1}).json()["results"]) == 1


def test_a_merged_payee_stands_for_the_other_one(as_alice: APIClient, spend: Post) -> None:
    spend(merchant_name="AMZN MKTP")
    spend(payee="Amazon")
    merged, into = Payee.objects.get(name="Amzn MKTP"), Payee.objects.get(name="Amazon")
    assert merge(as_alice, PAYEES, merged.pk, into.pk).json()["transaction_count"] == 2
    assert spend(merchant_name="AMZN MKTP 4711")["payee"] == "Amazon"


def test_payees_are_read_only(as_alice: APIClient, alice: User) -> None:
    path = f"{PAYEES}{PayeeFactory(user=alice).pk}/"
    statuses = [as_alice.post(PAYEES, {"name": "New"}), as_alice.patch(path, {"name": "New"}), as_alice.delete(path)]
    assert [response.status_code for response in statuses] == [405] * 3


def test_a_bulk_call_names_all_rows(as_alice: APIClient, alice: User) -> None:
    old = TransactionFactory(user=alice, category="Old")
    new = {"transaction_type": "expense", "amount": "-5.00", "transaction_date": "2026-03-02"}
    body = {
        "create": [new | {"category": "Food", "merchant_name": "SHOP 12"}, new | {"category": "FOOD", "tags": ["t"]}],
        "update": [{"id": str(old.pk), "category": "food", "payee": "Shop"}],
    }
    assert as_alice.post(f"{TRANSACTIONS}bulk/", body).status_code == 200
    assert {row.category for row in FinancialTransaction.objects.all()} == {"food"}
    assert sorted(row.payee for row in FinancialTransaction.objects.all()) == ["", "Shop", "Shop"]


@pytest.mark.parametrize(
    ("field", "value"), [("category", "New {}"), ("payee", "New {}"), ("merchant_name", "NEW {}"), ("tags", ["New {}"])]
)
def test_a_bulk_call_looks_up_the_names_of_all_rows_at_once(as_alice: APIClient, alice: User, field: str, value: Any) -> None:
    def queries(number: int) -> int:
        rows = TransactionFactory.create_batch(number, user=alice)
        texts = [value.format(row.pk) if isinstance(value, str) else [value[0].format(row.pk)] for row in rows]
        changes = [{"id": str(row.pk), field: text} for row, text in zip(rows, texts, strict=True)]
        with CaptureQueriesContext(connection) as found:
            assert as_alice.post(f"{TRANSACTIONS}bulk/", {"update": changes}).status_code == 200
        return len(found)

    queries(2)
    assert queries(12) == queries(2)


@pytest.mark.parametrize("text", ["a\x00b", "x" * 101, None, ["a"]])
@pytest.mark.parametrize("field", ["category", "payee"])
def test_a_bulk_call_names_an_invalid_text(as_alice: APIClient, alice: User, field: str, text: Any) -> None:
    rows = TransactionFactory.create_batch(2, user=alice)
    changes = [{"id": str(rows[0].pk), field: "Fine"}, {"id": str(rows[1].pk), field: text}]
    response = as_alice.post(f"{TRANSACTIONS}bulk/", {"update": changes})
    assert (response.status_code, response.json()["errors"][0]["attr"]) == (400, f"update.1.{field}")
    assert (Category.objects.count(), Payee.objects.count()) == (0, 0)


def test_the_names_of_another_user_are_not_used(spend: Post, bob: User) -> None:
    CategoryFactory(user=bob, name="Food", slug="bobs-food")
    TagFactory(user=bob, name="T")
    PayeeFactory(user=bob, name="SHOP")
    row = spend(category="food", tags=["t"], payee="shop")
    assert (row["category"], row["tags"], row["payee"]) == ("food", ["t"], "shop")


@pytest.mark.parametrize(
    "values", [{"category": "unknown"}, {"payee": "unknown"}, {"tags": ["unknown"]}, {"tags": ["a", "a"]}], ids=str
)
def test_the_database_refuses_unknown_names(alice: User, values: dict[str, Any]) -> None:
    row = TransactionFactory(user=alice, tags=["a"])
    with pytest.raises(IntegrityError), transaction.atomic():
        FinancialTransaction.objects.filter(pk=row.pk).update(**values)


def test_the_database_refuses_merged_names(alice: User) -> None:
    row = TransactionFactory(user=alice)
    factories = (CategoryFactory, PayeeFactory, TagFactory)
    category, payee, tag = (factory(user=alice) for factory in factories)
    for merged, factory in zip((category, payee, tag), factories, strict=True):
        type(merged).objects.filter(pk=merged.pk).update(merged_into=factory(user=alice))
    for values in ({"category": category.slug}, {"payee": payee.name}, {"tags": [tag.name]}):
        with pytest.raises(IntegrityError), transaction.atomic():
            FinancialTransaction.objects.filter(pk=row.pk).update(**values)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("field", ["category", "payee", "tags"])
def test_a_transaction_that_is_written_during_a_merge_has_no_merged_name(alice: User, api: ClientFor, field: str) -> None:
    factory: Any = {"category": CategoryFactory, "payee": PayeeFactory, "tags": TagFactory}[field]
    merged, into = factory.create_batch(2, user=alice)
    body = {"transaction_type": "expense", "amount": "-5.00", "transaction_date": "2026-03-02"}
    body[field] = [merged.name] if field == "tags" else merged.name
    is_merged = Event()

    def merge_slowly() -> None:
        try:
            with transaction.atomic():
                merge_names(merged=merged, into=into, now=clock.now())
                is_merged.set()
                time.sleep(1)  # the request looks the old name up, and waits for the merge at its foreign key
        finally:
            connection.close()

    def write() -> Any:
        try:
            is_merged.wait()
            return api(alice).post(TRANSACTIONS, body)
        finally:
            connection.close()

    with ThreadPoolExecutor(2, initializer=use_staff_role) as pool:
        writing, _ = pool.submit(write), pool.submit(merge_slowly).result()
        response = writing.result()
    assert (response.status_code, response.json()["errors"][0]["attr"]) == (400, field)
    expected = {"category": getattr(into, "slug", ""), "payee": into.name, "tags": [into.name]}
    assert api(alice).post(TRANSACTIONS, body).json()[field] == expected[field]


def test_the_database_refuses_names_of_another_user(alice: User, bob: User) -> None:
    foreign = TransactionFactory(user=bob, category="Bobs", payee="Bobs", tags=["Bobs"])
    row = TransactionFactory(user=alice)
    for name in ("category", "payee", "tags"):
        with pytest.raises(IntegrityError), transaction.atomic():
            FinancialTransaction.objects.filter(pk=row.pk).update(**{name: getattr(foreign, name)})


def test_a_restored_transaction_has_what_still_exists(as_alice: APIClient, alice: User, spend: Post) -> None:
    spend(category="Food", payee="Shop", tags=["a", "b"])
    merge(as_alice, CATEGORIES, Category.objects.get(slug="food").pk, CategoryFactory(user=alice, name="New", slug="new").pk)
    FinancialTransaction.objects.all().delete()
    Payee.objects.all().delete()
    Tag.objects.filter(name="a").delete()
    texts = {"category": ["food"], "payee": ["Shop"], "tags": ["a", "b"]}
    found = [current_names(alice.pk, name, each) for name, each in texts.items()]
    assert found == [{"food": "new"}, {}, {"b": "b"}]


@pytest.mark.django_db(transaction=True)
def test_parallel_requests_create_a_name_once(alice: User) -> None:
    def resolve(number: int) -> str:
        try:
            with transaction.atomic(), rls.as_customer(alice):
                return resolve_payees(alice.pk, [f"Shop {number % 5}"])[f"Shop {number % 5}"]
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(resolve, range(40)))
    assert found == [f"Shop {number % 5}" for number in range(40)]
    assert Payee.objects.filter(user=alice).count() == 5
