"""Undo of the last payment, one after the other."""

from rest_framework.test import APIClient

from finance.models import DueDatePayment, UserExpenseDueDate
from tests.finance.due_dates.conftest import EXPENSES, Act, error, summary


def test_undo_restores_the_state_before_the_payment(as_alice: APIClient, rent: UserExpenseDueDate, pay: Act, undo: Act) -> None:
    before = as_alice.get(f"{EXPENSES}{rent.pk}/").json()
    pay()
    after = undo().json()
    assert after | {"updated_at": ""} == before | {"updated_at": ""}
    assert not DueDatePayment.objects.exists()


def test_undo_makes_the_previous_payment_the_last_one(pay: Act, undo: Act) -> None:
    pay(date="2026-02-01")
    pay(amount="300.00", date="2026-03-01")
    pay(date="2026-03-02")
    assert summary(undo()) == ("partial", "2026-02-28", "2026-03-01", "300.00")
    assert summary(undo()) == ("overdue", "2026-02-28", "2026-02-01", "1200.00")
    assert summary(undo()) == ("overdue", "2026-01-31", None, None)
    assert error(undo()) == (409, "nothing_to_undo", None)


def test_a_day_that_was_paid_ahead_is_open_again(pay: Act, undo: Act) -> None:
    pay(occurrence="2026-02-28")
    assert summary(undo())[:2] == ("overdue", "2026-01-31")
    assert summary(pay())[1] == "2026-02-28"


def test_undo_of_a_payment_in_full_leaves_the_rest_unpaid(pay: Act, undo: Act) -> None:
    pay(amount="500.00")
    pay(amount="100.00", in_full=True)
    undo()
    assert summary(pay()) == ("overdue", "2026-02-28", "2026-03-10", "700.00")


def test_a_bill_that_does_not_recur_is_due_again(as_alice: APIClient, rent: UserExpenseDueDate, pay: Act, undo: Act) -> None:
    as_alice.patch(f"{EXPENSES}{rent.pk}/", {"is_recurring": False})
    pay()
    assert summary(undo()) == ("overdue", "2026-01-31", None, None)
