"""The endpoint `categories/`: names, slugs, parents, defaults, deletion and merging."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from dev.factories import CategoryFactory, ExpenseDueDateFactory, PayeeFactory, TagFactory, TransactionFactory
from dev.factories.finance import category_of
from finance.models import Category, FinancialTransaction, UserExpenseDueDate
from finance.services.default_categories import DEFAULT_CATEGORIES
from tests.conftest import ClientFor, use_staff_role
from tests.finance.names.conftest import CATEGORIES, TAGS, TRANSACTIONS, Post, merge
from users.models import User
from users.services import email_verified


def create(client: APIClient, name: str, **fields: Any) -> Any:
    response = client.post(CATEGORIES, {"name": name} | fields)
    assert response.status_code == 201, response.content
    return response.json()


def error(response: Any, status: int = 400) -> tuple[str, str | None]:
    assert response.status_code == status, response.content
    [problem] = response.json()["errors"]
    return problem["code"], problem["attr"]


@pytest.mark.parametrize(
    ("name", "slug"),
    [
        ("Dining out", "dining-out"),
        ("Café & Thé", "cafe-the"),
        ("食費", "食費"),
        ("Еда", "еда"),
        ("🍕", "category"),
        ("50/30/20", "503020"),
        ("x" * 100, "x" * 94),
    ],
)
def test_a_name_gets_a_slug(as_alice: APIClient, name: str, slug: str) -> None:
    assert create(as_alice, name)["slug"] == slug


def test_two_names_never_share_a_slug(as_alice: APIClient) -> None:
    names = ["🍕", "🍔", "🍟", "C++", "C"]
    assert [create(as_alice, name)["slug"] for name in names[:3]] == ["category", "category-2", "category-3"]
    slugs = {create(as_alice, name)["slug"] for name in ("Food & drink", "Food-drink 2")}
    assert len(slugs) == 2


@pytest.mark.django_db(transaction=True)
def test_names_without_letters_get_slugs_at_the_same_time(alice: User, api: ClientFor) -> None:
    def send(name: str) -> int:
        try:
            return int(api(alice).post(CATEGORIES, {"name": name}).status_code)
        finally:
            connection.close()

    with ThreadPoolExecutor(4, initializer=use_staff_role) as pool:
        assert set(pool.map(send, "🍕🍔🍟🌭🍿🧂🥓🥚")) == {201}


@pytest.mark.django_db(transaction=True)
def test_parallel_changes_of_parents_close_no_circle(alice: User, api: ClientFor) -> None:
    rows = CategoryFactory.create_batch(4, user=alice)

    def send(number: int) -> int:
        try:
            row, parent = rows[number % 4], rows[(number + 1) % 4]
            return int(api(alice).patch(f"{CATEGORIES}{row.pk}/", {"parent": str(parent.pk)}).status_code)
        finally:
            connection.close()

    with ThreadPoolExecutor(4, initializer=use_staff_role) as pool:
        assert set(pool.map(send, range(12))) == {200, 400}


@pytest.mark.parametrize("again", ["Dining", "DINING", "díning", " dining ", "Dining!"])
def test_a_name_is_unique_without_case_accents_and_signs(as_alice: APIClient, again: str) -> None:
    create(as_alice, "Dining")
    assert error(as_alice.post(CATEGORIES, {"name": again})) == ("unique", "name")


def test_another_user_may_have_the_same_name(as_alice: APIClient, bob: User) -> None:
    CategoryFactory(user=bob, name="Dining", slug="dining")
    assert create(as_alice, "Dining")["slug"] == "dining"


def test_a_rename_writes_one_row_and_keeps_the_slug(as_alice: APIClient, alice: User) -> None:
    TransactionFactory.create_batch(3, user=alice, category="Food")
    before = list(FinancialTransaction.objects.values("pk", "updated_at", "category"))
    category = Category.objects.get(name="Food")
    with CaptureQueriesContext(connection) as queries:
        response = as_alice.patch(f"{CATEGORIES}{category.pk}/", {"name": "Groceries"})
    assert (response.status_code, response.json()["name"], response.json()["slug"]) == (200, "Groceries", "food")
    written = {query["sql"].split('"')[1] for query in queries if query["sql"].startswith("UPDATE")}
    assert written - {"users_personalaccesstoken"} == {"finance_category"}  # the token's last use
    assert list(FinancialTransaction.objects.values("pk", "updated_at", "category")) == before


def test_a_client_can_send_back_the_slug_after_a_rename(as_alice: APIClient, spend: Post) -> None:
    food = create(as_alice, "Food")
    as_alice.patch(f"{CATEGORIES}{food['id']}/", {"name": "Groceries"})
    other = create(as_alice, "Food")
    assert other["slug"] == "food-2"
    assert (spend(category="food")["category"], spend(category="Food")["category"]) == ("food", "food-2")


def test_the_slug_can_not_be_written(as_alice: APIClient) -> None:
    food = create(as_alice, "Food", slug="other")
    response = as_alice.patch(f"{CATEGORIES}{food['id']}/", {"slug": "other"})
    assert (food["slug"], response.json()["slug"]) == ("food", "food")


@pytest.mark.parametrize("length", [1, 2, 5])
def test_a_category_is_never_below_itself(as_alice: APIClient, length: int) -> None:
    chain = [create(as_alice, "c0")]
    for number in range(1, length):
        chain.append(create(as_alice, f"c{number}", parent=chain[-1]["id"]))
    response = as_alice.patch(f"{CATEGORIES}{chain[0]['id']}/", {"parent": chain[-1]["id"]})
    assert error(response) == ("circle", "parent")


def test_the_database_refuses_a_circle(alice: User) -> None:
    first, second = CategoryFactory.create_batch(2, user=alice)
    Category.objects.filter(pk=second.pk).update(parent=first)
    with pytest.raises(IntegrityError, match="below itself"), transaction.atomic():
        Category.objects.filter(pk=first.pk).update(parent=second)


def test_the_database_refuses_a_merged_parent(alice: User) -> None:
    merged, into, child = CategoryFactory.create_batch(3, user=alice)
    Category.objects.filter(pk=merged.pk).update(merged_into=into)
    with pytest.raises(IntegrityError, match="merged"), transaction.atomic():
        Category.objects.filter(pk=child.pk).update(parent=merged)


@pytest.mark.parametrize("factory", [CategoryFactory, TagFactory, PayeeFactory])
def test_the_database_refuses_chains_of_merged_rows(alice: User, factory: Any) -> None:
    first, second, third = factory.create_batch(3, user=alice)
    rows = type(first).objects
    rows.filter(pk=first.pk).update(merged_into=second)
    for row, into in ((second, third), (third, first), (third, third)):
        with pytest.raises(IntegrityError, match="merged"), transaction.atomic():
            rows.filter(pk=row.pk).update(merged_into=into)


def test_another_users_category_is_no_parent(as_alice: APIClient, bob: User) -> None:
    foreign = CategoryFactory(user=bob)
    assert error(as_alice.post(CATEGORIES, {"name": "Food", "parent": str(foreign.pk)})) == ("does_not_exist", "parent")


def test_a_filter_by_a_parent_includes_its_children(as_alice: APIClient, spend: Post) -> None:
    food = create(as_alice, "Food")
    dining = create(as_alice, "Dining", parent=food["id"])
    create(as_alice, "Coffee", parent=dining["id"])
    for name in ("Food", "Dining", "Coffee", "Rent"):
        spend(category=name)
    found = {slug: len(as_alice.get(TRANSACTIONS, {"category": slug}).json()["results"]) for slug in ("food", "dining", "rent")}
    assert found == {"food": 3, "dining": 2, "rent": 1}
    assert len(as_alice.get(TRANSACTIONS, {"category__isnull": "true"}).json()["results"]) == 0


def test_the_default_categories_are_created_once(as_alice: APIClient) -> None:
    create(as_alice, "food")
    created = as_alice.post(f"{CATEGORIES}defaults/").json()["created"]
    expected = {name for item in DEFAULT_CATEGORIES for name in (item.name, *item.children)} - {"Food"}
    assert {row["name"] for row in created} == expected
    by_name = {row["name"]: row for row in created}
    assert by_name["Groceries"]["parent"] == str(Category.objects.get(name="food").pk)
    assert by_name["Salary"]["kind"] == "income"
    assert as_alice.post(f"{CATEGORIES}defaults/").json() == {"created": []}


def test_a_verified_customer_starts_with_the_default_categories(alice: User) -> None:
    email_verified.send(User, user=alice)
    assert Category.objects.filter(user=alice, slug="groceries", parent__slug="food").exists()


def test_a_category_in_use_is_not_deleted(as_alice: APIClient, alice: User) -> None:
    TransactionFactory(user=alice, category="Food")
    food = Category.objects.get(name="Food")
    assert error(as_alice.delete(f"{CATEGORIES}{food.pk}/"), 409) == ("category_in_use", None)
    FinancialTransaction.objects.all().delete()
    child = CategoryFactory(user=alice, parent=food)
    assert as_alice.delete(f"{CATEGORIES}{food.pk}/").status_code == 204
    child.refresh_from_db()
    assert child.parent is None


class TestMerging:
    def test_it_moves_transactions_due_dates_and_children(self, as_alice: APIClient, alice: User) -> None:
        eating, dining = (Category.objects.get(slug=category_of(alice, name)) for name in ("Eating", "Dining"))
        TransactionFactory.create_batch(2, user=alice, category="Eating")
        ExpenseDueDateFactory(user=alice, expense_category="eating")
        child = CategoryFactory(user=alice, parent=eating)
        response = merge(as_alice, CATEGORIES, eating.pk, dining.pk)
        assert (response.status_code, response.json()["slug"]) == (200, "dining")
        assert {row.category for row in FinancialTransaction.objects.all()} == {"dining"}
        assert UserExpenseDueDate.objects.get().expense_category == "dining"
        child.refresh_from_db()
        assert child.parent == dining
        assert "Eating" not in [row["name"] for row in as_alice.get(CATEGORIES).json()["results"]]
        assert as_alice.get(f"{CATEGORIES}{eating.pk}/").status_code == 404

    def test_the_old_name_and_slug_lead_to_the_other_one(self, as_alice: APIClient, spend: Post) -> None:
        first, second, third = (create(as_alice, name) for name in ("Eating", "Dining", "Food"))
        merge(as_alice, CATEGORIES, first["id"], second["id"])
        merge(as_alice, CATEGORIES, second["id"], third["id"])
        assert [spend(category=text)["category"] for text in ("eating", "Eating", "DINING")] == ["food"] * 3

    def test_a_new_category_with_the_old_name_takes_its_place(self, as_alice: APIClient, spend: Post) -> None:
        eating, dining = create(as_alice, "Eating"), create(as_alice, "Dining")
        merge(as_alice, CATEGORIES, eating["id"], dining["id"])
        again = create(as_alice, "Eating")
        assert spend(category="Eating")["category"] == again["slug"]

    @pytest.mark.parametrize("path", [CATEGORIES, TAGS])
    def test_a_renamed_row_with_the_old_name_takes_its_place(self, as_alice: APIClient, path: str) -> None:
        first, second, third = (as_alice.post(path, {"name": name}).json() for name in ("Eating", "Dining", "Food"))
        merge(as_alice, path, first["id"], second["id"])
        assert as_alice.patch(f"{path}{third['id']}/", {"name": "Eating"}).status_code == 200
        assert error(as_alice.put(f"{path}{third['id']}/", {"name": "dining"})) == ("unique", "name")

    def test_a_category_two_levels_below_the_merged_one_takes_its_place(self, as_alice: APIClient) -> None:
        top = create(as_alice, "Top")
        middle = create(as_alice, "Middle", parent=top["id"])
        low = create(as_alice, "Low", parent=middle["id"])
        assert merge(as_alice, CATEGORIES, top["id"], low["id"]).json()["parent"] is None
        assert as_alice.get(f"{CATEGORIES}{middle['id']}/").json()["parent"] == low["id"]

    @pytest.mark.django_db(transaction=True)
    def test_two_opposite_merges_do_not_wait_for_each_other(self, alice: User, api: ClientFor) -> None:
        def send(pair: tuple[Any, Any]) -> int:
            try:
                return int(merge(api(alice), CATEGORIES, pair[0].pk, pair[1].pk).status_code)
            finally:
                connection.close()

        for _ in range(10):
            first, second = CategoryFactory.create_batch(2, user=alice)
            with ThreadPoolExecutor(2, initializer=use_staff_role) as pool:
                statuses = sorted(pool.map(send, [(first, second), (second, first)]))
            assert statuses in ([200, 404], [200, 409])

    def test_a_category_below_the_merged_one_takes_its_place(self, as_alice: APIClient) -> None:
        top = create(as_alice, "Top")
        middle = create(as_alice, "Middle", parent=top["id"])
        low = create(as_alice, "Low", parent=middle["id"])
        assert merge(as_alice, CATEGORIES, middle["id"], low["id"]).json()["parent"] == top["id"]

    def test_it_is_refused(self, as_alice: APIClient, bob: User) -> None:
        food, pay = create(as_alice, "Food"), create(as_alice, "Pay", kind="income")
        foreign = CategoryFactory(user=bob)
        assert error(merge(as_alice, CATEGORIES, food["id"], food["id"])) == ("same_row", "into")
        assert error(merge(as_alice, CATEGORIES, food["id"], pay["id"])) == ("other_kind", "into")
        assert error(merge(as_alice, CATEGORIES, food["id"], foreign.pk)) == ("does_not_exist", "into")
        assert Category.objects.current().count() == 3
