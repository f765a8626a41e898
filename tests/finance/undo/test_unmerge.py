"""The undo of merges of categories, payees and tags."""

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from rest_framework.test import APIClient

from dev.factories import CategoryFactory, ExpenseDueDateFactory, TransactionFactory
from finance.models import Category, EditRun, FinancialTransaction, Payee, Tag, UserExpenseDueDate
from tests.conftest import ClientFor
from tests.finance.undo.conftest import FINANCE, RUNS, TRANSACTIONS, state_of
from users.models import User

Send = Callable[..., Any]
MODELS: dict[str, Any] = {"categories": Category, "payees": Payee, "tags": Tag}
FIELDS = {"categories": "category", "payees": "payee", "tags": "tags"}
each_kind = pytest.mark.parametrize("kind", MODELS)


def names_of() -> list[Any]:
    rows = [list(model.objects.order_by("pk").values()) for model in MODELS.values()]
    dues = UserExpenseDueDate.objects.order_by("pk").values()
    return [[{name: value for name, value in row.items() if name != "updated_at"} for row in kind] for kind in (*rows, dues)]


def row_of(kind: str, name: str) -> Any:
    return MODELS[kind].objects.get(name=name)


def merge(send: Send, kind: str, merged: str, into: str, *, status: int = 200) -> Any:
    return send(f"{FINANCE}{kind}/{row_of(kind, merged).pk}/merge/", {"into": str(row_of(kind, into).pk)}, status=status)


def unmerge(send: Send, kind: str, merged: str, *, status: int = 200) -> Any:
    return send(f"{FINANCE}{kind}/{row_of(kind, merged).pk}/unmerge/", status=status)


def named(user: User, name: str) -> FinancialTransaction:
    """Return a transaction whose category, payee and tag have the same name."""
    row: FinancialTransaction = TransactionFactory(user=user, category=name, payee=name, tags=[name])
    return row


@each_kind
def test_everything_is_as_before(send: Send, as_alice: APIClient, alice: User, kind: str) -> None:
    rows = [named(alice, name) for name in ("Old", "Old", "New")]
    FinancialTransaction.objects.filter(pk=rows[0].pk).update(tags=["New", "Old"])
    before, names = state_of(), names_of()
    merge(send, kind, "Old", "New")
    assert state_of() != before
    merged = str(row_of(kind, "Old").pk)
    answer = unmerge(send, kind, "Old")
    assert (answer["restored"], answer["kept"]) == (2, [])
    assert (state_of(), names_of()) == (before, names)
    assert merged in {row["id"] for row in as_alice.get(f"{FINANCE}{kind}/").json()["results"]}


@each_kind
def test_a_row_that_was_changed_since_is_kept(send: Send, as_alice: APIClient, alice: User, kind: str) -> None:
    changed, same = named(alice, "Old"), named(alice, "Old")
    named(alice, "New")
    merge(send, kind, "Old", "New")
    value: Any = ["Other"] if kind == "tags" else "Other"
    as_alice.patch(f"{TRANSACTIONS}{changed.pk}/", {FIELDS[kind]: value})
    assert unmerge(send, kind, "Old")["kept"] == [{"id": str(changed.pk), "reason": "changed"}]
    other, back = (as_alice.get(f"{TRANSACTIONS}{row.pk}/").json()[FIELDS[kind]] for row in (changed, same))
    assert (str(other).lower(), str(back).lower()) == (str(value).lower(), str(["Old"] if kind == "tags" else "Old").lower())


@each_kind
def test_a_person_who_chose_the_remaining_one_keeps_it(send: Send, as_alice: APIClient, alice: User, kind: str) -> None:
    row = named(alice, "Old")
    imported = {"kind": "import", "id": None, "version": None}
    FinancialTransaction.objects.filter(pk=row.pk).update(sources={FIELDS[kind]: imported})
    named(alice, "New")
    merge(send, kind, "Old", "New")
    value: Any = ["New"] if kind == "tags" else "New"
    as_alice.patch(f"{TRANSACTIONS}{row.pk}/", {FIELDS[kind]: value})
    assert unmerge(send, kind, "Old")["kept"] == [{"id": str(row.pk), "reason": "changed"}]


@each_kind
def test_merges_one_after_the_other_are_undone_in_reverse(send: Send, alice: User, kind: str) -> None:
    for name in ("A", "B", "C"):
        named(alice, name)
    before, names = state_of(), names_of()
    merge(send, kind, "A", "B")
    merge(send, kind, "B", "C")
    assert unmerge(send, kind, "B")["restored"] == 2
    assert unmerge(send, kind, "A")["restored"] == 1
    assert (state_of(), names_of()) == (before, names)


@each_kind
def test_the_first_of_two_merges_is_undone_alone(send: Send, alice: User, kind: str) -> None:
    for name in ("A", "B", "C"):
        named(alice, name)
    merge(send, kind, "A", "B")
    merge(send, kind, "B", "C")
    assert [row["reason"] for row in unmerge(send, kind, "A")["kept"]] == ["changed"]
    assert row_of(kind, "A").merged_into is None
    unmerge(send, kind, "B")
    assert row_of(kind, "A").merged_into is None


@each_kind
def test_a_name_that_was_given_to_another_row_is_a_conflict(send: Send, as_alice: APIClient, alice: User, kind: str) -> None:
    named(alice, "Old"), named(alice, "New")
    merge(send, kind, "Old", "New")
    merged = row_of(kind, "Old")
    run = EditRun.objects.get()
    MODELS[kind].objects.filter(pk=merged.pk).delete()
    assert send(f"{FINANCE}{kind}/{merged.pk}/unmerge/", status=409)["errors"][0]["code"] == "name_in_use"
    run.refresh_from_db()
    assert run.undone_at is None


def test_children_parents_and_due_dates_move_back(send: Send, alice: User) -> None:
    top = CategoryFactory(user=alice, name="Top", slug="top")
    old = CategoryFactory(user=alice, name="Old", slug="old", parent=top)
    mid = CategoryFactory(user=alice, name="Mid", slug="mid", parent=old)
    new = CategoryFactory(user=alice, name="New", slug="new", parent=mid)
    CategoryFactory(user=alice, name="Child", slug="child", parent=old)
    ExpenseDueDateFactory.create_batch(2, user=alice, expense_category="old")
    before = names_of()
    merge(send, "categories", "Old", "New")
    new.refresh_from_db()
    assert new.parent_id == top.pk
    assert unmerge(send, "categories", "Old")["kept"] == []
    assert names_of() == before


def test_a_child_and_a_due_date_that_were_moved_since_stay(send: Send, as_alice: APIClient, alice: User) -> None:
    old, new = (CategoryFactory(user=alice, name=name, slug=name.lower()) for name in ("Old", "New"))
    child, other = CategoryFactory.create_batch(2, user=alice, parent=old)
    due, same = ExpenseDueDateFactory.create_batch(2, user=alice, expense_category="old")
    merge(send, "categories", "Old", "New")
    as_alice.patch(f"{FINANCE}categories/{child.pk}/", {"parent": None})
    as_alice.patch(f"{FINANCE}expense-due-dates/{due.pk}/", {"expense_category": ""})
    kept = {row["id"] for row in unmerge(send, "categories", "Old")["kept"]}
    assert kept == {str(child.pk), str(due.pk)}
    other.refresh_from_db(), child.refresh_from_db(), same.refresh_from_db()
    assert (other.parent_id, child.parent_id, same.expense_category) == (old.pk, None, "old")
    assert new.pk


def test_a_former_parent_that_is_below_by_now_stays(send: Send, as_alice: APIClient, alice: User) -> None:
    top = CategoryFactory(user=alice, name="Top", slug="top")
    CategoryFactory(user=alice, name="Old", slug="old", parent=top)
    CategoryFactory(user=alice, name="New", slug="new")
    merge(send, "categories", "Old", "New")
    as_alice.delete(f"{FINANCE}categories/{top.pk}/")
    assert [row["id"] for row in unmerge(send, "categories", "Old")["kept"]] == [str(row_of("categories", "Old").pk)]
    assert row_of("categories", "Old").parent is None


def test_only_the_owner_undoes_a_merge_and_once(send: Send, bob: User, api: ClientFor, alice: User) -> None:
    named(alice, "Old"), named(alice, "New")
    merge(send, "categories", "Old", "New")
    merged, run = row_of("categories", "Old"), EditRun.objects.get()
    assert api(bob).post(f"{FINANCE}categories/{merged.pk}/unmerge/").status_code == 404
    assert api(bob).post(f"{RUNS}{run.pk}/undo/").status_code == 404
    assert send(f"{RUNS}{run.pk}/undo/")["restored"] == 1
    unmerge(send, "categories", "Old", status=404)
    send(f"{FINANCE}categories/{uuid4()}/unmerge/", status=404)
    send(f"{FINANCE}payees/{merged.pk}/unmerge/", status=404)
