"""The demo's due dates, some paid by the demo's transactions and some unpaid."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import time_machine

from dev.demo import finance as finance_demo
from dev.demo import users as users_demo
from finance.models import DueDatePayment, IncomeProjection, UserExpenseDueDate, UserIncomeDueDate
from tests.conftest import Storing

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def noon() -> Iterator[Any]:
    with time_machine.travel("2026-11-22 17:00Z", tick=False) as traveller:
        yield traveller


@pytest.fixture(scope="module", autouse=True)
def loaded(storing: Storing) -> None:
    """Load the demo's finance data once for all tests of this module."""
    with storing(), time_machine.travel("2026-11-22 17:00Z", tick=False):
        load()


def load() -> None:
    for customer in users_demo.CUSTOMERS:
        user = users_demo.load_customer(customer)
        finance_demo.load(user, today=user.profile.today())


def snapshot() -> list[Any]:
    payments = DueDatePayment.objects.order_by("pk").values_list("occurrence_date", "amount", "transaction_id")
    due = [model.objects.order_by("pk").values_list("pk", "due_date", "next_occurrence", "status") for model in MODELS]
    return [*payments, *due[0], *due[1], *IncomeProjection.objects.order_by("pk").values_list("pk", "growth_rate")]


MODELS = (UserIncomeDueDate, UserExpenseDueDate)


def test_every_list_has_rows_of_each_status() -> None:
    assert {row.status for row in UserExpenseDueDate.objects.all()} == {"paid", "overdue", "partial"}
    assert {row.status for row in UserIncomeDueDate.objects.all()} == {"received", "overdue", "partial"}
    assert {row.frequency for model in MODELS for row in model.objects.all()} >= {
        "weekly",
        "biweekly",
        "semimonthly",
        "monthly",
    }
    assert IncomeProjection.objects.values("user").distinct().count() == 3
    linked = DueDatePayment.objects.filter(transaction__isnull=False)
    assert linked.count() > 80


def test_a_linked_transaction_is_the_payment() -> None:
    rows = DueDatePayment.objects.filter(transaction__isnull=False).select_related("transaction")
    assert all((row.amount, row.paid_on) == (row.transaction.absolute_amount, row.transaction.transaction_date) for row in rows)


def test_loading_is_idempotent_and_continues_later(noon: Any) -> None:
    first, paid = snapshot(), DueDatePayment.objects.count()
    load()
    assert snapshot() == first
    noon.shift(timedelta(days=40))
    load()
    assert DueDatePayment.objects.count() > paid
    assert not UserExpenseDueDate.objects.filter(expense_name="Rent", status="overdue").exists()
