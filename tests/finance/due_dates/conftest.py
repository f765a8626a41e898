"""A rent and a salary of alice's, and a moment in which they are looked at."""

from collections.abc import Callable, Iterator
from datetime import date
from typing import Any

import pytest
import time_machine
from rest_framework.response import Response
from rest_framework.test import APIClient

from dev.factories import ExpenseDueDateFactory, IncomeDueDateFactory, ProfileFactory
from finance.models import UserExpenseDueDate, UserIncomeDueDate
from users.models import User

INCOME, EXPENSES = "/api/v1/finance/income-due-dates/", "/api/v1/finance/expense-due-dates/"
TODAY = date(2026, 3, 10)
Act = Callable[..., Response]


def told(answer: Response) -> tuple[object, ...]:
    """What an answer says about the rent: its status, its next day, the last payment."""
    body = answer.json()
    return body["status"], body["next_due_date"], body["last_paid_date"], body["last_paid_amount"]


def error(answer: Response) -> tuple[int, str, str | None]:
    """The first thing that is wrong: the answer's status, the code, the field."""
    found = answer.json()["errors"][0]
    return answer.status_code, found["code"], found["attr"]


@pytest.fixture(autouse=True)
def noon() -> Iterator[Any]:
    """The 10th of March 2026 in New York, where alice lives."""
    with time_machine.travel("2026-03-10 17:00Z", tick=False) as traveller:
        yield traveller


@pytest.fixture
def resident(alice: User) -> User:
    """Alice, who has said where she lives."""
    return ProfileFactory(user=alice).user


@pytest.fixture
def rent(resident: User) -> UserExpenseDueDate:
    """1,200.00 on the last of each month since January; nothing was paid yet."""
    return ExpenseDueDateFactory(user=resident, expense_name="Rent")


@pytest.fixture
def salary(resident: User) -> UserIncomeDueDate:
    """2,500.00 every other Friday since 6 March."""
    return IncomeDueDateFactory(user=resident, income_source="Larkspur", due_date=date(2026, 3, 6), frequency="biweekly")


@pytest.fixture
def pay(as_alice: APIClient, rent: UserExpenseDueDate) -> Act:
    return lambda **body: as_alice.post(f"{EXPENSES}{rent.pk}/pay/", body, format="json")


@pytest.fixture
def undo(as_alice: APIClient, rent: UserExpenseDueDate) -> Act:
    return lambda: as_alice.post(f"{EXPENSES}{rent.pk}/undo/")


@pytest.fixture
def receive(as_alice: APIClient, salary: UserIncomeDueDate) -> Act:
    return lambda **body: as_alice.post(f"{INCOME}{salary.pk}/receive/", body, format="json")


@pytest.fixture
def occurrences(as_alice: APIClient, rent: UserExpenseDueDate) -> Act:
    """The rent's, from and to the days given."""
    return lambda start="2026-01-01", end="2026-05-01": as_alice.get(
        f"{EXPENSES}{rent.pk}/occurrences/", {"from": start, "to": end}
    )
