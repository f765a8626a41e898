"""The sources of values: what an import sets, and that it never changes what the user has chosen."""

from datetime import date
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rest_framework.test import APIClient

from core import clock
from dev.factories import AccountFactory
from finance.models import Category, DeletedTransaction, FinancialTransaction, Payee, StatementImport
from finance.services import merge_names, restore_transactions, undo_import
from finance.services.transaction_names import NamedChanges
from finance.sources import SourceKind, is_chosen_by_user, source, with_source
from tests import long_series
from tests.finance.imports.conftest import Bring
from tests.finance.imports.conftest import bring as bring
from tests.finance.imports.statement_files import Line, csv_file, ofx_of
from tests.finance.names.conftest import TRANSACTIONS, Post
from users.models import User

HEADER = "Date,Amount,Description,Merchant,Category"
ROW = "2026-03-02,-5.00,Card payment,SQ *COFFEE HOUSE 0123,Eating out"


def only() -> FinancialTransaction:
    return FinancialTransaction.objects.get()


def test_a_person_who_sends_a_value_chooses_it(as_alice: APIClient, spend: Post) -> None:
    row = spend(category="Food", note="for two")
    assert {name: entry["kind"] for name, entry in row["sources"].items()} == {"category": "user", "note": "user"}
    emptied = as_alice.patch(f"{TRANSACTIONS}{row['id']}/", {"tags": [], "payee": ""}).json()
    assert set(emptied["sources"]) == {"category", "note", "tags", "payee"}


def test_a_put_of_the_same_values_chooses_nothing(as_alice: APIClient, spend: Post) -> None:
    row = spend(merchant_name="Shop")
    body = as_alice.get(f"{TRANSACTIONS}{row['id']}/").json()
    assert as_alice.put(f"{TRANSACTIONS}{row['id']}/", body).json()["sources"] == {}
    assert set(as_alice.put(f"{TRANSACTIONS}{row['id']}/", body | {"note": "n"}).json()["sources"]) == {"note"}


def test_a_bulk_edit_is_a_choice(as_alice: APIClient, spend: Post) -> None:
    row = spend()
    body = {"ids": [row["id"]], "patch": {"category": "Food"}, "expected_count": 1}
    assert as_alice.post(f"{TRANSACTIONS}bulk/", body).status_code == 200
    assert only().sources == {"category": source(SourceKind.USER)}


def test_sources_can_not_be_written(as_alice: APIClient, spend: Post) -> None:
    row = spend(sources={"category": {"kind": "rule"}})
    assert row["sources"] == {}


@pytest.mark.parametrize("entry", [5, "user", None, [], {}, {"kind": None}, {"kind": "guess"}, [{"kind": "user"}]], ids=str)
def test_the_database_refuses_other_sources(spend: Post, entry: Any) -> None:
    spend(category="Food")
    for kind in SourceKind:
        FinancialTransaction.objects.update(sources={"category": source(kind), "note": source(kind)})
    with pytest.raises(IntegrityError, match="sources_kind"), transaction.atomic():
        FinancialTransaction.objects.update(sources={"note": source(SourceKind.USER), "category": entry})


def test_sources_are_filtered(as_alice: APIClient, spend: Post) -> None:
    spend(category="Food")
    spend()
    found = as_alice.get(TRANSACTIONS, {"sources__contains": '{"category": {"kind": "user"}}'}).json()["results"]
    assert [row["category"] for row in found] == ["food"]


def test_an_import_names_category_and_payee(bring: Bring) -> None:
    result = bring(csv_file(ROW, header=HEADER))
    row = only()
    entry = source(SourceKind.IMPORT, key=result.id)
    assert (row.category, row.payee, row.merchant_name) == ("eating-out", "Coffee House", "SQ *COFFEE HOUSE 0123")
    assert row.sources == {"category": entry, "payee": entry}
    assert (Category.objects.get().kind, Payee.objects.get().name) == ("expense", "Coffee House")


def test_a_dry_run_creates_no_names(bring: Bring) -> None:
    bring(csv_file(ROW, header=HEADER), dry_run=True)
    assert (Category.objects.count(), Payee.objects.count()) == (0, 0)


def test_an_imported_category_of_income_is_for_income(bring: Bring) -> None:
    bring(csv_file("2026-03-02,5.00,Pay,Employer,Salary", "2026-03-03,-5.00,Meal,Canteen,Food", header=HEADER))
    assert dict(Category.objects.values_list("slug", "kind")) == {"salary": "income", "food": "expense"}


def test_a_newer_report_changes_the_payee_and_the_undo_returns_it(bring: Bring) -> None:
    bring(ofx_of(pending=(Line(id="H1", text="HOTEL HOLD"),)))
    assert only().payee == "Hotel Hold"
    later = bring(ofx_of(Line(id="H1", text="GRAND HOTEL")))
    assert only().payee == "Grand Hotel"
    assert later.id
    undo_import(record=StatementImport.objects.get(pk=later.id), now=clock.now())
    assert only().payee == "Hotel Hold"


STEPS = ("import pending", "import posted", "undo", "delete and restore", "merge payee", "edit merchant")
FIELDS: dict[str, list[Any]] = {
    "category": ["", "Food", "Fun"],
    "payee": ["", "Mine", "Shop"],
    "tags": [[], ["a"], ["a", "b"]],
    "note": ["", "n"],
}
CHOICES = st.fixed_dictionaries({}, optional={name: st.sampled_from(values) for name, values in FIELDS.items()})


def shown(row: FinancialTransaction) -> dict[str, Any]:
    return {name: getattr(row, name) for name in FIELDS}


@settings(
    deadline=None,
    max_examples=long_series.size(30, whole=10_000),
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(choices=CHOICES, steps=st.lists(st.sampled_from(STEPS), max_size=6), more=CHOICES)
@pytest.mark.django_db
def test_what_the_user_has_chosen_stays(alice: User, bring: Bring, choices: Any, steps: list[str], more: Any) -> None:
    FinancialTransaction.objects.all().delete()
    account = AccountFactory(user=alice)
    last = bring(ofx_of(pending=(Line(id="H1", text="HOTEL HOLD"),)), account=account)
    expected: dict[str, Any] = {}
    for place, step in enumerate(steps):
        if place in (0, len(steps) // 2):
            choose(choices if place == 0 else more, expected)
        found = FinancialTransaction.objects.filter(financial_profile=account).first()
        if found is None:
            break
        last = take(step, found, account, bring, last)
        row = FinancialTransaction.objects.filter(financial_profile=account).first()
        if row is not None:
            assert {name: value for name, value in shown(row).items() if name in expected} == expected
            assert all(is_chosen_by_user(row.sources, name) for name in expected)


def choose(values: dict[str, Any], expected: dict[str, Any]) -> None:
    """Send values as the user, and note what the row must keep."""
    row = FinancialTransaction.objects.order_by("-pk").first()
    if row is None or not values:
        return
    for name, value in {**values, **NamedChanges(row.user_id).of(row, values, is_partial=True)}.items():
        setattr(row, name, value)
    row.save()
    expected |= {name: value for name, value in shown(row).items() if name in values}


def take(step: str, row: FinancialTransaction, account: Any, bring: Bring, last: Any) -> Any:
    """Take one step that no choice of the user may suffer from, and return the last import."""
    if step == "import pending":
        return bring(ofx_of(pending=(Line(id="H1", text="HOTEL AGAIN"),)), account=account)
    if step == "import posted":
        return bring(ofx_of(Line(id="H1", text="GRAND HOTEL", day=date(2026, 3, 3))), account=account)
    if step == "undo" and last.id and not StatementImport.objects.get(pk=last.id).undone_at:
        undo_import(record=StatementImport.objects.get(pk=last.id), now=clock.now())
    elif step == "delete and restore":
        FinancialTransaction.objects.filter(pk=row.pk).delete()
        restore_transactions(DeletedTransaction.objects.filter(pk=row.pk))
    elif step == "merge payee":
        unused = Payee.objects.create(user_id=row.user_id, name=f"Unused {Payee.objects.count()}")
        other = Payee.objects.create(user_id=row.user_id, name=f"Other {Payee.objects.count()}")
        merge_names(merged=unused, into=other, now=clock.now())
    elif step == "edit merchant":
        changes = NamedChanges(row.user_id).of(row, {"merchant_name": "ELSEWHERE"}, is_partial=True)
        for name, value in {"merchant_name": "ELSEWHERE", **changes}.items():
            setattr(row, name, value)
        row.save()
    return last


def test_a_source_is_recorded_per_field() -> None:
    entry = source(SourceKind.RULE, version=3)
    assert with_source({"note": entry}, ["tags"], entry) == {"note": entry, "tags": entry}
    assert not is_chosen_by_user({"note": entry}, "note")
