"""Accounts and transactions in the back office."""

from decimal import Decimal
from typing import Any

import pytest
from django.test import Client

from dev.factories import AccountFactory, TransactionFactory
from finance.models import EncryptedFinancialProfile, FinancialTransaction
from users.models import User

pytestmark = pytest.mark.django_db
ACCOUNTS = "/admin/finance/encryptedfinancialprofile/"
TRANSACTIONS = "/admin/finance/financialtransaction/"
YES = {"_form_submitted": "True"}


def form(**fields: Any) -> dict[str, Any]:
    base = {"transaction_type": "expense", "amount": "-5.00", "currency": "USD", "transaction_date": "2026-03-01"}
    return {**base, "status": "completed", "metadata": "{}", **fields}


def test_a_transaction_is_added_for_a_customer(office: Client, alice: User) -> None:
    account: Any = AccountFactory(user=alice)
    response = office.post(f"{TRANSACTIONS}add/", form(customer=str(alice.pk), financial_profile=str(account.pk)))
    row = FinancialTransaction.objects.get()
    assert response.status_code == 302
    assert (row.user, row.financial_profile, row.amount) == (alice, account, Decimal("-5.00"))


@pytest.mark.parametrize(("currency", "sent", "stored"), [("JPY", "-500.000", "-500"), ("KWD", "-500.555", "-500.555")])
def test_an_amount_is_stored_with_the_decimals_of_its_currency(
    office: Client, alice: User, currency: str, sent: str, stored: str
) -> None:
    office.post(f"{TRANSACTIONS}add/", form(customer=str(alice.pk), currency=currency, amount=sent))
    assert str(FinancialTransaction.objects.get().amount) == stored


def test_an_amount_with_more_decimals_than_its_currency_is_refused(office: Client, alice: User) -> None:
    response = office.post(f"{TRANSACTIONS}add/", form(customer=str(alice.pk), currency="JPY", amount="-500.55"))
    assert "Amount in JPY must have no decimals." in response.content.decode()
    assert not FinancialTransaction.objects.exists()


@pytest.mark.parametrize(("currency", "is_listed"), [("USD", False), ("HRK", True)])
def test_a_withdrawn_currency_is_listed_only_for_a_row_in_it(
    office: Client, alice: User, currency: str, is_listed: bool
) -> None:
    row = TransactionFactory(user=alice, currency=currency)
    page = office.get(f"{TRANSACTIONS}{row.pk}/change/").content.decode()
    assert '<option value="XCG">' in page
    assert ('<option value="HRK" selected>' in page) is is_listed
    assert '<option value="BGN">' not in page


def test_a_transaction_needs_a_customer(office: Client) -> None:
    response = office.post(f"{TRANSACTIONS}add/", form())
    assert response.status_code == 200
    assert "This field is required." in response.content.decode()


def test_an_account_of_another_customer_is_refused(office: Client, alice: User, bob: User) -> None:
    theirs = AccountFactory(user=bob)
    response = office.post(f"{TRANSACTIONS}add/", form(customer=str(alice.pk), financial_profile=str(theirs.pk)))
    assert "This belongs to another customer." in response.content.decode()
    assert not FinancialTransaction.objects.exists()


def test_a_transaction_moves_only_between_accounts_of_its_owner(office: Client, alice: User, bob: User) -> None:
    row, theirs = TransactionFactory(user=alice), AccountFactory(user=bob)
    response = office.post(f"{TRANSACTIONS}{row.pk}/change/", form(financial_profile=str(theirs.pk)))
    assert "This belongs to another customer." in response.content.decode()


def test_a_transaction_is_changed(office: Client, alice: User) -> None:
    row = TransactionFactory(user=alice)
    response = office.post(
        f"{TRANSACTIONS}{row.pk}/change/", form(financial_profile=str(row.financial_profile_id), category="dining")
    )
    row.refresh_from_db()
    assert response.status_code == 302
    assert row.category == "dining"


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"amount": "0"}, "The amount must not be 0."),
        ({"amount": "5.00"}, "Income and refunds must be above 0, expenses and fees below 0."),
        ({"currency": "XXX"}, "is not an ISO 4217 currency code"),
        ({"transaction_date": "1066-10-14"}, "Must be between 1900-01-01 and 2200-12-31."),
        ({"metadata": "[]"}, "Must be a JSON object"),
    ],
)
def test_a_validation_error_is_shown_at_its_field(office: Client, alice: User, fields: dict[str, str], sentence: str) -> None:
    response = office.post(f"{TRANSACTIONS}add/", form(customer=str(alice.pk), **fields))
    assert response.status_code == 200
    assert sentence in response.content.decode()


def test_a_duplicate_reference_number_is_an_error(office: Client, alice: User) -> None:
    row = TransactionFactory(user=alice, reference_number="A1")
    same = form(customer=str(alice.pk), financial_profile=str(row.financial_profile_id), reference_number="A1")
    response = office.post(f"{TRANSACTIONS}add/", same)
    assert "This account already has a transaction with this reference number." in response.content.decode()


def test_a_transaction_is_deleted_after_a_confirmation(office: Client, alice: User) -> None:
    row = TransactionFactory(user=alice)
    assert office.get(f"{TRANSACTIONS}{row.pk}/delete/").status_code == 200
    office.post(f"{TRANSACTIONS}{row.pk}/delete/", {"post": "yes"})
    assert not FinancialTransaction.objects.exists()


def test_an_account_is_added_for_a_customer(office: Client, alice: User) -> None:
    fields = {"profile_name": "Everyday", "profile_type": "checking", "currency": "USD", "metadata": "{}"}
    office.post(f"{ACCOUNTS}add/", {"customer": str(alice.pk), **fields})
    row = EncryptedFinancialProfile.objects.get()
    assert (row.user, row.account_number, row.is_active) == (alice, None, True)


def test_an_account_is_closed_and_reopened(office: Client, alice: User) -> None:
    account = AccountFactory(user=alice)
    office.post(f"{ACCOUNTS}{account.pk}/close/", YES)
    account.refresh_from_db()
    closed = account.is_active
    office.post(f"{ACCOUNTS}{account.pk}/reopen/", YES)
    account.refresh_from_db()
    assert (closed, account.is_active) == (False, True)


def test_only_the_button_that_applies_is_shown(office: Client, alice: User) -> None:
    account = AccountFactory(user=alice)
    opened = office.get(f"{ACCOUNTS}{account.pk}/change/").content.decode()
    office.post(f"{ACCOUNTS}{account.pk}/close/", YES)
    closed = office.get(f"{ACCOUNTS}{account.pk}/change/").content.decode()
    assert ("/close/" in opened, "/reopen/" in opened) == (True, False)
    assert ("/close/" in closed, "/reopen/" in closed) == (False, True)


def test_closing_a_closed_account_shows_a_message(office: Client, alice: User) -> None:
    account = AccountFactory(user=alice, is_active=False)
    office.post(f"{ACCOUNTS}{account.pk}/close/", YES)
    assert "This account is already closed." in office.get(f"{ACCOUNTS}{account.pk}/change/").content.decode()


def test_an_account_with_transactions_can_not_be_deleted(office: Client, alice: User) -> None:
    account = TransactionFactory(user=alice).financial_profile
    response = office.post(f"{ACCOUNTS}{account.pk}/delete/", {"post": "yes"}, follow=True)
    assert "This account has transactions." in response.content.decode()
    assert EncryptedFinancialProfile.objects.filter(pk=account.pk).exists()


def test_an_account_without_transactions_is_deleted(office: Client, alice: User) -> None:
    account = AccountFactory(user=alice)
    office.post(f"{ACCOUNTS}{account.pk}/delete/", {"post": "yes"})
    assert not EncryptedFinancialProfile.objects.exists()


def test_an_invalid_key_shows_a_message(office: Client) -> None:
    response = office.post(ACCOUNTS, {"action": "close_selected", "_selected_action": ["nonsense"], "index": "0"}, follow=True)
    assert response.status_code == 200
    assert "This row does not exist." in response.content.decode()


def test_the_page_of_a_missing_row_redirects(office: Client) -> None:
    assert office.get(f"{ACCOUNTS}nonsense/change/").status_code == 302
