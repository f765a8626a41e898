"""Changes of schedule or amount, which leave paid occurrences as they are."""

from datetime import date
from decimal import Decimal

import pytest
from rest_framework.test import APIClient

from dev.factories import ExpenseDueDateFactory
from finance.models import UserExpenseDueDate
from tests.finance.due_dates.conftest import EXPENSES, Act, error, summary
from users.models import User


def change(client: APIClient, rent: UserExpenseDueDate, **body: object) -> object:
    return client.patch(f"{EXPENSES}{rent.pk}/", body, format="json")


def paid(occurrences: Act) -> list[tuple[str, str, str]]:
    rows = occurrences(end="2026-04-01").json()["results"]
    return [(row["date"], row["expected"], row["status"]) for row in rows]


def test_a_new_due_date_is_due_on_its_first_day(as_alice: APIClient) -> None:
    body = {"expense_name": "Gym", "expected_amount": "89.00", "due_date": "2026-04-03", "frequency": "monthly"}
    response = as_alice.post(EXPENSES, body)
    assert response.status_code == 201
    assert summary(response) == ("pending", "2026-04-03", None, None)
    assert (response.json()["is_overdue"], response.json()["days_overdue"], response.json()["days_until_due"]) == (False, 0, 24)


def test_a_first_day_in_the_past_is_overdue(as_alice: APIClient) -> None:
    body = {"expense_name": "Gym", "expected_amount": "89.00", "due_date": "2026-03-03", "frequency": "monthly"}
    row = as_alice.post(EXPENSES, body).json()
    assert (row["status"], row["is_overdue"], row["days_overdue"], row["days_until_due"]) == (
        "overdue",
        True,
        7,
        -7,
    )


def test_before_the_first_payment_a_new_first_day_is_next(as_alice: APIClient, rent: UserExpenseDueDate) -> None:
    assert summary(change(as_alice, rent, due_date="2026-03-05"))[1] == "2026-03-05"
    assert summary(change(as_alice, rent, due_date="2026-06-05"))[:2] == ("pending", "2026-06-05")


def test_a_new_frequency_starts_after_the_paid_days(as_alice: APIClient, rent: UserExpenseDueDate, pay: Act) -> None:
    pay()
    assert summary(change(as_alice, rent, frequency="weekly"))[1] == "2026-02-07"
    assert summary(change(as_alice, rent, due_date="2026-05-01"))[1] == "2026-05-01"


def test_payments_under_the_old_schedule_stay_visible(
    as_alice: APIClient, rent: UserExpenseDueDate, pay: Act, occurrences: Act, undo: Act
) -> None:
    pay()
    change(as_alice, rent, due_date="2026-03-05")
    assert paid(occurrences) == [("2026-01-31", "1200.00", "paid"), ("2026-03-05", "1200.00", "overdue")]
    assert summary(undo()) == ("overdue", "2026-03-05", None, None)


def test_a_higher_amount_does_not_reopen_paid_days(
    as_alice: APIClient, rent: UserExpenseDueDate, pay: Act, occurrences: Act
) -> None:
    pay()
    pay(amount="100.00")
    assert summary(change(as_alice, rent, expected_amount="1300.00"))[:2] == ("partial", "2026-02-28")
    assert paid(occurrences) == [
        ("2026-01-31", "1200.00", "paid"),
        ("2026-02-28", "1300.00", "partial"),
        ("2026-03-31", "1300.00", "pending"),
    ]


def test_a_lower_amount_can_complete_a_partial_payment(as_alice: APIClient, rent: UserExpenseDueDate, pay: Act) -> None:
    pay(amount="1000.00")
    assert summary(change(as_alice, rent, expected_amount="1000.00"))[1] == "2026-02-28"
    assert summary(change(as_alice, rent, expected_amount="1200.00"))[1] == "2026-02-28"


def test_without_recurrence_it_ends_with_the_paid_days(as_alice: APIClient, rent: UserExpenseDueDate, pay: Act) -> None:
    pay()
    assert summary(change(as_alice, rent, is_recurring=False))[:2] == ("paid", None)
    assert summary(change(as_alice, rent, is_recurring=True))[1] == "2026-02-28"


def test_the_currency_is_fixed_after_a_payment(as_alice: APIClient, rent: UserExpenseDueDate, pay: Act) -> None:
    assert change(as_alice, rent, currency="EUR").status_code == 200
    pay()
    assert error(change(as_alice, rent, currency="USD")) == (400, "currency_in_use", "currency")
    assert change(as_alice, rent, currency="EUR", notes="same").status_code == 200


def test_full_clean_passes_before_a_save(rent: UserExpenseDueDate) -> None:
    rent.due_date = date(2027, 1, 31)
    rent.full_clean()
    new = ExpenseDueDateFactory.build(user=rent.user)
    new.full_clean()
    assert new.next_due_date is None


@pytest.mark.parametrize("text", ["2026-04-03", date(2026, 4, 3)])
def test_a_date_may_be_given_as_text(alice: User, text: object) -> None:
    row = ExpenseDueDateFactory(user=alice, due_date=text)
    assert row.next_due_date == date(2026, 4, 3)


def test_saving_without_a_change_changes_nothing(rent: UserExpenseDueDate, pay: Act) -> None:
    pay()
    rent.refresh_from_db()
    before = rent.to_dict()
    rent.save()
    assert rent.to_dict() | {"updated_at": ""} == before | {"updated_at": ""}
    assert rent.expected_amount == Decimal("1200.00")
