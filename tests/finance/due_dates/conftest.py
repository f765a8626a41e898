"""Fixtures: alice's rent and salary, and a frozen clock."""

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


def summary(response: Response) -> tuple[object, ...]:
    """Return the due date's status, next date, last payment date and last amount from a response."""
    body = response.json()
    return body["status"], body["next_due_date"], body["last_paid_date"], body["last_paid_amount"]


def error(response: Response) -> tuple[int, str, str | None]:
    """Return the status code of the response, and the code and field of its first error."""
    first = response.json()["errors"][0]
    return response.status_code, first["code"], first["attr"]


@pytest.fixture(autouse=True)
def noon() -> Iterator[Any]:
    """Freeze the clock at noon of 10 March 2026 in New York, alice's time zone."""
    with time_machine.travel("2026-03-10 17:00Z", tick=False) as traveller:
        yield traveller


@pytest.fixture
def resident(alice: User) -> User:
    """Return alice with a profile."""
    return ProfileFactory(user=alice).user


@pytest.fixture
def rent(resident: User) -> UserExpenseDueDate:
    """Return a rent of 1,200.00 USD, unpaid, due on the last day of each month since January."""
    return ExpenseDueDateFactory(user=resident, expense_name="Rent")


@pytest.fixture
def salary(resident: User) -> UserIncomeDueDate:
    """Return a salary of 2,500.00 USD every other Friday since 6 March."""
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
    """Request the rent's occurrences between two days."""
    return lambda start="2026-01-01", end="2026-05-01": as_alice.get(
        f"{EXPENSES}{rent.pk}/occurrences/", {"from": start, "to": end}
    )
