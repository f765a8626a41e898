"""Rules on the transactions of an import, in its transaction."""

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from rest_framework.test import APIClient

from core import rls
from dev.factories import TransactionFactory
from finance.models import EditRun, FinancialTransaction, Rule, StatementImport
from tests.finance.imports.conftest import bring, undo
from tests.finance.imports.statement_files import Line, csv_of
from tests.finance.rules.conftest import RULE_RUNS, TRANSACTIONS
from users.models import User

__all__ = ["bring", "undo"]
Send = Callable[..., Any]
COFFEE, RENT = Line(text="Coffee House"), Line(text="Rent", amount="-900.00")
FAIL = "CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'broken'; END $$"
FAILING = f"""
{FAIL};
CREATE TRIGGER fail BEFORE UPDATE OF note ON finance_financialtransaction FOR EACH ROW EXECUTE FUNCTION fail()
"""


def values_of(name: str) -> dict[str, Any]:
    return dict(FinancialTransaction.objects.values_list("description", name))


def test_rules_change_only_what_the_import_has_created(bring: Send, make_rule: Send, alice: User) -> None:
    other = TransactionFactory(user=alice, description="Coffee House", transaction_date=date(2025, 1, 1))
    make_rule("coffee", ("set_category", "Coffee"), order=2)
    make_rule("coffee", ("add_tag", "weekday"), order=3)
    make_rule("category:coffee", ("set_note", "sees the others"), order=4, stop=True)
    make_rule("-x", ("set_note", "after the stop"), order=5)
    make_rule("-x", ("set_payee", "inactive"), order=1, is_active=False)
    bring(csv_of(COFFEE, RENT))
    other.refresh_from_db()
    assert (other.category, other.note, other.sources) == ("", "", {})
    rows = {row.description: row for row in FinancialTransaction.objects.exclude(pk=other.pk)}
    coffee, rent = rows["Coffee House"], rows["Rent"]
    assert (coffee.category, coffee.tags, coffee.note) == ("coffee", ["weekday"], "sees the others")
    assert (rent.category, rent.note) == ("", "after the stop")
    assert coffee.sources["category"]["id"] == str(Rule.objects.get(order=2).pk)
    assert EditRun.objects.count() == 4


def test_the_value_of_a_rule_replaces_that_of_the_file(bring: Send, make_rule: Send) -> None:
    make_rule("description:coffee", ("set_payee", "My café"), ("split", [{"percent": "50", "category": "food"}, {}]))
    bring(csv_of(COFFEE))
    row = FinancialTransaction.objects.get()
    assert (row.payee, row.sources["payee"]["kind"], row.divided_by) == ("My café", "rule", "splits")
    assert [str(part["amount"]) for part in row.splits] == ["-2.50", "-2.50"]
    bring(csv_of(COFFEE, RENT))
    assert FinancialTransaction.objects.filter(description="Coffee House").get().payee == "My café"


def test_an_import_by_the_api_applies_rules(as_alice: APIClient, make_rule: Send, account: Any) -> None:
    make_rule("coffee", ("set_payee", "My café"), ("split", [{"amount": "1.00"}, {}]))
    form = {"file": SimpleUploadedFile("statement.csv", csv_of(COFFEE)), "account": str(account.pk)}
    assert as_alice.post("/api/v1/finance/imports/", form, format="multipart").json()["created"] == 1
    row = FinancialTransaction.objects.get()
    assert (row.payee, [str(part["amount"]) for part in row.splits]) == ("My café", ["-1.00", "-4.00"])


def test_a_dry_run_applies_no_rules(bring: Send, make_rule: Send) -> None:
    make_rule("coffee", ("set_note", "n"))
    bring(csv_of(COFFEE), dry_run=True)
    assert not EditRun.objects.exists()


def test_the_undo_of_an_import_removes_what_rules_have_changed(bring: Send, undo: Send, make_rule: Send) -> None:
    make_rule("coffee", ("set_category", "Coffee"), order=1)
    make_rule("-x", ("split", [{"percent": "50"}, {}]), order=2)
    result = bring(csv_of(COFFEE, RENT))
    assert (undo(result).removed, undo_kept(result.id)) == (2, 0)
    assert not FinancialTransaction.objects.exists()
    assert bring(csv_of(COFFEE, RENT)).created == 2


def undo_kept(key: Any) -> int:
    record = StatementImport.objects.get(pk=key)
    return FinancialTransaction.objects.filter(pk__in=record.rows.values("transaction_id")).count()


def test_the_undo_of_an_import_keeps_what_a_person_has_changed(
    bring: Send, undo: Send, make_rule: Send, as_alice: APIClient
) -> None:
    make_rule("coffee", ("set_category", "Coffee"))
    result = bring(csv_of(COFFEE, RENT))
    row = FinancialTransaction.objects.get(description="Coffee House")
    as_alice.patch(f"{TRANSACTIONS}{row.pk}/", {"note": "mine"})
    done = undo(result)
    assert (done.removed, [each.transaction for each in done.kept]) == (1, [row.pk])


def test_a_run_on_an_import_is_undone(bring: Send, make_rule: Send, send: Send) -> None:
    make_rule("coffee", ("set_category", "Coffee"))
    bring(csv_of(COFFEE))
    assert send(f"{RULE_RUNS}{EditRun.objects.get().pk}/undo/")["restored"] == 1
    row = FinancialTransaction.objects.get()
    assert (row.category, row.sources) == ("", {})


@pytest.fixture
def _notes_fail(db: None) -> None:
    """Let the database refuse every change of a note, as a rule that can't be applied."""
    with rls.as_login_role(), connection.cursor() as cursor:
        cursor.execute(FAILING)


@pytest.mark.usefixtures("_notes_fail")
def test_an_import_does_not_fail_because_of_a_rule(bring: Send, make_rule: Send, caplog: Any, alice: User) -> None:
    """One that the database refuses, or a search that can't be read any more; the rules after it run."""
    make_rule("coffee", ("set_note", "n"), order=1, stop=True)
    make_rule("coffee", ("set_payee", "p"), order=2, stop=True)
    Rule.objects.filter(order=2).update(search="amount>x")
    make_rule("coffee", ("set_category", "Coffee"), order=3)
    assert bring(csv_of(COFFEE)).created == 1
    row = FinancialTransaction.objects.get()
    assert (row.category, row.note, row.payee) == ("coffee", "", "")
    assert len([line for line in caplog.messages if "failed on the import" in line]) == 2
    assert EditRun.objects.count() == 1


def test_rules_follow_a_large_import(bring: Send, make_rule: Send) -> None:
    make_rule("coffee", ("set_category", "Coffee"), ("add_tag", "t"))
    lines = [Line(text=f"Coffee {number}", amount=f"-{number}.00") for number in range(1, 1_501)]
    assert bring(csv_of(*lines)).created == 1_500
    assert FinancialTransaction.objects.filter(category="coffee", tags=["t"]).count() == 1_500


def test_the_undo_of_runs_on_an_import_lets_the_import_be_undone(
    bring: Send, undo: Send, make_rule: Send, send: Send, as_alice: APIClient
) -> None:
    make_rule("coffee", ("set_category", "Coffee"), order=1)
    make_rule("-x", ("split", [{"percent": "50"}, {}]), order=2)
    result = bring(csv_of(COFFEE, RENT, Line(text="Coffee to go", amount="-3.00")))
    changed = FinancialTransaction.objects.get(description="Coffee to go")
    as_alice.patch(f"{TRANSACTIONS}{changed.pk}/", {"note": "mine"})
    for run in EditRun.objects.order_by("-pk"):
        assert send(f"{RULE_RUNS}{run.pk}/undo/")["kept_count"] == 0
    done = undo(result)
    assert (done.removed, [each.transaction for each in done.kept]) == (2, [changed.pk])
