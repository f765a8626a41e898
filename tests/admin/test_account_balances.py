"""Balances of accounts in the back office."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
import time_machine
from django.test import Client

from dev.factories import AccountFactory, TransactionFactory
from finance.models import EncryptedFinancialProfile
from users.models import User

ACCOUNTS = "/admin/finance/encryptedfinancialprofile/"
FIELDS = {"profile_name": "Card", "profile_type": "credit", "currency": "USD", "metadata": "{}"}


@pytest.fixture(autouse=True)
def _march() -> Any:
    with time_machine.travel("2026-03-10 12:00Z", tick=False):
        yield


@pytest.fixture
def card(alice: User) -> EncryptedFinancialProfile:
    return AccountFactory(
        user=alice,
        profile_name="Card",
        profile_type="credit",
        account_balance="-54.20",
        balance_date="2026-02-28",
        balance_source="import",
    )


def change(office: Client, card: EncryptedFinancialProfile, **fields: str) -> str:
    """Send the form of the card's page with changed fields, reload the card, and return the page."""
    unchanged = {"account_balance": "-54.20", "balance_date": "2026-02-28"}
    response = office.post(f"{ACCOUNTS}{card.pk}/change/", FIELDS | unchanged | fields)
    card.refresh_from_db()
    return response.content.decode()


def test_a_new_account_gets_the_day_and_source_of_its_balance(office: Client, alice: User) -> None:
    office.post(f"{ACCOUNTS}add/", FIELDS | {"customer": str(alice.pk), "account_balance": "-54.20"})
    row = EncryptedFinancialProfile.objects.get()
    assert (row.account_balance, row.balance_date, row.balance_source) == (Decimal("-54.20"), date(2026, 3, 10), "user")


def test_a_new_account_without_a_customer_is_an_error(office: Client) -> None:
    response = office.post(f"{ACCOUNTS}add/", FIELDS | {"account_balance": "-54.20"})
    assert "This field is required." in response.content.decode()


def test_an_unchanged_balance_stays_that_of_the_import(office: Client, card: EncryptedFinancialProfile) -> None:
    change(office, card, profile_name="Other")
    assert (card.profile_name, card.balance_date, card.balance_source) == ("Other", date(2026, 2, 28), "import")


def test_a_changed_balance_is_of_today(office: Client, card: EncryptedFinancialProfile) -> None:
    change(office, card, account_balance="-60.00")
    assert (card.account_balance, card.balance_date, card.balance_source) == (Decimal("-60.00"), date(2026, 3, 10), "user")


def test_a_changed_balance_keeps_a_changed_day(office: Client, card: EncryptedFinancialProfile) -> None:
    change(office, card, account_balance="-60.00", balance_date="2026-03-01")
    assert (card.balance_date, card.balance_source) == (date(2026, 3, 1), "user")


def test_a_balance_is_emptied(office: Client, card: EncryptedFinancialProfile) -> None:
    change(office, card, account_balance="")
    assert (card.account_balance, card.balance_date, card.balance_source) == (None, None, "")


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"account_balance": "54.20"}, "is below 0 while money is owed"),
        ({"overpaid": "on"}, "Only a credit, loan or mortgage account with a balance above 0 is overpaid."),
        ({"balance_date": "2026-03-11"}, "The balance of a day in the future is not known yet."),
    ],
)
def test_what_does_not_fit_is_an_error(
    office: Client, card: EncryptedFinancialProfile, fields: dict[str, str], sentence: str
) -> None:
    assert sentence in change(office, card, **fields)
    assert (card.account_balance, card.overpaid) == (Decimal("-54.20"), False)


def test_an_overpaid_card_is_saved_and_loses_the_mark_with_its_credit(office: Client, card: EncryptedFinancialProfile) -> None:
    change(office, card, account_balance="5.00", overpaid="on")
    assert (card.account_balance, card.overpaid) == (Decimal("5.00"), True)
    change(office, card, account_balance="-5.00", balance_date="2026-03-10", overpaid="on")
    assert (card.account_balance, card.overpaid) == (Decimal("-5.00"), False)


def test_the_page_shows_the_balance_with_later_transactions(office: Client, card: EncryptedFinancialProfile) -> None:
    TransactionFactory(user=card.user, financial_profile=card, amount="-5.80", transaction_date=date(2026, 3, 1))
    page = office.get(f"{ACCOUNTS}{card.pk}/change/").content.decode()
    assert "−60.00&nbsp;USD" in page
    assert "Below 0 if money is owed" in page


def test_the_balance_with_later_transactions_is_masked(desk: Client, card: EncryptedFinancialProfile) -> None:
    TransactionFactory(user=card.user, financial_profile=card, amount="-5.80", transaction_date=date(2026, 3, 1))
    page = desk.get(f"{ACCOUNTS}{card.pk}/change/").content.decode()
    assert "60.00" not in page
    assert "54.20" not in page
