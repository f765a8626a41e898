"""A staff member finds a customer in the back office and reads their accounts."""

from datetime import date
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import expect

from dev.factories import PASSWORD, AccountFactory, ProfileFactory, TransactionFactory
from tests.e2e.conftest import Visit
from tests.sign_in import code, give_factor
from users.models import User

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def customer(alice: User) -> User:
    """Return alice with a profile, two accounts and three transactions."""
    ProfileFactory(user=alice)
    checking: Any = AccountFactory(user=alice, profile_name="Everyday checking", account_balance="2411.07")
    AccountFactory(user=alice, profile_name="Emergency fund", profile_type="savings", account_balance="8200.00")
    common = {"user": alice, "financial_profile": checking, "status": "completed"}
    TransactionFactory(amount="-1234.56", merchant_name="Chelsea Homes", transaction_date=date(2026, 3, 1), **common)
    TransactionFactory(amount="-38.84", merchant_name="Noodle Yard", transaction_date=date(2026, 3, 2), **common)
    TransactionFactory(
        amount="2874.60", transaction_type="income", merchant_name="Larkspur", transaction_date=date(2026, 3, 3), **common
    )
    return alice


@pytest.fixture
def back_office(visit: Visit, administrator: User) -> Visit:
    """Return the back office after the login."""
    give_factor(administrator)
    visit.open("/admin/")
    visit.page.get_by_label("Email").fill(administrator.email)
    visit.page.get_by_label("Password").fill(PASSWORD)
    visit.page.get_by_role("button", name="Log in").click()
    visit.page.get_by_label("Code").fill(code())
    visit.page.get_by_role("button", name="Continue").click()
    expect(visit.page.get_by_role("searchbox", name="Find a customer")).to_be_visible()
    return visit


def test_a_wrong_password_is_refused(visit: Visit, administrator: User) -> None:
    visit.open("/admin/")
    visit.page.get_by_label("Email").fill(administrator.email)
    visit.page.get_by_label("Password").fill("not the password")
    visit.page.get_by_role("button", name="Log in").click()
    expect(visit.page.get_by_text("Please enter the correct email and password")).to_be_visible()


def test_a_staff_member_without_a_factor_sets_one_up(visit: Visit, administrator: User) -> None:
    page = visit.page
    visit.open("/admin/")
    page.get_by_label("Email").fill(administrator.email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()
    page.get_by_label("code").fill(code(page.locator("#secret").inner_text()))
    page.get_by_role("button", name="Continue").click()
    expect(page.locator("#recovery-codes li")).to_have_count(10)
    page.get_by_role("link", name="I have stored them").click()
    expect(page.get_by_role("searchbox", name="Find a customer")).to_be_visible()
    assert visit.problems == []


def test_a_customer_is_found_and_their_amounts_are_shown(back_office: Visit, customer: User) -> None:
    page = back_office.page
    page.get_by_role("searchbox", name="Find a customer").fill("alice")
    page.get_by_role("button", name="Find").click()
    page.get_by_role("link", name=customer.email).click()
    page.locator("#tabs-items").get_by_text("Accounts", exact=True).click()
    expect(page.get_by_text("2,411.07 USD")).to_be_visible()
    page.locator("#tabs-items").get_by_text("Transactions", exact=True).click()
    expect(page.get_by_text("−1,234.56 USD")).to_be_visible()
    page.get_by_role("link", name="Show all transactions").click()
    expect(page.locator("#result_list .mingus-money")).to_have_text(["2,874.60 USD", "−38.84 USD", "−1,234.56 USD"])
    assert back_office.problems == []
    assert back_office.hosts == {urlsplit(back_office.server).netloc}


def test_a_transaction_is_opened_and_changed(back_office: Visit, customer: User) -> None:
    back_office.open(f"/admin/finance/financialtransaction/?user__id__exact={customer.pk}")
    back_office.page.get_by_role("link", name="March 2, 2026").click()
    back_office.page.get_by_label("Category").fill("dining")
    back_office.page.get_by_role("button", name="Save", exact=True).click()
    expect(back_office.page.get_by_text("was changed successfully")).to_be_visible()
    expect(back_office.page.get_by_role("cell", name="dining")).to_be_visible()
    assert back_office.problems == []


def test_a_button_confirms_and_reports_its_result(back_office: Visit, customer: User) -> None:
    page = back_office.page
    back_office.open(f"/admin/users/user/{customer.pk}/change/")
    page.locator("a").filter(has_text="Help").click()
    page.get_by_role("link", name="Unlock").click()
    expect(page.get_by_text("The customer can log in again at once.")).to_be_visible()
    page.get_by_role("button", name="Unlock").click()
    expect(page.get_by_text(f"Unlock: {customer.email}")).to_be_visible()
    assert back_office.problems == []


def test_a_new_transactions_customer_is_found_by_typing(back_office: Visit, customer: User) -> None:
    page = back_office.page
    back_office.open("/admin/finance/financialtransaction/add/")
    page.locator(".field-customer .select2-selection").click()
    page.locator(".select2-search__field").fill("ali")
    page.get_by_role("option", name=customer.email).click()
    expect(page.locator(".field-customer .select2-selection__rendered")).to_contain_text(customer.email)
    assert back_office.problems == []


def test_scripts_work_under_the_content_security_policy(back_office: Visit, customer: User) -> None:
    page = back_office.page
    back_office.open("/admin/finance/financialtransaction/")
    sidebar = page.locator("#nav-sidebar")
    expect(sidebar).to_be_visible()
    page.get_by_text("dock_to_right").first.click()
    expect(sidebar).to_be_hidden()
    back_office.open("/admin/finance/financialtransaction/")
    expect(sidebar).to_be_hidden()
    page.locator("#result_list input.action-select").first.check()
    page.locator("select[name=action]").select_option("export_csv")
    expect(page.get_by_role("button", name="Run")).to_be_visible()
    page.get_by_text("dock_to_right").first.click()
    page.locator(r'[x-on\:click^="openUserLinks"]').click()
    page.get_by_text("dark_mode", exact=True).locator("visible=true").first.click()
    expect(page.locator("html")).to_have_class("dark")
    assert back_office.problems == []
