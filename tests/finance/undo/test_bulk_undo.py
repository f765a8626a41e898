"""The undo of bulk updates of transactions."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
import time_machine
from django.db import connection
from rest_framework.test import APIClient

from core import clock
from dev.factories import AccountFactory, TransactionFactory
from finance.models import Category, EditedRow, EditRun, FinancialTransaction, Tag
from tests.conftest import ClientFor
from tests.finance.undo.conftest import BULK, RUNS, TRANSACTIONS, state_of
from users.models import User

UNDO = f"{BULK}undo/"
IMPORTED = {"kind": "import", "id": None, "version": None}
Send = Callable[..., Any]


def edit(send: Send, rows: list[Any], **patch: Any) -> str:
    body = {"ids": [str(row.pk) for row in rows], "patch": patch, "expected_count": len(rows)}
    return str(send(BULK, body)["undo_token"])


@pytest.mark.parametrize(
    "patch",
    [
        {"category": "New"},
        {"tags": ["x", "a"], "note": "n", "payee": "Other"},
        {"merchant_name": "ELSEWHERE", "description": ""},
        {"transaction_type": "transfer", "amount": "7.00"},
        {"currency": "JPY", "amount": "-5"},
        {"status": "disputed", "posted_date": None, "metadata": {"a": 1e300, "b": [None]}},
        {"transaction_date": "2020-02-29", "financial_profile": None},
    ],
    ids=str,
)
def test_an_undo_restores_every_field_except_updated_at(send: Send, alice: User, account: Any, patch: Any) -> None:
    names = {"category": "Food", "tags": ["a", "b"], "payee": "Shop"}
    values = {"amount": "-5.00", "posted_date": "2026-03-03", "financial_profile": account}
    rows = TransactionFactory.create_batch(3, user=alice, **names, **values)
    FinancialTransaction.objects.filter(pk=rows[0].pk).update(sources={"category": IMPORTED})
    before = state_of()
    token = edit(send, rows, **patch)
    assert all(after != before[key] for key, after in state_of().items())
    assert send(UNDO, {"undo_token": token}) == {"id": token, "restored": 3, "kept_count": 0, "kept": []}
    assert state_of() == before


def test_single_updates_are_undone_too(send: Send, alice: User) -> None:
    first, second = TransactionFactory.create_batch(2, user=alice)
    before = state_of()
    body = {"update": [{"id": str(first.pk), "note": "1"}, {"id": str(second.pk), "category": "2"}], "create": []}
    send(UNDO, {"undo_token": send(BULK, body)["undo_token"]})
    assert state_of() == before


def test_a_call_without_updates_has_no_token(send: Send, alice: User) -> None:
    row = TransactionFactory(user=alice)
    assert send(BULK, {"delete": [str(row.pk)]})["undo_token"] is None
    assert not EditRun.objects.exists()


def test_rows_that_were_changed_or_deleted_since_are_kept_and_named(send: Send, as_alice: APIClient, alice: User) -> None:
    changed, deleted, other, same = rows = TransactionFactory.create_batch(4, user=alice, category="Food", tags=["a"])
    before = state_of(other, same)
    token = edit(send, rows, category="New", tags=["b"])
    as_alice.patch(f"{TRANSACTIONS}{changed.pk}/", {"tags": ["b", "c"]})
    as_alice.patch(f"{TRANSACTIONS}{other.pk}/", {"note": "another field"})
    as_alice.delete(f"{TRANSACTIONS}{deleted.pk}/")
    kept = [{"id": str(changed.pk), "reason": "changed"}, {"id": str(deleted.pk), "reason": "deleted"}]
    assert send(UNDO, {"undo_token": token}) == {"id": token, "restored": 2, "kept_count": 2, "kept": kept}
    after = state_of(other, same)
    assert after[other.pk].pop("note") == "another field"
    assert after[other.pk].pop("sources")["note"]["kind"] == "user"
    assert before[other.pk].pop("note") == ""
    assert before[other.pk].pop("sources") == {}
    assert after == before
    assert FinancialTransaction.objects.get(pk=changed.pk).tags == ["b", "c"]


def test_a_value_that_a_person_chose_again_is_kept(send: Send, as_alice: APIClient, alice: User) -> None:
    """The value is the same, but it was a machine's before."""
    row = TransactionFactory(user=alice, category="Food")
    token = edit(send, [row], category="New")
    FinancialTransaction.objects.filter(pk=row.pk).update(sources={"category": {"kind": "rule", "id": None, "version": 1}})
    as_alice.patch(f"{TRANSACTIONS}{row.pk}/", {"category": "new"})
    FinancialTransaction.objects.filter(pk=row.pk).update(sources={"category": {"kind": "rule", "id": None, "version": 2}})
    assert send(UNDO, {"undo_token": token})["kept"] == [{"id": str(row.pk), "reason": "changed"}]


def test_an_undo_happens_once_and_within_a_day(send: Send, alice: User) -> None:
    rows = TransactionFactory.create_batch(2, user=alice)
    token, late = edit(send, rows, note="1"), edit(send, rows, note="2")
    send(UNDO, {"undo_token": late})
    assert send(UNDO, {"undo_token": late}, status=409)["errors"][0]["code"] == "already_undone"
    assert send(f"{RUNS}{late}/undo/", status=409)["errors"][0]["code"] == "already_undone"
    with time_machine.travel(clock.now() + timedelta(days=1, seconds=1), tick=False):
        assert send(UNDO, {"undo_token": token}, status=409)["errors"][0]["code"] == "undo_expired"


def test_the_token_of_another_user_is_unknown(send: Send, alice: User, bob: User, api: ClientFor) -> None:
    token = edit(send, [TransactionFactory(user=alice)], note="1")
    for key in (token, str(uuid4())):
        response = api(bob).post(UNDO, {"undo_token": key})
        assert (response.status_code, response.json()["errors"][0]["attr"]) == (400, "undo_token")
        assert api(bob).post(f"{RUNS}{key}/undo/").status_code == 404


def test_former_names_that_were_merged_or_deleted_since(send: Send, as_alice: APIClient, alice: User) -> None:
    merged, gone = TransactionFactory(user=alice, category="Old", tags=["o"]), TransactionFactory(user=alice, tags=["g"])
    rows = [merged, gone]
    token = edit(send, rows, category="New", tags=["n"])
    ids = {row.slug: row.pk for row in Category.objects.all()} | {row.name: row.pk for row in Tag.objects.all()}
    TransactionFactory(user=alice, category="Target", tags=["target"])
    send(f"/api/v1/finance/categories/{ids['old']}/merge/", {"into": str(Category.objects.get(slug="target").pk)})
    send(f"/api/v1/finance/tags/{ids['o']}/merge/", {"into": str(Tag.objects.get(name="target").pk)})
    as_alice.delete(f"/api/v1/finance/tags/{ids['g']}/")
    assert send(UNDO, {"undo_token": token})["kept"] == [{"id": str(gone.pk), "reason": "missing"}]
    row = FinancialTransaction.objects.get(pk=merged.pk)
    assert (row.category, row.tags) == ("target", ["target"])


def test_an_account_that_was_deleted_since_is_missing(send: Send, as_alice: APIClient, alice: User) -> None:
    account = AccountFactory(user=alice)
    row = TransactionFactory(user=alice, financial_profile=account)
    token = edit(send, [row], financial_profile=None)
    assert as_alice.delete(f"/api/v1/finance/accounts/{account.pk}/").status_code == 204
    assert send(UNDO, {"undo_token": token})["kept"] == [{"id": str(row.pk), "reason": "missing"}]


def test_a_reference_number_that_was_taken_since_is_a_conflict(send: Send, alice: User, account: Any) -> None:
    rows = [TransactionFactory(user=alice, financial_profile=account, reference_number=str(number)) for number in range(5)]
    token = send(BULK, {"update": [{"id": str(row.pk), "reference_number": ""} for row in rows]})["undo_token"]
    TransactionFactory(user=alice, financial_profile=account, reference_number="3")
    answer = send(UNDO, {"undo_token": token})
    assert (answer["restored"], answer["kept"]) == (4, [{"id": str(rows[3].pk), "reason": "conflict"}])


def test_a_chain_of_reference_numbers_is_restored(send: Send, alice: User, account: Any) -> None:
    rows = [TransactionFactory(user=alice, financial_profile=account, reference_number=str(number)) for number in (1, 2, 3)]
    before = state_of()
    send_back = {"update": [{"id": str(row.pk), "reference_number": f"x{row.reference_number}"} for row in rows]}
    token = send(BULK, send_back)["undo_token"]
    assert send(UNDO, {"undo_token": token})["restored"] == 3
    assert state_of() == before


def test_a_former_sign_that_does_not_fit_any_more_is_a_conflict(send: Send, as_alice: APIClient, alice: User) -> None:
    row = TransactionFactory(user=alice, transaction_type="expense", amount="-5.00")
    token = edit(send, [row], transaction_type="transfer")
    assert as_alice.patch(f"{TRANSACTIONS}{row.pk}/", {"amount": "5.00"}).status_code == 200
    assert send(UNDO, {"undo_token": token})["kept"] == [{"id": str(row.pk), "reason": "conflict"}]


def test_only_changed_fields_are_recorded(send: Send, alice: User) -> None:
    rows = TransactionFactory.create_batch(2, user=alice, note="same")
    edit(send, rows, status="disputed")
    assert {tuple(row.after) for row in EditedRow.objects.all()} == {("status",)}
    edit(send, rows, status="disputed")
    assert sorted(EditRun.objects.values_list("row_count", flat=True)) == [0, 2]


def test_the_list_of_edits(send: Send, as_alice: APIClient, bob: User, api: ClientFor, alice: User) -> None:
    token = edit(send, TransactionFactory.create_batch(2, user=alice), note="1")
    [row] = as_alice.get(RUNS).json()["results"]
    assert (row["id"], row["kind"], row["row_count"], row["undone_at"]) == (token, "bulk", 2, None)
    assert as_alice.get(f"{RUNS}{token}/").json() == row
    assert api(bob).get(RUNS).json()["results"] == []


def test_no_update_outside_of_an_edit_is_recorded(as_alice: APIClient, alice: User) -> None:
    row = TransactionFactory(user=alice)
    as_alice.patch(f"{TRANSACTIONS}{row.pk}/", {"note": "1"})
    with connection.cursor() as cursor:
        cursor.execute("UPDATE finance_financialtransaction SET note = '2'")
    assert not EditedRow.objects.exists()
