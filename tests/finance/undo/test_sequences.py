"""Random sequences of edits, deletions, restores, merges and undos, compared with a simple model of what must hold."""

from dataclasses import dataclass, field
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rest_framework.test import APIClient

from dev.factories import CategoryFactory, TransactionFactory
from finance.models import Category, DeletedTransaction, EditRun, FinancialTransaction
from tests.finance.undo.conftest import BULK, FINANCE, RUNS, TRANSACTIONS
from users.models import User

FIELDS = ("category", "tags", "note")
NAMES = ("a", "b", "c", "d")
Values = dict[str, tuple[Any, Any]]  # by field, its value and its source
State = dict[str, Values]
STEPS = st.lists(
    st.tuples(
        st.sampled_from(["person", "bulk", "merge", "delete", "restore", "undo", "undo", "undo"]),
        st.integers(0, 9),
        st.integers(0, 9),
        st.sampled_from(FIELDS),
    ),
    min_size=3,
    max_size=14,
)


def stored() -> State:
    rows = FinancialTransaction.objects.order_by("pk").values("pk", "sources", *FIELDS)
    return {str(row["pk"]): {name: (row[name], row["sources"].get(name)) for name in FIELDS} for row in rows}


@dataclass
class Edit:
    """An edit, with the state before and after it, and for a merge its category and those that led to it."""

    id: str
    before: State
    after: State
    merged: str = ""
    aliases: tuple[str, ...] = ()


@dataclass
class World:
    """The rows and categories of Alice, and what the model knows about them."""

    client: APIClient
    edits: list[Edit] = field(default_factory=list)
    leads: dict[str, str] = field(default_factory=dict)  # a merged category, and the one that it leads to

    def post(self, path: str, body: Any = None) -> Any:
        response = self.client.post(path, body or {})
        assert response.status_code == 200, response.content
        return response.json()

    def value(self, name: str, number: int) -> Any:
        text = NAMES[number % len(NAMES)]
        return [text] if name == "tags" else text

    def person(self, one: int, two: int, name: str) -> None:
        row = list(stored())[one % 3 :][:1]
        if row:
            response = self.client.patch(f"{TRANSACTIONS}{row[0]}/", {name: self.value(name, two)})
            assert response.status_code == 200, response.content

    def bulk(self, one: int, two: int, name: str) -> None:
        before = stored()
        keys = [key for place, key in enumerate(before) if place != one]
        body = {"ids": keys, "patch": {name: self.value(name, two)}, "expected_count": len(keys)}
        self.edits.append(Edit(self.post(BULK, body)["undo_token"], before, stored()))

    def merge(self, one: int, two: int, name: str) -> None:
        present = [name for name in NAMES if name not in self.leads]
        merged, into = present[one % len(present)], present[two % len(present)]
        if merged == into:
            return
        ids = dict(Category.objects.values_list("slug", "pk"))
        before = stored()
        self.post(f"{FINANCE}categories/{ids[merged]}/merge/", {"into": str(ids[into])})
        aliases = tuple(alias for alias, target in self.leads.items() if target == merged)
        self.leads |= dict.fromkeys((merged, *aliases), into)
        self.edits.append(Edit(str(EditRun.objects.latest("pk").pk), before, stored(), merged, aliases))

    def delete(self, one: int, two: int, name: str) -> None:
        for key in list(stored())[one % 3 :][:1]:
            self.client.delete(f"{TRANSACTIONS}{key}/")

    def restore(self, one: int, two: int, name: str) -> None:
        present = stored()
        self.post(f"{BULK}restore/", {"ids": [str(key) for key in DeletedTransaction.objects.values_list("pk", flat=True)]})
        after = stored()
        assert {key: after[key] for key in present} == present
        assert not DeletedTransaction.objects.exists()

    def undo(self, one: int, two: int, name: str) -> None:
        if not self.edits:
            return
        edit, present = self.edits.pop(one % len(self.edits)), stored()
        answer = self.post(f"{RUNS}{edit.id}/undo/")
        if edit.merged:
            target = self.leads.pop(edit.merged)
            self.leads |= {alias: edit.merged for alias in edit.aliases if self.leads.get(alias) == target}
        expected, kept = self.after_undo(edit, present)
        assert stored() == expected
        assert {row["id"] for row in answer["kept"]} == kept

    def after_undo(self, edit: Edit, present: State) -> tuple[State, set[str]]:
        """Return what the rows must be after an undo, and the rows that it must name as kept."""
        expected, kept = dict(present), set()
        for key, after in edit.after.items():
            before = edit.before[key]
            changed = [name for name in FIELDS if before[name] != after[name]]
            if not changed:
                continue
            if key in present and all(present[key][name] == after[name] for name in changed):
                expected[key] = present[key] | {name: self.now(name, before[name]) for name in changed}
            else:
                kept.add(key)
        return expected, kept

    def now(self, name: str, value: tuple[Any, Any]) -> tuple[Any, Any]:
        return (self.leads.get(value[0], value[0]), value[1]) if name == "category" else value


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS)
def test_an_undo_restores_what_was_not_changed_since(as_alice: APIClient, alice: User, steps: Any) -> None:
    for model in (FinancialTransaction, DeletedTransaction, EditRun, Category):
        model.objects.all().delete()
    for name in NAMES:
        CategoryFactory(user=alice, name=name, slug=name)
    TransactionFactory.create_batch(4, user=alice, category="a", tags=["a"])
    FinancialTransaction.objects.update(sources={"category": {"kind": "import", "id": None, "version": None}})
    world = World(as_alice)
    for step, one, two, name in steps:
        getattr(world, step)(one, two, name)
