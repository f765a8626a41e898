"""Divided transactions whose amounts the bank changes when a pending one is posted, or an import is undone."""

from decimal import Decimal
from typing import Any

import pytest
from rest_framework.test import APIClient

from finance.models import FinancialTransaction, RefundShare, TransactionSplit
from tests.finance.divisions.conftest import TRANSACTIONS
from tests.finance.imports.conftest import Bring, Undo, bring, undo
from tests.finance.imports.statement_files import Line, ofx_of

__all__ = ["bring", "undo"]
pytestmark = pytest.mark.django_db


def amounts() -> list[tuple[str, str]]:
    return [(str(part.amount), part.category) for part in TransactionSplit.objects.order_by("number")]


@pytest.fixture
def dinner(bring: Bring, as_alice: APIClient) -> FinancialTransaction:
    """Return a pending expense of 40.00 that the user has split."""
    bring(ofx_of(pending=(Line(id="P1", amount="-40.00"),)))
    row = FinancialTransaction.objects.get()
    splits = [{"amount": "-30.00", "category": "dining"}, {"amount": "-10.00", "category": "gifts"}]
    assert as_alice.patch(f"{TRANSACTIONS}{row.pk}/", {"splits": splits}).status_code == 200
    return row


def test_a_tip_becomes_a_part_without_a_category(dinner: FinancialTransaction, bring: Bring) -> None:
    assert bring(ofx_of(Line(id="P1", amount="-48.00"))).superseded == 1
    assert amounts() == [("-30.00", "dining"), ("-10.00", "gifts"), ("-8.00", "")]


def test_a_second_change_goes_into_the_same_part(dinner: FinancialTransaction, bring: Bring) -> None:
    bring(ofx_of(pending=(Line(id="P1", amount="-48.00"),)))
    bring(ofx_of(pending=(Line(id="P1", amount="-45.00"),)))
    assert amounts() == [("-30.00", "dining"), ("-10.00", "gifts"), ("-5.00", "")]
    bring(ofx_of(Line(id="P1", amount="-40.00")))
    assert amounts() == [("-30.00", "dining"), ("-10.00", "gifts")]


def test_the_undo_of_the_import_restores_the_parts(dinner: FinancialTransaction, bring: Bring, undo: Undo) -> None:
    undo(bring(ofx_of(Line(id="P1", amount="-48.00"))))
    assert amounts() == [("-30.00", "dining"), ("-10.00", "gifts")]
    assert FinancialTransaction.objects.get().amount == Decimal("-40.00")


@pytest.mark.parametrize(("amount", "shares", "excess"), [("-25.00", ["30.00"], True), ("30.00", [], False)])
def test_a_refunded_expense_may_become_less(
    amount: str, shares: list[str], excess: bool, bring: Bring, as_alice: APIClient
) -> None:
    bring(ofx_of(pending=(Line(id="P1", amount="-40.00"),)))
    row = FinancialTransaction.objects.get()
    refund: Any = {
        "transaction_type": "refund",
        "amount": "30.00",
        "transaction_date": "2026-03-20",
        "refund_of": [str(row.pk)],
    }
    assert as_alice.post(TRANSACTIONS, refund).status_code == 201
    assert bring(ofx_of(Line(id="P1", amount=amount))).superseded == 1
    found = RefundShare.objects.all()
    assert [str(share.amount) for share in found] == shares
    assert any(share.allows_excess for share in found) is excess


@pytest.mark.parametrize(("amount", "shares"), [("20.00", ["6.66", "13.33"]), ("36.00", ["10.00", "20.00"]), ("-3.00", [])])
def test_the_shares_of_a_refund_shrink_with_it(amount: str, shares: list[str], bring: Bring, as_alice: APIClient) -> None:
    expenses = [
        as_alice.post(TRANSACTIONS, {"transaction_type": "expense", "amount": each, "transaction_date": "2026-03-01"}).json()[
            "id"
        ]
        for each in ("-10.00", "-20.00")
    ]
    bring(ofx_of(pending=(Line(id="P1", amount="30.00"),)))
    refund = FinancialTransaction.objects.get(amount=30)
    assert as_alice.patch(f"{TRANSACTIONS}{refund.pk}/", {"refund_of": expenses}).status_code == 200
    assert bring(ofx_of(Line(id="P1", amount=amount))).superseded == 1
    assert [str(share.amount) for share in RefundShare.objects.order_by("amount")] == shares
    refund.refresh_from_db()
    assert refund.divided_by == ("refund_of" if shares else "")
