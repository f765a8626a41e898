"""Occurrences of a due date and the payments of each."""

from typing import Any

import pytest
from rest_framework.test import APIClient

from finance.models import UserExpenseDueDate
from tests.finance.due_dates.conftest import EXPENSES, Act, error


def test_each_has_its_paid_amount_and_status(pay: Act, occurrences: Act) -> None:
    pay()
    pay(amount="200.00")
    pay(amount="300.00", occurrence="2026-04-30")
    rows = [list(row.values()) for row in occurrences(end="2026-05-31").json()["results"]]
    assert rows == [
        ["2026-01-31", "1200.00", "1200.00", "paid", []],
        ["2026-02-28", "1200.00", "200.00", "partial", []],
        ["2026-03-31", "1200.00", "0.00", "pending", []],
        ["2026-04-30", "1200.00", "300.00", "partial", []],
        ["2026-05-31", "1200.00", "0.00", "pending", []],
    ]


def test_an_unpaid_day_of_the_past_is_overdue(occurrences: Act) -> None:
    assert [row["status"] for row in occurrences(end="2026-04-01").json()["results"]] == ["overdue", "overdue", "pending"]


def test_the_default_range_is_today_and_ninety_days(as_alice: APIClient, rent: UserExpenseDueDate) -> None:
    rows = as_alice.get(f"{EXPENSES}{rent.pk}/occurrences/").json()["results"]
    assert [row["date"] for row in rows] == ["2026-03-31", "2026-04-30", "2026-05-31"]


def test_both_ends_are_included(occurrences: Act) -> None:
    assert len(occurrences("2026-02-28", "2026-03-31").json()["results"]) == 2
    assert occurrences("2026-03-01", "2026-03-30").json() == {"results": []}


def test_a_single_due_date_has_one_occurrence(as_alice: APIClient, rent: UserExpenseDueDate, occurrences: Act) -> None:
    as_alice.patch(f"{EXPENSES}{rent.pk}/", {"is_recurring": False})
    assert [row["date"] for row in occurrences(end="2030-01-01").json()["results"]] == ["2026-01-31"]
    assert occurrences("2026-02-01", "2030-01-01").json()["results"] == []


def test_four_hundred_is_the_maximum(as_alice: APIClient, rent: UserExpenseDueDate, occurrences: Act) -> None:
    as_alice.patch(f"{EXPENSES}{rent.pk}/", {"frequency": "weekly", "due_date": "2026-01-01"})
    assert len(occurrences("2026-01-01", "2033-08-25").json()["results"]) == 400
    assert error(occurrences("2026-01-01", "2033-09-01")) == (400, "too_many_occurrences", "to")
    assert error(occurrences("2026-01-01", "9999-12-31")) == (400, "too_many_occurrences", "to")


@pytest.mark.parametrize(
    ("query", "attr", "code"),
    [
        ({"from": "tomorrow"}, "from", "invalid"),
        ({"to": "2026-02-30"}, "to", "invalid"),
        ({"from": ""}, "from", "invalid"),
        ({"from": "2026-05-01", "to": "2026-04-30"}, "to", "ends_before_it_begins"),
        ({"to": "2026-03-09"}, "to", "ends_before_it_begins"),
        ({"until": "2026-05-01"}, "until", "unknown_filter"),
        ({"from": ["2026-01-01", "2026-01-02"]}, "from", "repeated"),
    ],
)
def test_an_invalid_query_is_refused(
    as_alice: APIClient, rent: UserExpenseDueDate, query: dict[str, Any], attr: str, code: str
) -> None:
    assert error(as_alice.get(f"{EXPENSES}{rent.pk}/occurrences/", query)) == (400, code, attr)


def test_the_last_representable_date_is_no_error(as_alice: APIClient, rent: UserExpenseDueDate) -> None:
    response = as_alice.get(f"{EXPENSES}{rent.pk}/occurrences/", {"from": "9999-12-01"})
    assert [row["date"] for row in response.json()["results"]] == ["9999-12-31"]
