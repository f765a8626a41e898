"""Random sequences of a person's edits, imports, rules, suggestions and undos: what a person has chosen stays as it is."""

from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rest_framework.test import APIClient

from core import clock
from dev.factories import TransactionFactory
from finance.models import (
    EditRun,
    EncryptedFinancialProfile,
    FinancialTransaction,
    Payee,
    Rule,
    StatementImport,
    StatementImportRow,
)
from finance.services import apply_rules, undo_edit, undo_import
from finance.services.rule_names import with_ids
from finance.sources import CHOSEN, is_chosen_by_user
from tests.finance.imports.conftest import Bring, bring
from tests.finance.imports.statement_files import Line, ofx_of
from tests.finance.rules.conftest import TRANSACTIONS
from tests.finance.undo.conftest import BULK
from tests.long_series import size
from users.models import User

__all__ = ["bring"]

PARTS = [{"amount": "-2.00", "category": "part"}, {"amount": "-3.00"}]
CHOICES: dict[str, list[Any]] = {
    "category": ["", "mine", "other"],
    "payee": ["", "Mine", "Other"],
    "tags": [[], ["mine"], ["mine", "other"]],
    "note": ["", "mine", "other"],
    "splits": [[], PARTS],
    "transaction_type": ["expense", "transfer"],
}
SOURCES = {"transaction_type": "transfer"}
RULES: list[list[tuple[str, Any]]] = [
    [("set_category", "ruled"), ("set_payee", "Ruled"), ("add_tag", "ruled"), ("remove_tag", "mine"), ("set_note", "ruled")],
    [("split", [{"percent": "50", "category": "ruled"}, {}])],
    [("mark_transfer", None), ("add_tag", "moved")],
    [("set_category", "again"), ("set_note", "again"), ("remove_tag", "ruled")],
]
LINES = [Line(text=f"Coffee {number}", amount="-5.00", id=f"bank-{number}") for number in range(3)]
STEP = st.tuples(
    st.sampled_from(["person", "person", "bulk", "rule", "rule", "all", "bank", "suggestion", "undo", "undo_import"]),
    st.integers(0, 11),
    st.integers(0, 11),
    st.sampled_from(sorted(CHOICES)),
)


def value_of(row: FinancialTransaction, name: str) -> Any:
    if name == "splits":
        return [(str(part["amount"]), part["category"], part["note"], part["tags"]) for part in row.splits]
    return getattr(row, name)


@dataclass
class World:
    """Alice's rows, and what was chosen: by row and field, the value."""

    client: APIClient
    owner: User
    bring: Bring
    chosen: dict[tuple[Any, str], Any] = field(default_factory=dict)

    def rows(self) -> list[FinancialTransaction]:
        return list(FinancialTransaction.objects.order_by("pk"))

    def remember(self, rows: list[FinancialTransaction], name: str) -> None:
        """Remember the value that a person has set, and that of the category, which parts replace."""
        for row in FinancialTransaction.objects.filter(pk__in=[row.pk for row in rows]):
            self.chosen[row.pk, name] = value_of(row, name)
            if (row.pk, "category") in self.chosen:
                self.chosen[row.pk, "category"] = row.category

    def person(self, one: int, two: int, name: str) -> None:
        rows = self.rows()[one % 6 :][:1]
        for row in rows:
            sent = {name: CHOICES[name][two % len(CHOICES[name])]}
            if self.client.patch(f"{TRANSACTIONS}{row.pk}/", sent).status_code == 200:
                self.remember(rows, name)

    def bulk(self, one: int, two: int, name: str) -> None:
        rows = self.rows()[one % 3 :]
        body = {"ids": [str(row.pk) for row in rows], "expected_count": len(rows)}
        patch = {name: CHOICES[name][two % len(CHOICES[name])]}
        if rows and self.client.post(BULK, {**body, "patch": patch}).status_code == 200:
            self.remember(rows, name)

    def rule(self, one: int, two: int, name: str) -> None:
        apply_rules(self.rules()[one % len(RULES) :][:1], now=clock.now())

    def all(self, one: int, two: int, name: str) -> None:
        Rule.objects.filter(order=one % len(RULES)).update(stop=two % 2 == 0, is_active=two % 3 > 0)
        apply_rules([rule for rule in self.rules() if rule.is_active], now=clock.now())

    def rules(self) -> list[Rule]:
        return list(Rule.objects.order_by("order"))

    def bank(self, one: int, two: int, name: str) -> None:
        """Import some rows, first as pending and then as posted."""
        lines = LINES[: one % 3 + 1]
        self.bring(ofx_of(pending=tuple(lines)) if two % 2 else ofx_of(*lines))

    def suggestion(self, one: int, two: int, name: str) -> None:
        """Set a value that the user has not chosen, as an accepted suggestion does; it is a choice from then on."""
        for row in self.rows()[one % 6 :][:1]:
            if name in ("category", "note", "payee") and not is_chosen_by_user(row.sources, name) and not row.divided_by:
                Payee.objects.get_or_create(user=self.owner, name="Ruled")
                value = {"category": "mine", "payee": "Ruled"}.get(name, "suggested")
                sources = row.sources | {name: {"kind": "suggestion", "id": None, "version": None}}
                FinancialTransaction.objects.filter(pk=row.pk).update(**{name: value, "sources": sources})
                self.remember([row], name)

    def undo(self, one: int, two: int, name: str) -> None:
        runs = list(EditRun.objects.filter(kind="rule", undone_at=None).order_by("pk"))
        if runs:
            undo_edit(run=runs[one % len(runs)], now=clock.now())

    def undo_import(self, one: int, two: int, name: str) -> None:
        """Undo an import. It keeps each transaction that a person has changed."""
        imports = list(StatementImport.objects.filter(undone_at=None).order_by("pk"))
        if imports:
            undo_import(record=imports[one % len(imports)], now=clock.now())

    def check(self) -> None:
        rows = {row.pk: row for row in self.rows()}
        for (key, name), value in self.chosen.items():
            assert key in rows, "a transaction that a person has changed was removed"
            assert value_of(rows[key], name) == value
            assert rows[key].sources[SOURCES.get(name, name)]["kind"] in CHOSEN


def start(owner: User) -> None:
    for model in (FinancialTransaction, StatementImportRow, StatementImport, EditRun, Rule):
        model._default_manager.all().delete()
    for order, actions in enumerate(RULES):
        listed: list[dict[str, Any]] = [{"type": kind, "value": value} for kind, value in actions]
        for action in listed:
            if action["type"] == "split":
                blank: dict[str, Any] = {"percent": None, "amount": None, "category": "", "note": "", "tags": []}
                action["value"] = [blank | part for part in action["value"]]
        Rule.objects.create(
            user=owner,
            name=f"r{order}",
            search="-nothing",
            actions=with_ids(owner.pk, listed),
            order=order,
            is_active=order < 2,
        )
    TransactionFactory.create_batch(2, user=owner, amount="-5.00", category="mine", tags=["mine", "other"])


@pytest.mark.long
@settings(max_examples=size(25, whole=10_000), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(STEP, min_size=3, max_size=12))
def test_what_a_person_has_chosen_stays(
    as_alice: APIClient, alice: User, account: EncryptedFinancialProfile, bring: Bring, steps: Any
) -> None:
    start(alice)
    world = World(as_alice, alice, bring)
    for step, one, two, name in steps:
        getattr(world, step)(one, two, name)
        world.check()
