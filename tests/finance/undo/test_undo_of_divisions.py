"""The undo of bulk updates that replaced parts or refunded expenses: such rows are kept, and named."""

from collections.abc import Callable
from typing import Any

import pytest

from finance.models import EditRun, FinancialTransaction, RefundShare, TransactionSplit
from tests.finance.names.conftest import Post, spend
from tests.finance.undo.conftest import BULK

__all__ = ["spend"]
pytestmark = pytest.mark.django_db
Send = Callable[..., Any]
PARTS = [{"amount": "-2.00", "category": "food"}, {"amount": "-3.00", "category": "wine"}]


def edit(send: Send, row: Any, **changes: Any) -> Any:
    """Update a row by a bulk call, undo it, and return the result of the undo."""
    token = send(BULK, {"update": [{"id": row["id"], **changes}]})["undo_token"]
    assert EditRun.objects.get(pk=token).row_count == 1
    return send(f"{BULK}undo/", {"undo_token": token})


@pytest.mark.parametrize("changes", [{}, {"note": "other"}], ids=str)
@pytest.mark.parametrize(("before", "after"), [([], PARTS), (PARTS, []), (PARTS, PARTS[::-1])], ids=["set", "removed", "other"])
def test_replaced_parts_are_kept(send: Send, spend: Post, before: Any, after: Any, changes: Any) -> None:
    row = spend(splits=before)
    undone = edit(send, row, splits=after, **changes)
    assert (undone["restored"], undone["kept"]) == (0, [{"id": row["id"], "reason": "conflict"}])
    assert FinancialTransaction.objects.get().note == changes.get("note", "")
    assert list(TransactionSplit.objects.order_by("number").values_list("category", flat=True)) == [
        part["category"] for part in after
    ]


@pytest.mark.parametrize("is_linked", [True, False])
def test_replaced_refunds_are_kept(send: Send, spend: Post, is_linked: bool) -> None:
    expense = spend()["id"]
    refund = spend(transaction_type="refund", amount="3.00", refund_of=[expense] * is_linked)
    undone = edit(send, refund, refund_of=[expense] * (not is_linked))
    assert (undone["restored"], undone["kept"]) == (0, [{"id": refund["id"], "reason": "conflict"}])
    assert RefundShare.objects.exists() != is_linked


def test_the_same_division_is_no_change(send: Send, spend: Post) -> None:
    row = spend(splits=PARTS)
    refund = spend(transaction_type="refund", amount="3.00", refund_of=[row["id"]])
    assert edit(send, row, note="other", splits=PARTS)["restored"] == 1
    assert edit(send, refund, note="other")["restored"] == 1
    assert {entry.note for entry in FinancialTransaction.objects.all()} == {""}
