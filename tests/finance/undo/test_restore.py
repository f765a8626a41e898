"""Restoration of deleted transactions under their ids, for 30 days."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
import time_machine
from django.db import connection
from rest_framework.test import APIClient

from core import clock
from dev.factories import AccountFactory, PaymentFactory, TransactionFactory
from finance.models import Category, DeletedTransaction, DueDatePayment, FinancialTransaction, Payee, StatementImportRow, Tag
from finance.tasks import delete_old_edits
from tests.conftest import ClientFor
from tests.finance.imports.conftest import Bring, Undo, bring, undo  # noqa: F401  # fixtures
from tests.finance.imports.statement_files import Line, csv_of
from tests.finance.undo.conftest import BULK, DELETED, FINANCE, TRANSACTIONS, state_of
from users.models import User

RESTORE = f"{TRANSACTIONS}{{}}/restore/"
BULK_RESTORE = f"{BULK}restore/"
Send = Callable[..., Any]


@pytest.mark.parametrize("way", ["api", "bulk", "manager", "raw"])
def test_a_deleted_transaction_is_restored(send: Send, as_alice: APIClient, alice: User, account: Any, way: str) -> None:
    row = TransactionFactory(
        user=alice, financial_profile=account, category="Food", payee="Shop", tags=["b", "a"], note="n", reference_number="R1",
        amount="-9999999999.99", metadata={"cents": 0.1, "big": 12345678901234567890, "list": [None]},
    )  # fmt: skip
    before = state_of(without=())
    if way == "api":
        as_alice.delete(f"{TRANSACTIONS}{row.pk}/")
    elif way == "bulk":
        send(BULK, {"delete": [str(row.pk)]})
    elif way == "manager":
        FinancialTransaction.objects.all().delete()
    else:
        with connection.cursor() as cursor:
            cursor.execute("DELETE FROM finance_financialtransaction")
    assert not FinancialTransaction.objects.exists()
    body = send(RESTORE.format(row.pk))
    assert (body["id"], body["amount"], body["missing"]) == (str(row.pk), "-9999999999.99", [])
    assert state_of(without=()) == before
    assert not DeletedTransaction.objects.exists()
    send(RESTORE.format(row.pk), status=404)


def test_a_thousand_rows_are_deleted_and_restored(send: Send, as_alice: APIClient, alice: User, account: Any) -> None:
    rows = TransactionFactory.build_batch(1000, user=alice, financial_profile=account, tags=[])
    FinancialTransaction.objects.bulk_create(rows)
    before, ids = state_of(), [str(row.pk) for row in rows]
    for body in ({"ids": ids}, {"deleted_since": "2026-01-01T00:00:00Z"}):
        send(BULK, {"delete": ids})
        assert as_alice.get(DELETED).json()["results"][0]["deleted_at"]
        assert send(BULK_RESTORE, body) == {"restored": 1000, "missing": []}
        assert state_of() == before


def test_more_than_a_thousand_are_refused(send: Send, alice: User, account: Any) -> None:
    rows = TransactionFactory.build_batch(1001, user=alice, financial_profile=account, tags=[])
    FinancialTransaction.objects.bulk_create(rows)
    FinancialTransaction.objects.all().delete()
    problem = send(BULK_RESTORE, {"deleted_since": "2000-01-01T00:00:00Z"}, status=400)
    assert (problem["errors"][0]["attr"], problem["errors"][0]["code"]) == ("deleted_since", "max_length")
    assert not FinancialTransaction.objects.exists()


@pytest.mark.parametrize("body", [{}, {"ids": [], "deleted_since": "2026-01-01"}, {"ids": ["x"]}, {"since": 1}], ids=str)
def test_an_invalid_selection_is_refused(send: Send, body: Any) -> None:
    send(BULK_RESTORE, body, status=400)


def test_what_is_gone_stays_empty_and_is_named(send: Send, as_alice: APIClient, alice: User) -> None:
    account = AccountFactory(user=alice)
    row = TransactionFactory(user=alice, financial_profile=account, category="Food", payee="Shop", tags=["a", "b"])
    as_alice.delete(f"{TRANSACTIONS}{row.pk}/")
    for model in (Category, Payee):
        model.objects.all().delete()
    Tag.objects.filter(name="a").delete()
    assert as_alice.delete(f"{FINANCE}accounts/{account.pk}/").status_code == 204
    body = send(RESTORE.format(row.pk))
    missing = {(each["field"], each["value"]) for each in body["missing"]}
    assert missing == {("category", "food"), ("payee", "Shop"), ("tags", "a"), ("financial_profile", str(account.pk))}
    assert (body["category"], body["payee"], body["tags"], body["financial_profile"]) == ("", "", ["b"], None)


def test_what_was_merged_meanwhile_is_replaced(send: Send, as_alice: APIClient, alice: User) -> None:
    row = TransactionFactory(user=alice, category="Food")
    TransactionFactory(user=alice, category="New")
    as_alice.delete(f"{TRANSACTIONS}{row.pk}/")
    old, new = (Category.objects.get(name=name).pk for name in ("Food", "New"))
    send(f"{FINANCE}categories/{old}/merge/", {"into": str(new)})
    body = send(RESTORE.format(row.pk))
    assert (body["category"], body["missing"]) == ("new", [])


def test_a_taken_reference_number_is_named(send: Send, alice: User, account: Any) -> None:
    rows = [TransactionFactory(user=alice, financial_profile=account, reference_number=number) for number in ("1", "2", "")]
    ids = [str(row.pk) for row in rows]
    send(BULK, {"delete": ids})
    TransactionFactory(user=alice, financial_profile=account, reference_number="2")
    single = send(RESTORE.format(ids[1]), status=409)["errors"][0]
    assert (single["code"], "number 2" in single["detail"]) == ("reference_number_taken", True)
    [problem] = send(BULK_RESTORE, {"ids": ids}, status=409)["errors"]
    assert (problem["attr"], problem["code"], "number 2" in problem["detail"]) == ("ids.1", "reference_number_taken", True)
    [problem] = send(BULK_RESTORE, {"deleted_since": "2000-01-01T00:00:00Z"}, status=409)["errors"]
    assert (problem["attr"], ids[1] in problem["detail"]) == ("deleted_since", True)
    assert FinancialTransaction.objects.count() == 1
    assert send(BULK_RESTORE, {"ids": [ids[0], ids[2]]})["restored"] == 2


def test_two_deleted_rows_with_one_reference_number_are_refused_together(send: Send, alice: User, account: Any) -> None:
    ids = []
    for _ in range(2):
        ids.append(str(TransactionFactory(user=alice, financial_profile=account, reference_number="1").pk))
        send(BULK, {"delete": ids[-1:]})
    assert [each["attr"] for each in send(BULK_RESTORE, {"ids": ids}, status=409)["errors"]] == ["ids.0", "ids.1"]
    assert send(BULK_RESTORE, {"ids": ids[1:]})["restored"] == 1


def test_the_link_of_a_payment_is_restored(send: Send, as_alice: APIClient, alice: User) -> None:
    row = TransactionFactory(user=alice)
    kept, deleted, linked = PaymentFactory.create_batch(3, user=alice, transaction=row)
    as_alice.delete(f"{TRANSACTIONS}{row.pk}/")
    assert set(DueDatePayment.objects.values_list("transaction", flat=True)) == {None}
    other = TransactionFactory(user=alice)
    DueDatePayment.objects.filter(pk=deleted.pk).delete()
    DueDatePayment.objects.filter(pk=linked.pk).update(transaction=other)
    missing = {(each["field"], each["value"]) for each in send(RESTORE.format(row.pk))["missing"]}
    assert missing == {("duedatepayment", str(deleted.pk)), ("duedatepayment", str(linked.pk))}
    assert dict(DueDatePayment.objects.values_list("pk", "transaction")) == {kept.pk: row.pk, linked.pk: other.pk}


def test_after_thirty_days_only_the_tombstone_remains(send: Send, bring: Bring, alice: User, as_alice: APIClient) -> None:  # noqa: F811
    bring(csv_of(Line()))
    row = FinancialTransaction.objects.get()
    as_alice.delete(f"{TRANSACTIONS}{row.pk}/")
    [shown] = as_alice.get(DELETED).json()["results"]
    with time_machine.travel(clock.now() + timedelta(days=30, seconds=1), tick=False):
        send(RESTORE.format(row.pk), status=404)
        send(BULK_RESTORE, {"ids": [str(row.pk)]}, status=400)
        delete_old_edits(0)
        assert as_alice.get(DELETED).json()["results"] == []
    assert not DeletedTransaction.objects.exists()
    assert StatementImportRow.objects.get().deleted_at is not None
    assert bring(csv_of(Line())).tombstoned == 1
    assert Decimal(shown["amount"]) == row.amount


def test_the_undo_of_an_import_leaves_nothing_to_restore(send: Send, bring: Bring, undo: Undo, alice: User) -> None:  # noqa: F811
    result = bring(csv_of(Line()))
    key = FinancialTransaction.objects.get().pk
    undo(result)
    send(RESTORE.format(key), status=404)
    assert not DeletedTransaction.objects.exists()


def test_the_list_shows_the_owners_rows_and_stored_values(as_alice: APIClient, alice: User, bob: User, api: ClientFor) -> None:
    row = TransactionFactory(user=alice, amount="-6.60", currency="CAD", description="POS", transaction_date="2026-02-03")
    row.delete()
    [shown] = as_alice.get(DELETED).json()["results"]
    assert (shown["id"], shown["amount"], shown["currency"], shown["description"]) == (shown["id"], "-6.60", "CAD", "POS")
    assert shown["transaction_date"] == "2026-02-03"
    assert api(bob).get(DELETED).json()["results"] == []
    assert api(bob).post(RESTORE.format(shown["id"])).status_code == 404
    assert api(bob).post(BULK_RESTORE, {"ids": [shown["id"], str(uuid4())]}).status_code == 400


def test_a_deleted_row_has_no_generated_columns(alice: User, bring: Bring) -> None:  # noqa: F811
    bring(csv_of(Line()))
    FinancialTransaction.objects.all().delete()
    for row in (DeletedTransaction.objects.get().row, StatementImportRow.objects.get().deleted_row):
        assert row
        assert "search_text" not in row
        assert row["amount"]
