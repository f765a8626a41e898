"""Due dates in the back office, paid and undone by the services of the API."""

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


def run_action(client: Client, action: str, row: UserExpenseDueDate) -> str:
    body = {"action": action, "_selected_action": [str(row.pk)], "index": "0"}
    return client.post(LIST, body, follow=True).content.decode()


def test_the_selected_rows_are_paid_today(office: Client, rent: UserExpenseDueDate) -> None:
    assert "Record payment today: Rent" in run_action(office, "record_payment_today_selected", rent)
    rent.refresh_from_db()
    assert (str(rent.next_due_date), str(rent.last_paid_date)) == ("2026-02-28", "2026-03-10")


def test_a_row_that_cannot_be_paid_is_reported(office: Client, rent: UserExpenseDueDate) -> None:
    rent.is_recurring = False
    rent.save()
    run_action(office, "record_payment_today_selected", rent)
    assert "Everything is settled" in run_action(office, "record_payment_today_selected", rent)
    assert DueDatePayment.objects.count() == 1


def test_the_page_offers_to_undo_the_last_payment(office: Client, rent: UserExpenseDueDate) -> None:
    run_action(office, "record_payment_today_selected", rent)
    page = office.get(f"{LIST}{rent.pk}/change/").content.decode()
    assert "1,200.00&nbsp;USD" in page
    assert "Undo last payment" in page


def test_the_list_shows_the_computed_status(office: Client, rent: UserExpenseDueDate) -> None:
    UserExpenseDueDate.objects.update(status="pending")
    assert "overdue" in office.get(LIST).content.decode()


def test_a_new_schedule_moves_the_next_due_date(office: Client, rent: UserExpenseDueDate) -> None:
    body = {"expected_amount": "1200", "currency": "USD", "due_date": "2026-04-05", "frequency": "monthly", "notes": ""}
    rest = {"is_recurring": "on", "expense_name": "Rent", "expense_category": "rent", "payments-TOTAL_FORMS": "0"}
    office.post(f"{LIST}{rent.pk}/change/", body | rest | {"payments-INITIAL_FORMS": "0"})
    rent.refresh_from_db()
    assert (str(rent.next_due_date), rent.status) == ("2026-04-05", "pending")


def test_the_view_permission_alone_pays_nothing(staff: User, rent: UserExpenseDueDate) -> None:
    staff.user_permissions.set(Permission.objects.filter(codename="view_userexpenseduedate"))
    client = Client()
    sign_in(client, staff)
    run_action(client, "record_payment_today_selected", rent)
    assert not DueDatePayment.objects.exists()


def test_the_customers_page_shows_due_dates_and_projections(office: Client, rent: UserExpenseDueDate) -> None:
    ProjectionFactory(user=rent.user)
    page = office.get(f"/admin/users/user/{rent.user_id}/change/").content.decode()
    assert "Rent" in page
    assert "4.30 %" in page


def test_a_due_date_is_added_for_a_customer(office: Client, alice: User) -> None:
    body = {"customer": str(alice.pk), "expected_amount": "89", "currency": "USD", "due_date": "2026-04-03"}
    rest = {"frequency": "monthly", "is_recurring": "on", "expense_name": "Gym", "expense_category": "", "notes": ""}
    response = office.post(f"{LIST}add/", body | rest | {"payments-TOTAL_FORMS": "0", "payments-INITIAL_FORMS": "0"})
    assert response.status_code == 302
    row = UserExpenseDueDate.objects.get()
    assert (row.user, str(row.next_due_date)) == (alice, "2026-04-03")
