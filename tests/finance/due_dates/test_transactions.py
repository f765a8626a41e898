"""Payments linked to transactions, which pay at most their own amount."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction

from dev.factories import ExpenseDueDateFactory, PaymentFactory, TransactionFactory
from finance.models import DueDatePayment, FinancialTransaction, UserExpenseDueDate
from finance.services import record_payment
from tests.finance.due_dates.conftest import TODAY, Act, error, summary
from users.models import User

Moved = Callable[..., FinancialTransaction]


@pytest.fixture
def moved(alice: User) -> Moved:
    """Return a factory of alice's transactions, by default an expense of 1,250.00 USD on 2 March."""
    usual = {"amount": Decimal("-1250.00"), "transaction_date": "2026-03-02", "status": "completed"}
    return lambda **other: TransactionFactory(user=alice, **usual | other)


def test_a_payment_takes_the_transactions_amount_and_date(pay: Act, moved: Moved, occurrences: Act) -> None:
    row = moved()
    assert summary(pay(transaction=str(row.pk))) == ("overdue", "2026-02-28", "2026-03-02", "1250.00")
    assert occurrences(end="2026-02-01").json()["results"][0]["transactions"] == [str(row.pk)]


def test_a_transaction_pays_two_days_up_to_its_amount(pay: Act, moved: Moved) -> None:
    row = str(moved(amount=Decimal("-2000.00")).pk)
    assert summary(pay(transaction=row, amount="1200.00"))[1] == "2026-02-28"
    assert error(pay(transaction=row, amount="800.01")) == (400, "more_than_transaction", "amount")
    assert summary(pay(transaction=row)) == ("partial", "2026-02-28", "2026-03-02", "800.00")
    assert error(pay(transaction=row)) == (400, "already_linked", "transaction")
    assert error(pay(transaction=row, occurrence="2026-03-31")) == (400, "transaction_used_up", "transaction")


@pytest.mark.parametrize(
    ("row", "code"),
    [
        ({"currency": "EUR"}, "another_currency"),
        ({"amount": Decimal("1250.00"), "transaction_type": "refund"}, "wrong_direction"),
        ({"status": "failed"}, "nothing_moved"),
        ({"status": "cancelled"}, "nothing_moved"),
    ],
)
def test_an_unsuitable_transaction_is_refused(pay: Act, moved: Moved, row: dict[str, Any], code: str) -> None:
    assert error(pay(transaction=str(moved(**row).pk))) == (400, code, "transaction")


def test_income_needs_a_positive_transaction(receive: Act, moved: Moved) -> None:
    assert error(receive(transaction=str(moved().pk))) == (400, "wrong_direction", "transaction")
    salary = moved(amount=Decimal("2510.00"), transaction_type="income")
    assert receive(transaction=str(salary.pk)).json()["last_received_amount"] == "2510.00"


def test_another_users_transaction_does_not_exist(pay: Act, bob: User) -> None:
    theirs = pay(transaction=str(TransactionFactory(user=bob).pk))
    unknown = pay(transaction="0197a1c0-7b1e-7c3a-9d55-1f0e6a2b4c8d")
    assert error(theirs) == error(unknown) == (400, "does_not_exist", "transaction")


def test_a_deleted_transaction_leaves_the_payment(pay: Act, moved: Moved, rent: UserExpenseDueDate) -> None:
    row = moved()
    pay(transaction=str(row.pk))
    row.delete()
    assert DueDatePayment.objects.get().transaction_id is None
    rent.refresh_from_db()
    assert str(rent.next_due_date) == "2026-02-28"


def test_a_raw_delete_clears_the_link_too(pay: Act, moved: Moved) -> None:
    pay(transaction=str(moved().pk))
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM finance_financialtransaction")
    assert DueDatePayment.objects.get().transaction_id is None


def test_a_deleted_due_date_deletes_its_payments(pay: Act, moved: Moved, rent: UserExpenseDueDate) -> None:
    row = moved()
    pay(transaction=str(row.pk))
    rent.delete()
    assert not DueDatePayment.objects.exists()
    assert FinancialTransaction.objects.get() == row


def test_a_deleted_user_leaves_no_payments(pay: Act, moved: Moved, alice: User) -> None:
    pay(transaction=str(moved().pk))
    alice.delete()
    assert not DueDatePayment.objects.exists()
    assert not FinancialTransaction.objects.exists()


@pytest.mark.parametrize("name", ["income", "expense", "transaction"])
def test_the_database_refuses_another_users_rows(rent: UserExpenseDueDate, bob: User, name: str) -> None:
    record_payment(rent, today=TODAY)
    theirs = PaymentFactory(user=bob)
    foreign = {"income": None, "expense": theirs.expense_id, "transaction": theirs.transaction_id}
    values = {"income_id": theirs.pk, "expense_id": None} if name == "income" else {f"{name}_id": foreign[name]}
    with pytest.raises(IntegrityError), transaction.atomic():
        DueDatePayment.objects.filter(user=rent.user).update(**values)


def test_one_transaction_pays_two_bills(alice: User, pay: Act, moved: Moved) -> None:
    row = moved(amount=Decimal("-1300.00"))
    parking = ExpenseDueDateFactory(user=alice, expected_amount=Decimal("100.00"))
    pay(transaction=str(row.pk), amount="1200.00")
    payment = record_payment(parking, today=TODAY, transaction=row)
    assert (payment.amount, parking.status) == (Decimal("100.00"), "overdue")
