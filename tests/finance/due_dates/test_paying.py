"""Payments of occurrences, one after the other, in full and in part."""

from decimal import Decimal

import pytest
from rest_framework.test import APIClient

from finance.models import DueDatePayment, UserExpenseDueDate
from tests.conftest import ClientFor
from tests.finance.due_dates.conftest import EXPENSES, Act, error, summary


def test_by_default_the_oldest_open_day_is_paid_in_full_today(pay: Act) -> None:
    assert summary(pay()) == ("overdue", "2026-02-28", "2026-03-10", "1200.00")
    assert summary(pay()) == ("paid", "2026-03-31", "2026-03-10", "1200.00")


def test_partial_payments_add_up_until_the_day_is_paid(pay: Act) -> None:
    assert summary(pay(amount="500.00", date="2026-01-30")) == ("partial", "2026-01-31", "2026-01-30", "500.00")
    assert summary(pay(amount="699.99")) == ("partial", "2026-01-31", "2026-03-10", "699.99")
    assert summary(pay()) == ("overdue", "2026-02-28", "2026-03-10", "0.01")


def test_more_than_expected_pays_one_day_only(pay: Act) -> None:
    assert summary(pay(amount="5000.00")) == ("overdue", "2026-02-28", "2026-03-10", "5000.00")


def test_less_than_expected_pays_the_day_if_marked_in_full(pay: Act, occurrences: Act) -> None:
    assert summary(pay(amount="900.00", in_full=True))[:2] == ("overdue", "2026-02-28")
    assert occurrences(end="2026-02-01").json()["results"][0] | {"transactions": []} == {
        "date": "2026-01-31",
        "expected": "900.00",
        "paid": "900.00",
        "status": "paid",
        "transactions": [],
    }


def test_another_day_can_be_paid_first_and_the_oldest_stays_due(pay: Act) -> None:
    assert summary(pay(occurrence="2026-03-31"))[:2] == ("overdue", "2026-01-31")
    assert summary(pay())[1] == "2026-02-28"
    assert summary(pay())[1] == "2026-04-30"


def test_a_bill_that_does_not_recur_is_due_once(as_alice: APIClient, rent: UserExpenseDueDate, pay: Act) -> None:
    as_alice.patch(f"{EXPENSES}{rent.pk}/", {"is_recurring": False})
    assert summary(pay()) == ("paid", None, "2026-03-10", "1200.00")
    assert as_alice.get(f"{EXPENSES}{rent.pk}/").json()["days_until_due"] is None
    assert error(pay()) == (409, "already_settled", None)


def test_income_is_received(receive: Act) -> None:
    body = receive(date="2026-03-06").json()
    assert (body["status"], body["next_due_date"], body["last_received_date"]) == ("received", "2026-03-20", "2026-03-06")
    assert body["last_received_amount"] == "2500.00"


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"amount": "0.00"}, (400, "min_value", "amount")),
        ({"amount": "-5.00"}, (400, "min_value", "amount")),
        ({"amount": "NaN"}, (400, "invalid", "amount")),
        ({"amount": "1.001"}, (400, "max_decimal_places", "amount")),
        ({"amount": "10000000000000.00"}, (400, "max_whole_digits", "amount")),
        ({"date": "2026-03-11"}, (400, "in_the_future", "date")),
        ({"date": "1899-12-31"}, (400, "implausible_date", "date")),
        ({"date": "yesterday"}, (400, "invalid", "date")),
        ({"occurrence": "2026-02-27"}, (400, "no_occurrence", "occurrence")),
        ({"occurrence": "2025-12-31"}, (400, "no_occurrence", "occurrence")),
        ({"transaction": "nonsense"}, (400, "invalid", "transaction")),
        ({"paid": "1.00"}, (400, "unknown_field", "paid")),
    ],
)
def test_invalid_input_is_refused_at_its_field(pay: Act, body: dict[str, str], expected: tuple[int, str, str | None]) -> None:
    assert error(pay(**body)) == expected
    assert not DueDatePayment.objects.exists()


def test_a_paid_day_is_not_paid_again(pay: Act) -> None:
    pay()
    assert error(pay(occurrence="2026-01-31")) == (409, "already_settled", None)


def test_a_repeated_call_with_one_idempotency_key_pays_once(as_alice: APIClient, rent: UserExpenseDueDate) -> None:
    url = f"{EXPENSES}{rent.pk}/pay/"
    first, second = (as_alice.post(url, {}, headers={"Idempotency-Key": "rent-1"}) for _ in range(2))
    assert first.json() == second.json()
    assert DueDatePayment.objects.get().amount == Decimal("1200.00")


def test_a_stale_etag_is_refused(as_alice: APIClient, rent: UserExpenseDueDate, pay: Act) -> None:
    tag = as_alice.get(f"{EXPENSES}{rent.pk}/").headers["ETag"]
    pay()
    stale = as_alice.post(f"{EXPENSES}{rent.pk}/pay/", {}, headers={"If-Match": tag})
    assert stale.status_code == 412


def test_fields_set_by_payments_are_read_only(as_alice: APIClient, rent: UserExpenseDueDate) -> None:
    body = {"status": "paid", "last_paid_date": "2026-03-01", "last_paid_amount": "1.00", "next_due_date": "2030-01-01"}
    response = as_alice.patch(f"{EXPENSES}{rent.pk}/", body)
    assert summary(response) == ("overdue", "2026-01-31", None, None)


def test_a_read_only_token_pays_nothing(rent: UserExpenseDueDate, api: ClientFor) -> None:
    response = api(rent.user, scope="read").post(f"{EXPENSES}{rent.pk}/pay/", {})
    assert response.status_code == 403
    assert not DueDatePayment.objects.exists()
