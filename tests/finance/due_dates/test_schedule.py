"""A change of schedule or amount looks ahead and leaves the past as it was."""

from datetime import date
from decimal import Decimal

import pytest
from rest_framework.test import APIClient

from dev.factories import ExpenseDueDateFactory
from finance.models import UserExpenseDueDate
from tests.finance.due_dates.conftest import EXPENSES, Act, error, told
from users.models import User


def change(client: APIClient, rent: UserExpenseDueDate, **body: object) -> object:
    return client.patch(f"{EXPENSES}{rent.pk}/", body, format="json")


def paid(occurrences: Act) -> list[tuple[str, str, str]]:
    rows = occurrences(end="2026-04-01").json()["results"]
    return [(row["date"], row["expected"], row["status"]) for row in rows]


def test_a_new_one_is_due_on_its_first_day(as_alice: APIClient) -> None:
    body = {"expense_name": "Gym", "expected_amount": "89.00", "due_date": "2026-04-03", "frequency": "monthly"}
    answer = as_alice.post(EXPENSES, body)
    assert answer.status_code == 201
    assert told(answer) == ("pending", "2026-04-03", None, None)
    assert (answer.json()["is_overdue"], answer.json()["days_overdue"], answer.json()["days_until_due"]) == (False, 0, 24)


def test_a_first_day_in_the_past_is_overdue(as_alice: APIClient) -> None:
    body = {"expense_name": "Gym", "expected_amount": "89.00", "due_date": "2026-03-03", "frequency": "monthly"}
    answer = as_alice.post(EXPENSES, body).json()
    assert (answer["status"], answer["is_overdue"], answer["days_overdue"], answer["days_until_due"]) == (
        "overdue",
        True,
        7,
        -7,
    )


def test_before_the_first_payment_another_first_day_is_the_next(as_alice: APIClient, rent: UserExpenseDueDate) -> None:
    assert told(change(as_alice, rent, due_date="2026-03-05"))[1] == "2026-03-05"
    assert told(change(as_alice, rent, due_date="2026-06-05"))[:2] == ("pending", "2026-06-05")


def test_another_rhythm_begins_behind_what_is_settled(as_alice: APIClient, rent: UserExpenseDueDate, pay: Act) -> None:
    pay()
    assert told(change(as_alice, rent, frequency="weekly"))[1] == "2026-02-07"
    assert told(change(as_alice, rent, due_date="2026-05-01"))[1] == "2026-05-01"


def test_what_was_paid_under_the_old_schedule_stays_visible(
    as_alice: APIClient, rent: UserExpenseDueDate, pay: Act, occurrences: Act, undo: Act
) -> None:
    pay()
    change(as_alice, rent, due_date="2026-03-05")
    assert paid(occurrences) == [("2026-01-31", "1200.00", "paid"), ("2026-03-05", "1200.00", "overdue")]
    assert told(undo()) == ("overdue", "2026-03-05", None, None)


def test_a_rise_does_not_reopen_what_was_settled(
    as_alice: APIClient, rent: UserExpenseDueDate, pay: Act, occurrences: Act
) -> None:
    pay()
    pay(amount="100.00")
    assert told(change(as_alice, rent, expected_amount="1300.00"))[:2] == ("partial", "2026-02-28")
    assert paid(occurrences) == [
        ("2026-01-31", "1200.00", "paid"),
        ("2026-02-28", "1300.00", "partial"),
        ("2026-03-31", "1300.00", "pending"),
    ]


def test_a_fall_can_settle_what_was_paid_in_part(as_alice: APIClient, rent: UserExpenseDueDate, pay: Act) -> None:
    pay(amount="1000.00")
    assert told(change(as_alice, rent, expected_amount="1000.00"))[1] == "2026-02-28"
    assert told(change(as_alice, rent, expected_amount="1200.00"))[1] == "2026-02-28"


def test_one_that_no_longer_recurs_ends_with_what_is_settled(as_alice: APIClient, rent: UserExpenseDueDate, pay: Act) -> None:
    pay()
    assert told(change(as_alice, rent, is_recurring=False))[:2] == ("paid", None)
    assert told(change(as_alice, rent, is_recurring=True))[1] == "2026-02-28"


def test_the_currency_stays_once_something_was_paid(as_alice: APIClient, rent: UserExpenseDueDate, pay: Act) -> None:
    assert change(as_alice, rent, currency="EUR").status_code == 200
    pay()
    assert error(change(as_alice, rent, currency="USD")) == (400, "currency_in_use", "currency")
    assert change(as_alice, rent, currency="EUR", notes="same").status_code == 200


def test_the_models_own_checks_pass_before_it_is_saved(rent: UserExpenseDueDate) -> None:
    rent.due_date = date(2027, 1, 31)
    rent.full_clean()
    new = ExpenseDueDateFactory.build(user=rent.user)
    new.full_clean()
    assert new.next_due_date is None


@pytest.mark.parametrize("text", ["2026-04-03", date(2026, 4, 3)])
def test_a_day_may_be_given_as_text(alice: User, text: object) -> None:
    row = ExpenseDueDateFactory(user=alice, due_date=text)
    assert row.next_due_date == date(2026, 4, 3)


def test_saving_without_a_change_changes_nothing(rent: UserExpenseDueDate, pay: Act) -> None:
    pay()
    rent.refresh_from_db()
    before = rent.to_dict()
    rent.save()
    assert rent.to_dict() | {"updated_at": ""} == before | {"updated_at": ""}
    assert rent.expected_amount == Decimal("1200.00")
