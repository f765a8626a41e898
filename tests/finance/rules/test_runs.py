"""Runs of rules on demand: the expected count, the order of several, jobs, pages of a preview, and undo."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from rest_framework.test import APIClient

from core import clock, jobs
from dev.factories import AccountFactory, TransactionFactory
from finance.models import Category, EditRun, FinancialTransaction, Rule
from tests.commands.conftest import no_jobs
from tests.conftest import ClientFor
from tests.finance.rules.conftest import RULE_RUNS, RULES, RUNS, TRANSACTIONS, whole_state
from users.models import Upload, User

__all__ = ["no_jobs"]
Send = Callable[..., Any]
MANY = 1_100


def create_many(user: User, number: int, **values: Any) -> None:
    TransactionFactory.create(user=user, category="old")  # creates the category
    rows = TransactionFactory.build_batch(number, user=user, financial_profile=None, tags=[], **values)
    FinancialTransaction.objects.bulk_create(rows)


def test_another_number_than_expected_changes_nothing(send: Send, make_rule: Send, alice: User) -> None:
    TransactionFactory.create_batch(2, user=alice, description="lunch")
    url, before = make_rule("lunch", ("set_note", "n")), whole_state()
    for expected in (0, 1, 3):
        [error] = send(f"{url}apply/", {"expected_count": expected}, status=409)["errors"]
        assert error["code"] == "unexpected_count"
    assert (whole_state(), EditRun.objects.count()) == (before, 0)
    assert send(f"{url}apply/", {"expected_count": 2})["updated"] == 2
    assert send(f"{url}apply/", {"expected_count": 0})["updated"] == 0


def test_the_pages_of_a_preview_have_every_change_once(send: Send, make_rule: Send, as_alice: APIClient, alice: User) -> None:
    rows = TransactionFactory.create_batch(7, user=alice, description="lunch")
    as_alice.patch(f"{TRANSACTIONS}{rows[3].pk}/", {"note": "mine"})
    url = make_rule("lunch", ("set_note", "n"), ("add_tag", "t"))
    seen, offset = list[Any](), 0
    for expected in (2, 2, 2, 1):
        page = send(f"{url}preview/", {"limit": 2, "offset": offset})
        assert (page["count"], page["change_count"], page["skipped_count"]) == (7, 13, 1)
        listed = [*page["changes"], *page["skipped"]]
        assert len({each["transaction"] for each in listed}) == expected
        seen += [(each["transaction"], each["field"]) for each in listed]
        offset = page["next"]
    assert offset is None
    assert sorted(seen) == sorted((str(row.pk), field) for row in rows for field in ("note", "tags"))


def test_rules_run_in_their_order_and_see_what_others_changed(send: Send, make_rule: Send, alice: User) -> None:
    row = TransactionFactory(user=alice, description="lunch")
    make_rule("payee:cantina", ("set_category", "food"), order=2)
    make_rule("lunch", ("set_payee", "Cantina"), ("set_note", "first"), order=1)
    make_rule("lunch", ("set_note", "last"), order=3)
    make_rule("lunch", ("set_note", "inactive"), order=4, is_active=False)
    before = whole_state()
    result = send(f"{RULES}apply/")
    row.refresh_from_db()
    assert (row.payee, row.category, row.note, result["updated"]) == ("Cantina", "food", "last", 3)
    assert row.sources["note"]["id"] == str(Rule.objects.get(order=3).pk)
    assert [run["rule"] for run in result["runs"]] == [
        str(key) for key in Rule.objects.filter(is_active=True).order_by("order").values_list("pk", flat=True)
    ]
    for run in reversed(result["runs"]):
        assert send(f"{RUNS}{run['id']}/undo/")["restored"] == 1
    assert whole_state() == before


@pytest.mark.parametrize(("order", "note"), [(1, ""), (3, "stopped")])
def test_a_rule_that_stops_ends_the_rules_for_its_rows(send: Send, make_rule: Send, alice: User, order: int, note: str) -> None:
    """Also for rows in which it changes nothing."""
    rows = [TransactionFactory(user=alice, description=text) for text in ("lunch", "lunch", "dinner")]
    FinancialTransaction.objects.filter(pk=rows[0].pk).update(sources={"payee": {"kind": "user"}})
    make_rule("lunch", ("set_payee", "Cantina"), order=order, stop=True)
    make_rule("-x", ("set_note", "stopped"), order=2)
    send(f"{RULES}apply/")
    notes = [FinancialTransaction.objects.get(pk=row.pk).note for row in rows]
    assert notes == [note, note, "stopped"]


@pytest.mark.usefixtures("no_jobs")
@pytest.mark.parametrize("path", ["", "all"])
def test_a_job_applies_a_rule_to_many_rows(send: Send, make_rule: Send, as_alice: APIClient, alice: User, path: str) -> None:
    create_many(alice, MANY, description="lunch")
    url, before = make_rule("lunch", ("set_category", "old")), whole_state()
    response = as_alice.post(f"{RULES}apply/") if path else as_alice.post(f"{url}apply/", {"expected_count": MANY})
    assert response.status_code == 202
    assert (response.json()["kind"], response.json()["status"]) == ("rules", "queued")
    assert whole_state() == before
    jobs.run_pending()
    done = as_alice.get(response.headers["Location"]).json()
    assert (done["status"], done["error"], done["progress"], done["result"]["updated"]) == ("done", None, 100, MANY)
    assert FinancialTransaction.objects.filter(category="old", sources__category__kind="rule").count() == MANY
    assert send(f"{RULE_RUNS}{done['result']['runs'][0]['id']}/undo/")["restored"] == MANY
    assert whole_state() == before


@pytest.mark.usefixtures("no_jobs")
def test_a_job_fails_if_its_rows_or_its_rule_have_changed(make_rule: Send, as_alice: APIClient, alice: User) -> None:
    create_many(alice, MANY, description="lunch")
    url = make_rule("lunch", ("set_category", "old"))
    first = as_alice.post(f"{url}apply/", {"expected_count": MANY}).headers["Location"]
    TransactionFactory(user=alice, description="lunch")
    jobs.run_pending()
    second = as_alice.post(f"{url}apply/").headers["Location"]
    as_alice.delete(url)
    jobs.run_pending()
    errors = [as_alice.get(location).json()["error"]["code"] for location in (first, second)]
    assert errors == ["unexpected_count", "not_found"]
    assert not FinancialTransaction.objects.filter(sources__category__kind="rule").exists()
    assert Upload.objects.filter(status="failed").count() == 2


def test_an_undo_keeps_what_a_person_changed_since(send: Send, make_rule: Send, as_alice: APIClient, alice: User) -> None:
    kept, same, parts, free = rows = TransactionFactory.create_batch(4, user=alice, description="lunch", amount="-9.00")
    url = make_rule("lunch", ("set_note", "n"), ("split", [{"percent": "50", "category": "food"}, {}]))
    [run] = send(f"{url}apply/")["runs"]
    as_alice.patch(f"{TRANSACTIONS}{kept.pk}/", {"note": "mine"})
    as_alice.patch(f"{TRANSACTIONS}{same.pk}/", {"note": "n"})
    as_alice.patch(f"{TRANSACTIONS}{parts.pk}/", {"splits": [{"amount": "-4.00"}, {"amount": "-5.00"}]})
    done = send(f"{RULE_RUNS}{run['id']}/undo/")
    assert done["restored"] == 1
    assert done["kept"] == [{"id": str(row.pk), "reason": "changed"} for row in rows[:3]]
    assert [len(FinancialTransaction.objects.get(pk=row.pk).splits) for row in rows] == [2, 2, 2, 0]
    assert send(f"{RULE_RUNS}{run['id']}/undo/", status=409)["errors"][0]["code"] == "already_undone"
    assert send(f"{url}preview/")["count"] == 1
    free.refresh_from_db()
    assert (free.note, free.sources) == ("", {})


def test_an_undo_removes_no_parts_that_changed_since(send: Send, make_rule: Send, as_alice: APIClient, alice: User) -> None:
    """A merge changes the category of a part, and leaves its transaction as it is."""
    row = TransactionFactory(user=alice, description="lunch", amount="-9.00")
    [run] = send(f"{make_rule('lunch', ('split', [{'percent': '50', 'category': 'food'}, {}]))}apply/")["runs"]
    into = as_alice.post("/api/v1/finance/categories/", {"name": "Dining"}).json()
    send(f"/api/v1/finance/categories/{Category.objects.get(slug='food').pk}/merge/", {"into": into["id"]})
    assert send(f"{RULE_RUNS}{run['id']}/undo/")["kept"] == [{"id": str(row.pk), "reason": "changed"}]
    assert [part["category"] for part in FinancialTransaction.objects.get(pk=row.pk).splits] == ["dining", ""]


def test_a_run_names_its_rule_until_that_is_deleted(
    send: Send, make_rule: Send, as_alice: APIClient, bob: User, api: ClientFor, alice: User
) -> None:
    TransactionFactory(user=alice, description="lunch")
    url = make_rule("lunch", ("set_note", "n"))
    as_alice.patch(url, {"search": "lunch*"})
    [run] = send(f"{url}apply/")["runs"]
    key = url.split("/")[-2]
    assert (run["rule"], run["rule_version"]) == (key, 2)
    assert as_alice.get(RULE_RUNS, {"rule": key}).json()["results"] == [run]
    assert as_alice.get(f"{RULE_RUNS}{run['id']}/").json() == as_alice.get(f"{RUNS}{run['id']}/").json() == run
    assert api(bob).post(f"{RULE_RUNS}{run['id']}/undo/").status_code == 404
    as_alice.delete(url)
    kept = as_alice.get(f"{RULE_RUNS}{run['id']}/").json()
    assert (kept["rule"], kept["rule_version"]) == (None, 2)
    with time_machine.travel(clock.now() + timedelta(days=29)):
        assert send(f"{RULE_RUNS}{run['id']}/undo/")["restored"] == 1


def test_a_type_that_a_person_chose_survives_a_transfer_that_is_taken_back(
    send: Send, make_rule: Send, as_alice: APIClient, alice: User, account: Any
) -> None:
    out = TransactionFactory(user=alice, description="move", amount="-50.00", financial_profile=account)
    into = TransactionFactory(
        user=alice, transaction_type="income", amount="50.00", financial_profile=AccountFactory(user=alice)
    )
    as_alice.patch(f"{TRANSACTIONS}{out.pk}/", {"transaction_type": "fee"})
    pair = {"outgoing": str(out.pk), "incoming": str(into.pk)}
    transfer = as_alice.post("/api/v1/finance/transfers/", pair).json()
    url = make_rule("move", ("mark_transfer", None))
    assert send(f"{url}preview/")["count"] == 0
    as_alice.delete(f"/api/v1/finance/transfers/{transfer['id']}/")
    out.refresh_from_db()
    assert (out.transaction_type, out.sources["transfer"]) == ("fee", {"kind": "user", "id": None, "version": None})
    assert send(f"{url}preview/")["skipped"][0]["reason"] == "chosen_by_user"
