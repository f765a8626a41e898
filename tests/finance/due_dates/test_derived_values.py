"""Values derived from the owner's current date, equal in Python and SQL, filtered and sorted in lists."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import time_machine
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rest_framework.test import APIClient

from core import jobs
from dev.factories import ExpenseDueDateFactory, IncomeDueDateFactory, ProfileFactory
from dev.factories.finance import category_of
from finance.models import UserExpenseDueDate, UserIncomeDueDate
from finance.services import record_payment, update_due_date_statuses
from tests.finance.due_dates.conftest import EXPENSES, INCOME, TODAY
from users.models import User

ZONES = ["America/New_York", "Pacific/Kiritimati", "Pacific/Pago_Pago", "Asia/Kathmandu", "Europe/Rome"]
LISTED = ("is_overdue", "days_overdue", "days_until_due", "next_due_date")


def names(response: Any) -> list[str]:
    return [row["expense_name"] for row in response.json()["results"]]


@pytest.mark.parametrize(
    ("instant", "overdue"), [("2026-03-11T03:59:59Z", False), ("2026-03-11T04:00:00Z", True), ("2026-03-11T12:00:00Z", True)]
)
def test_a_bill_is_overdue_from_the_owners_midnight(as_alice: APIClient, alice: User, instant: str, overdue: bool) -> None:
    ProfileFactory(user=alice)
    row = ExpenseDueDateFactory(user=alice, due_date=TODAY)
    with time_machine.travel(instant, tick=False):
        assert as_alice.get(f"{EXPENSES}{row.pk}/").json()["is_overdue"] is overdue
        assert as_alice.get(EXPENSES).json()["results"][0]["is_overdue"] is overdue


@given(
    zones=st.lists(st.sampled_from(ZONES), min_size=2, max_size=2),
    days=st.lists(st.one_of(st.none(), st.integers(-400, 400)), min_size=6, max_size=6),
    instant=st.datetimes(datetime(2026, 1, 1), datetime(2027, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001 - as hypothesis
)
@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@pytest.mark.django_db
def test_sql_equals_python(zones: list[str], days: list[int | None], instant: Any) -> None:
    owners = [ProfileFactory.create(timezone=zone).user for zone in zones]
    rows = [new_row(owner, day) for owner in owners for day in days]
    UserIncomeDueDate.objects.bulk_create(rows)
    derived = UserIncomeDueDate.sql_derived()
    with time_machine.travel(instant, tick=False):
        listed = UserIncomeDueDate.objects.filter(user__in=owners).annotate(**{f"sql_{name}": derived[name] for name in LISTED})
        found = [(getattr(row, name), getattr(row, f"sql_{name}")) for row in listed for name in LISTED]
    assert [in_python for in_python, _ in found] == [in_sql for _, in_sql in found]
    assert [type(in_python) for in_python, _ in found] == [type(in_sql) for _, in_sql in found]


def new_row(owner: User, day: int | None) -> UserIncomeDueDate:
    """Build a due date with its next occurrence `day` days after 1 July 2026, or with none."""
    due = date(2026, 7, 1) + timedelta(days=day or 0)
    row = IncomeDueDateFactory.build(user=owner, due_date=due, is_recurring=day is not None)
    row.next_occurrence = None if day is None else due
    return row


def test_the_next_one_comes_first(as_alice: APIClient, alice: User) -> None:
    late, soon, done = (ExpenseDueDateFactory(user=alice, expense_name=name) for name in ("late", "soon", "done"))
    UserExpenseDueDate.objects.filter(pk=soon.pk).update(due_date="2026-01-01", next_occurrence="2026-01-02")
    UserExpenseDueDate.objects.filter(pk=done.pk).update(is_recurring=False, next_occurrence=None)
    assert late.next_due_date == date(2026, 1, 31)
    assert names(as_alice.get(EXPENSES)) == ["soon", "late", "done"]
    assert names(as_alice.get(EXPENSES, {"ordering": "-next_due_date"})) == ["late", "soon", "done"]
    assert names(as_alice.get(EXPENSES, {"ordering": "days_overdue"})) == ["done", "late", "soon"]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"is_overdue": "true"}, ["Rent", "Phone"]),
        ({"is_overdue": "false"}, ["Gym"]),
        ({"days_overdue__gte": "38"}, ["Rent"]),
        ({"days_until_due__lte": "0"}, ["Rent", "Phone"]),
        ({"days_until_due__gte": "0", "days_until_due__lte": "30"}, ["Gym"]),
        ({"next_due_date__gte": "2026-03-01"}, ["Phone", "Gym"]),
        ({"next_due_date__lte": "2026-03-05"}, ["Rent", "Phone"]),
        ({"next_due_date": "2026-03-05"}, ["Phone"]),
        ({"status__in": "overdue,partial"}, ["Rent", "Phone"]),
        ({"status": "pending"}, ["Gym"]),
        ({"frequency": "yearly"}, ["Gym"]),
        ({"is_essential": "false"}, ["Gym"]),
        ({"expense_category": "phone"}, ["Phone"]),
        ({"expected_amount__gte": "89.00", "expected_amount__lte": "90"}, ["Gym"]),
        ({"search": "ren"}, ["Rent"]),
        ({"is_overdue": "true", "ordering": "-expected_amount"}, ["Rent", "Phone"]),
    ],
)
def test_lists_are_filtered_by_derived_values(
    as_alice: APIClient, rent: UserExpenseDueDate, query: dict[str, str], expected: list[str]
) -> None:
    other = {"user": rent.user, "expense_category": category_of(rent.user, "phone")}
    ExpenseDueDateFactory(**other, expense_name="Phone", expected_amount="20.00", due_date=date(2026, 3, 5))
    fitness = {
        "expense_category": category_of(rent.user, "fitness"),
        "is_essential": False,
        "expected_amount": "89.00",
        "frequency": "yearly",
    }
    ExpenseDueDateFactory(**other | fitness, expense_name="Gym", due_date=date(2026, 4, 1))
    assert names(as_alice.get(EXPENSES, query)) == expected


def test_an_unknown_filter_is_refused(as_alice: APIClient) -> None:
    assert as_alice.get(INCOME, {"is_late": "true"}).json()["errors"][0]["code"] == "unknown_filter"


def test_the_hourly_job_marks_due_and_overdue_rows(rent: UserExpenseDueDate, noon: Any) -> None:
    record_payment(rent, today=TODAY)
    record_payment(rent, today=TODAY)
    noon.move_to("2026-03-31 03:59Z")
    assert (update_due_date_statuses(), status_of(rent)) == (0, "paid")
    noon.move_to("2026-03-31 04:01Z")
    assert (update_due_date_statuses(), status_of(rent)) == (1, "pending")
    noon.move_to("2026-04-01 04:01Z")
    assert (update_due_date_statuses(), status_of(rent)) == (1, "overdue")
    assert update_due_date_statuses() == 0


def test_a_partial_payment_stays_partial(rent: UserExpenseDueDate, salary: UserIncomeDueDate) -> None:
    record_payment(rent, today=TODAY, amount=rent.expected_amount / 2)
    UserIncomeDueDate.objects.update(status="received")
    assert update_due_date_statuses() == 1
    assert (status_of(rent), status_of(salary)) == ("partial", "overdue")


def test_the_job_is_scheduled_every_hour() -> None:
    schedule = {job.task.name: job.cron for job in jobs.app.periodic_registry.periodic_tasks.values()}
    assert schedule["finance.tasks.update_due_date_statuses"] == "7 * * * *"


def status_of(row: Any) -> str:
    return type(row).objects.values_list("status", flat=True).get(pk=row.pk)
