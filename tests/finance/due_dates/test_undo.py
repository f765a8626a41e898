"""The last payment can be taken back, and then the one before it."""

from rest_framework.test import APIClient

from finance.models import DueDatePayment, UserExpenseDueDate
from tests.finance.due_dates.conftest import EXPENSES, Act, error, told


def test_everything_is_as_before_the_payment(as_alice: APIClient, rent: UserExpenseDueDate, pay: Act, undo: Act) -> None:
    before = as_alice.get(f"{EXPENSES}{rent.pk}/").json()
    pay()
    after = undo().json()
    assert after | {"updated_at": ""} == before | {"updated_at": ""}
    assert not DueDatePayment.objects.exists()


def test_the_payment_before_is_the_last_one_again(pay: Act, undo: Act) -> None:
    pay(date="2026-02-01")
    pay(amount="300.00", date="2026-03-01")
    pay(date="2026-03-02")
    assert told(undo()) == ("partial", "2026-02-28", "2026-03-01", "300.00")
    assert told(undo()) == ("overdue", "2026-02-28", "2026-02-01", "1200.00")
    assert told(undo()) == ("overdue", "2026-01-31", None, None)
    assert error(undo()) == (409, "nothing_to_undo", None)


def test_a_day_that_was_paid_ahead_is_open_again(pay: Act, undo: Act) -> None:
    pay(occurrence="2026-02-28")
    assert told(undo())[:2] == ("overdue", "2026-01-31")
    assert told(pay())[1] == "2026-02-28"


def test_a_day_that_counted_as_all_lacks_the_rest_again(pay: Act, undo: Act) -> None:
    pay(amount="500.00")
    pay(amount="100.00", in_full=True)
    undo()
    assert told(pay()) == ("overdue", "2026-02-28", "2026-03-10", "700.00")


def test_a_bill_that_does_not_recur_is_due_again(as_alice: APIClient, rent: UserExpenseDueDate, pay: Act, undo: Act) -> None:
    as_alice.patch(f"{EXPENSES}{rent.pk}/", {"is_recurring": False})
    pay()
    assert told(undo()) == ("overdue", "2026-01-31", None, None)
