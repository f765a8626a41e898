"""Support settles a due date and takes it back by the services of the API."""

import pytest
from django.contrib.auth.models import Permission
from django.test import Client

from dev.factories import ProjectionFactory
from finance.models import DueDatePayment, UserExpenseDueDate
from tests.sign_in import sign_in
from users.models import User

LIST = "/admin/finance/userexpenseduedate/"


@pytest.fixture
def office(administrator: User) -> Client:
    client = Client()
    sign_in(client, administrator)
    return client


def tick(client: Client, action: str, row: UserExpenseDueDate) -> str:
    body = {"action": action, "_selected_action": [str(row.pk)], "index": "0"}
    return client.post(LIST, body, follow=True).content.decode()


def test_the_ticked_ones_are_settled_today(office: Client, rent: UserExpenseDueDate) -> None:
    assert "Record as settled today: Rent" in tick(office, "settle_today_ticked", rent)
    rent.refresh_from_db()
    assert (str(rent.next_due_date), str(rent.last_paid_date)) == ("2026-02-28", "2026-03-10")


def test_what_can_not_be_settled_is_said(office: Client, rent: UserExpenseDueDate) -> None:
    rent.is_recurring = False
    rent.save()
    tick(office, "settle_today_ticked", rent)
    assert "nothing is due any more" in tick(office, "settle_today_ticked", rent)
    assert DueDatePayment.objects.count() == 1


def test_the_last_payment_is_taken_back_on_its_page(office: Client, rent: UserExpenseDueDate) -> None:
    tick(office, "settle_today_ticked", rent)
    page = office.get(f"{LIST}{rent.pk}/change/").content.decode()
    assert "1,200.00&nbsp;USD" in page
    assert "Take last payment back" in page


def test_it_is_overdue_whatever_is_stored(office: Client, rent: UserExpenseDueDate) -> None:
    UserExpenseDueDate.objects.update(status="pending")
    assert "overdue" in office.get(LIST).content.decode()


def test_a_new_schedule_counts_here_too(office: Client, rent: UserExpenseDueDate) -> None:
    body = {"expected_amount": "1200", "currency": "USD", "due_date": "2026-04-05", "frequency": "monthly", "notes": ""}
    rest = {"is_recurring": "on", "expense_name": "Rent", "expense_category": "rent", "payments-TOTAL_FORMS": "0"}
    office.post(f"{LIST}{rent.pk}/change/", body | rest | {"payments-INITIAL_FORMS": "0"})
    rent.refresh_from_db()
    assert (str(rent.next_due_date), rent.status) == ("2026-04-05", "pending")


def test_whoever_may_only_look_settles_nothing(staff: User, rent: UserExpenseDueDate) -> None:
    staff.user_permissions.set(Permission.objects.filter(codename="view_userexpenseduedate"))
    client = Client()
    sign_in(client, staff)
    tick(client, "settle_today_ticked", rent)
    assert not DueDatePayment.objects.exists()


def test_the_customers_page_shows_what_is_due_and_what_may_come(office: Client, rent: UserExpenseDueDate) -> None:
    ProjectionFactory(user=rent.user)
    page = office.get(f"/admin/users/user/{rent.user_id}/change/").content.decode()
    assert "Rent" in page
    assert "4.30 %" in page


def test_one_can_be_added_for_a_customer(office: Client, alice: User) -> None:
    body = {"customer": str(alice.pk), "expected_amount": "89", "currency": "USD", "due_date": "2026-04-03"}
    rest = {"frequency": "monthly", "is_recurring": "on", "expense_name": "Gym", "expense_category": "", "notes": ""}
    answer = office.post(f"{LIST}add/", body | rest | {"payments-TOTAL_FORMS": "0", "payments-INITIAL_FORMS": "0"})
    assert answer.status_code == 302
    row = UserExpenseDueDate.objects.get()
    assert (row.user, str(row.next_due_date)) == (alice, "2026-04-03")
