"""Accounts and transactions in the hands of staff."""

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
    answer = office.post(f"{TRANSACTIONS}add/", form(customer=str(alice.pk), financial_profile=str(account.pk)))
    row = FinancialTransaction.objects.get()
    assert answer.status_code == 302
    assert (row.user, row.financial_profile, row.amount) == (alice, account, Decimal("-5.00"))


def test_a_transaction_needs_a_customer(office: Client) -> None:
    answer = office.post(f"{TRANSACTIONS}add/", form())
    assert answer.status_code == 200
    assert "This field is required." in answer.content.decode()


def test_an_account_of_another_customer_is_refused(office: Client, alice: User, bob: User) -> None:
    theirs = AccountFactory(user=bob)
    answer = office.post(f"{TRANSACTIONS}add/", form(customer=str(alice.pk), financial_profile=str(theirs.pk)))
    assert "This belongs to another customer." in answer.content.decode()
    assert not FinancialTransaction.objects.exists()


def test_a_transaction_can_not_be_moved_to_an_account_of_another_customer(office: Client, alice: User, bob: User) -> None:
    row, theirs = TransactionFactory(user=alice), AccountFactory(user=bob)
    answer = office.post(f"{TRANSACTIONS}{row.pk}/change/", form(financial_profile=str(theirs.pk)))
    assert "This belongs to another customer." in answer.content.decode()


def test_a_transaction_is_changed(office: Client, alice: User) -> None:
    row = TransactionFactory(user=alice)
    answer = office.post(
        f"{TRANSACTIONS}{row.pk}/change/", form(financial_profile=str(row.financial_profile_id), category="dining")
    )
    row.refresh_from_db()
    assert answer.status_code == 302
    assert row.category == "dining"


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"amount": "0"}, "The amount must not be 0."),
        ({"amount": "5.00"}, "Income and refunds are above 0, expenses and fees below."),
        ({"currency": "XXX"}, "is not an ISO 4217 currency code"),
        ({"transaction_date": "1066-10-14"}, "Must be between 1900-01-01 and 2200-12-31."),
        ({"metadata": "[]"}, "Must be a JSON object"),
    ],
)
def test_the_models_rules_are_told_at_their_fields(office: Client, alice: User, fields: dict[str, str], sentence: str) -> None:
    answer = office.post(f"{TRANSACTIONS}add/", form(customer=str(alice.pk), **fields))
    assert answer.status_code == 200
    assert sentence in answer.content.decode()


def test_a_reference_that_is_there_already_is_told(office: Client, alice: User) -> None:
    row = TransactionFactory(user=alice, reference_number="A1")
    same = form(customer=str(alice.pk), financial_profile=str(row.financial_profile_id), reference_number="A1")
    answer = office.post(f"{TRANSACTIONS}add/", same)
    assert "This account already has a transaction with this reference number." in answer.content.decode()


def test_a_transaction_is_deleted_after_a_question(office: Client, alice: User) -> None:
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


def test_only_the_button_that_makes_sense_is_offered(office: Client, alice: User) -> None:
    account = AccountFactory(user=alice)
    opened = office.get(f"{ACCOUNTS}{account.pk}/change/").content.decode()
    office.post(f"{ACCOUNTS}{account.pk}/close/", YES)
    closed = office.get(f"{ACCOUNTS}{account.pk}/change/").content.decode()
    assert ("/close/" in opened, "/reopen/" in opened) == (True, False)
    assert ("/close/" in closed, "/reopen/" in closed) == (False, True)


def test_closing_twice_is_told_as_a_sentence(office: Client, alice: User) -> None:
    account = AccountFactory(user=alice, is_active=False)
    office.post(f"{ACCOUNTS}{account.pk}/close/", YES)
    assert "This account is closed already." in office.get(f"{ACCOUNTS}{account.pk}/change/").content.decode()


def test_an_account_with_transactions_is_not_deleted_and_the_reason_is_told(office: Client, alice: User) -> None:
    account = TransactionFactory(user=alice).financial_profile
    answer = office.post(f"{ACCOUNTS}{account.pk}/delete/", {"post": "yes"}, follow=True)
    assert "This account has transactions." in answer.content.decode()
    assert EncryptedFinancialProfile.objects.filter(pk=account.pk).exists()


def test_an_account_without_transactions_is_deleted(office: Client, alice: User) -> None:
    account = AccountFactory(user=alice)
    office.post(f"{ACCOUNTS}{account.pk}/delete/", {"post": "yes"})
    assert not EncryptedFinancialProfile.objects.exists()


def test_a_key_that_is_no_key_is_told(office: Client) -> None:
    answer = office.post(ACCOUNTS, {"action": "close_ticked", "_selected_action": ["nonsense"], "index": "0"}, follow=True)
    assert answer.status_code == 200
    assert "That row does not exist." in answer.content.decode()


def test_a_page_for_a_row_that_is_not_there_leads_back(office: Client) -> None:
    assert office.get(f"{ACCOUNTS}nonsense/change/").status_code == 302
