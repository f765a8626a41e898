"""Restoration of divided and linked transactions when the other side was changed, or deleted too."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.db import connection
from rest_framework.test import APIClient

from core import clock
from dev.factories import AccountFactory
from finance.models import FinancialTransaction, RefundShare, StatementImport, Transfer
from finance.models.imports import ReviewReason
from finance.services import ReviewDecision, resolve_reviews
from finance.tasks import delete_old_edits
from tests.finance.imports.conftest import Bring, Undo, _rows_parser, bring, undo
from tests.finance.imports.statement_files import Line, rows_of
from tests.finance.names.conftest import Post, spend
from tests.finance.undo.conftest import FINANCE, TRANSACTIONS

__all__ = ["_rows_parser", "bring", "spend", "undo"]
pytestmark = pytest.mark.django_db
Send = Callable[..., Any]
CHANGES: list[tuple[str, str, dict[str, Any]]] = [
    ("refund", "expense", {"currency": "EUR"}),
    ("refund", "expense", {"amount": "-2.00"}),
    ("refund", "expense", {"transaction_type": "income", "amount": "5.00"}),
    ("expense", "refund", {"amount": "2.00"}),
    ("expense", "refund", {"refund_of": []}),
    ("expense", "refund", {"refund_of": [], "splits": [{"amount": "5.00"}]}),
]


@pytest.fixture
def pair(spend: Post) -> dict[str, str]:
    """Return the addresses of an expense and its refund."""
    expense = spend()
    refund = spend(transaction_type="refund", amount="5.00", refund_of=[expense["id"]])
    return {"expense": f"{TRANSACTIONS}{expense['id']}/", "refund": f"{TRANSACTIONS}{refund['id']}/"}


@pytest.mark.parametrize(("deleted", "changed", "change"), CHANGES, ids=str)
def test_a_share_that_does_not_fit_any_more_is_missing(
    deleted: str, changed: str, change: Any, pair: dict[str, str], send: Send, as_alice: APIClient
) -> None:
    as_alice.delete(pair[deleted])
    assert as_alice.patch(pair[changed], change).status_code == 200
    [missing] = send(f"{pair[deleted]}restore/")["missing"]
    assert (missing["field"], missing["value"] in pair[changed]) == ("refund_of", True)
    assert not RefundShare.objects.exists()


def test_an_expense_that_was_refunded_again_keeps_its_new_refund(
    pair: dict[str, str], send: Send, as_alice: APIClient, spend: Post
) -> None:
    as_alice.delete(pair["refund"])
    again = spend(transaction_type="refund", amount="3.00", refund_of=[pair["expense"].split("/")[-2]])
    assert [each["field"] for each in send(f"{pair['refund']}restore/")["missing"]] == ["refund_of"]
    assert str(RefundShare.objects.get().refund_id) == again["id"]


@pytest.mark.parametrize("deleted", [("expense", "refund"), ("refund", "expense")], ids=str)
@pytest.mark.parametrize("restored", [("expense", "refund"), ("refund", "expense")], ids=str)
def test_both_are_restored_one_after_the_other(
    deleted: list[str], restored: list[str], pair: dict[str, str], send: Send, as_alice: APIClient
) -> None:
    before = RefundShare.objects.values("id", "amount", "refund", "expense").get()
    for name in deleted:
        as_alice.delete(pair[name])
    for name in restored:
        missing = send(f"{pair[name]}restore/")["missing"]
    assert missing == []
    assert RefundShare.objects.values("id", "amount", "refund", "expense").get() == before


@pytest.mark.parametrize("deleted", [("paid", "received"), ("received", "paid")], ids=str)
def test_both_sides_of_a_transfer_are_restored_one_after_the_other(
    deleted: list[str], account: Any, send: Send, as_alice: APIClient, spend: Post
) -> None:
    other = AccountFactory(user=account.user)
    paid = spend(financial_profile=str(account.pk), currency="USD")["id"]
    received = spend(financial_profile=str(other.pk), currency="USD", transaction_type="income", amount="5.00")["id"]
    send(f"{FINANCE}transfers/", {"outgoing": paid, "incoming": received}, status=201)
    keys = {"paid": paid, "received": received}
    for name in deleted:
        as_alice.delete(f"{TRANSACTIONS}{keys[name]}/")
    for key in (paid, received):
        missing = send(f"{TRANSACTIONS}{key}/restore/")["missing"]
    assert missing == []
    assert Transfer.objects.values_list("outgoing_type", "incoming_type").get() == ("expense", "income")


@pytest.mark.usefixtures("_rows_parser")
def test_the_late_undo_of_an_import_restores_a_split_transaction_without_its_parts(
    bring: Bring, undo: Undo, as_alice: APIClient
) -> None:
    bring(rows_of("k", Line(id="1")))
    row = FinancialTransaction.objects.get()
    as_alice.patch(f"{TRANSACTIONS}{row.pk}/", {"splits": [{"amount": "-5.00", "category": "food"}]})
    result = bring(rows_of("k", Line(id="2"), delete={"2": "1"}))
    record = StatementImport.objects.latest("created_at")
    resolve_reviews(record=record, reason=ReviewReason.CORRECTION, decision=ReviewDecision.MATCH)
    assert not FinancialTransaction.objects.exists()
    with time_machine.travel(clock.now() + timedelta(days=31), tick=False):
        delete_old_edits(0)
    assert undo(result).restored == 1
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    assert FinancialTransaction.objects.get().divided_by == ""
