"""The customer's page, which shows the newest transactions although the app `users` does not import `finance`."""

from datetime import date, timedelta

import pytest
from django.contrib.auth.models import Permission
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from dev.factories import AccountFactory, ImportFactory, ImportRowFactory, OnboardingFactory, ProfileFactory, TransactionFactory
from tests.admin.conftest import SignedIn
from users.models import User

pytestmark = pytest.mark.django_db
FIRST = date(2026, 3, 1)


def page_of(user: User) -> str:
    return f"/admin/users/user/{user.pk}/change/"


def create_transactions(user: User, number: int) -> None:
    """Create transactions at merchants called Shop 00, Shop 01 and so on, one a day."""
    account = AccountFactory(user=user)
    for day in range(number):
        name, moment = f"Shop {day:02}", FIRST + timedelta(days=day)
        TransactionFactory(user=user, financial_profile=account, merchant_name=name, transaction_date=moment)


def test_it_shows_the_ten_newest_transactions_with_their_amounts(office: Client, alice: User) -> None:
    create_transactions(alice, 12)
    TransactionFactory(user=alice, amount="-1234.56", transaction_date=date(2026, 5, 1), merchant_name="Big Shop")
    text = office.get(page_of(alice)).content.decode()
    assert "−1,234.56&nbsp;USD" in text
    assert "Shop 11" in text
    assert "Shop 03" in text
    assert "Shop 02" not in text


def test_it_links_to_all_of_them(office: Client, alice: User) -> None:
    create_transactions(alice, 1)
    url = f"/admin/finance/financialtransaction/?user__id__exact={alice.pk}"
    assert f'href="{url}"' in office.get(page_of(alice)).content.decode()
    assert "Shop 00" in office.get(url).content.decode()


def test_it_shows_no_transactions_of_other_customers(office: Client, alice: User, bob: User) -> None:
    create_transactions(bob, 1)
    assert "Shop 00" not in office.get(page_of(alice)).content.decode()


def test_the_number_of_queries_does_not_grow_with_the_rows(office: Client, alice: User, bob: User) -> None:
    ProfileFactory(user=alice)
    ProfileFactory(user=bob)
    create_transactions(alice, 3)
    create_transactions(bob, 30)
    AccountFactory.create_batch(27, user=bob)
    OnboardingFactory.create_batch(18, user=bob)
    office.get(page_of(alice))
    with CaptureQueriesContext(connection) as few:
        office.get(page_of(alice))
    with CaptureQueriesContext(connection) as many:
        office.get(page_of(bob))
    assert len(many) == len(few) <= 35
    assert [query["sql"] for query in many if "COUNT(" in query["sql"]] == []


def test_saving_works_after_a_new_transaction_was_added(office: Client, alice: User) -> None:
    create_transactions(alice, 10)
    form = office.get(page_of(alice))
    posted = {"is_active": "", "profile-TOTAL_FORMS": "0", "profile-INITIAL_FORMS": "0", "profile-MIN_NUM_FORMS": "0"}
    newest = {f"financialtransaction_set-{place}-id": "01978c5e-0000-7000-8000-000000000000" for place in range(10)}
    TransactionFactory(user=alice, merchant_name="Meanwhile")
    response = office.post(page_of(alice), {**posted, **newest, "financialtransaction_set-TOTAL_FORMS": "10"})
    alice.refresh_from_db()
    assert form.status_code == 200
    assert response.status_code == 302
    assert alice.is_active is False


def test_the_profile_can_be_changed_there(office: Client, alice: User) -> None:
    profile = ProfileFactory(user=alice, phone_number="+12125550142")
    fields = {"first_name": "Alicia", "last_name": "Archer", "zip_code": "10001", "country": "US", "timezone": "Europe/Rome"}
    more = {
        "currency": "EUR",
        "locale": "it-IT",
        "first_day_of_week": "monday",
        "household_size": "1",
        "risk_tolerance": "moderate",
        "financial_goals": "[]",
        "preferences": "{}",
        "id": str(profile.pk),
    }
    rows = {f"profile-0-{name}": value for name, value in {**fields, **more, "user": str(alice.pk)}.items()}
    management = {"profile-TOTAL_FORMS": "1", "profile-INITIAL_FORMS": "1", "profile-MAX_NUM_FORMS": "1"}
    response = office.post(page_of(alice), {"is_active": "on", **management, **rows})
    profile.refresh_from_db()
    assert response.status_code == 302
    assert (profile.first_name, profile.timezone, profile.locale) == ("Alicia", "Europe/Rome", "it-IT")


def test_staff_without_the_permission_see_no_transactions(staff: User, signed_in: SignedIn, alice: User) -> None:
    create_transactions(alice, 1)
    staff.user_permissions.set(Permission.objects.filter(codename="view_user"))
    text = signed_in(staff).get(page_of(alice)).content.decode()
    assert "a•••@e•••.com" in text
    assert "Shop 00" not in text


def test_an_imports_page_reads_its_rows_through_the_owner(office: Client, alice: User) -> None:
    found = ImportFactory(user=alice)
    ImportRowFactory.create_batch(12, user=alice, statement_import=found, account=found.account)
    with CaptureQueriesContext(connection) as queries:
        text = office.get(f"/admin/finance/statementimport/{found.pk}/change/").content.decode()
    rows = [query["sql"] for query in queries if 'FROM "finance_statementimportrow"' in query["sql"]]
    assert len(rows) == 1
    assert all(f"\"user_id\" = '{alice.pk.hex}'::uuid" in sql and "LIMIT 10" in sql for sql in rows)
    assert f"statement_import__id__exact={found.pk}" in text
