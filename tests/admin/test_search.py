"""Search for customers' rows, which begins with the customer because every index does."""

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from dev.factories import AccountFactory, TransactionFactory, UserFactory
from users.models import User

pytestmark = pytest.mark.django_db
TRANSACTIONS = "/admin/finance/financialtransaction/"
USERS = "/admin/users/user/"


def shown(client: Client, url: str, **query: str) -> str:
    response = client.get(url, query)
    assert response.status_code == 200
    return response.content.decode()


def test_the_beginning_of_an_email_finds_the_customers_rows(office: Client, alice: User, bob: User) -> None:
    TransactionFactory(user=alice, merchant_name="Noodle Yard")
    TransactionFactory(user=bob, merchant_name="Pancake Corner")
    page = shown(office, TRANSACTIONS, q="ALICE@ex")
    assert "Noodle Yard" in page
    assert "Pancake Corner" not in page


def test_words_after_the_email_must_all_match_the_row(office: Client, alice: User) -> None:
    TransactionFactory(user=alice, merchant_name="Noodle Yard", category="dining")
    TransactionFactory(user=alice, merchant_name="Noodle Factory", category="groceries")
    page = shown(office, TRANSACTIONS, q="alice noodle dining")
    assert "Noodle Yard" in page
    assert "Noodle Factory" not in page


def test_words_alone_are_enough_once_the_customer_is_chosen(office: Client, alice: User, bob: User) -> None:
    TransactionFactory(user=alice, merchant_name="Noodle Yard")
    TransactionFactory(user=bob, merchant_name="Noodle Factory")
    page = shown(office, TRANSACTIONS, q="noodle", user__id__exact=str(alice.pk))
    assert "Noodle Yard" in page
    assert "Noodle Factory" not in page


def test_words_without_a_customer_find_nothing(office: Client, alice: User) -> None:
    TransactionFactory(user=alice, merchant_name="Noodle Yard")
    page = shown(office, TRANSACTIONS, q="noodle")
    assert "No customer has an email address that begins with “noodle”" in page
    assert "Noodle Yard" not in page


def test_a_beginning_of_too_many_emails_shows_a_message(office: Client) -> None:
    UserFactory.create_batch(11)
    assert "More than 10 customers have an email address" in shown(office, TRANSACTIONS, q="person")


def test_a_key_finds_its_row(office: Client, alice: User) -> None:
    row = TransactionFactory(user=alice, merchant_name="Noodle Yard")
    TransactionFactory(user=alice, merchant_name="Noodle Factory")
    page = shown(office, TRANSACTIONS, q=str(row.pk))
    assert "Noodle Yard" in page
    assert "Noodle Factory" not in page


def test_accounts_are_found_by_email_and_by_key(office: Client, alice: User, bob: User) -> None:
    assert bob.email not in shown(office, USERS, q="ALI")
    assert alice.email in shown(office, USERS, q="ALI")
    assert alice.email in shown(office, USERS, q=str(alice.pk))


def test_a_search_by_email_can_use_an_index(office: Client, alice: User) -> None:
    with CaptureQueriesContext(connection) as queries:
        shown(office, USERS, q="alice")
    assert any("\"email\"::text LIKE 'alice%'" in query["sql"] for query in queries)
    assert not any("UPPER" in query["sql"] for query in queries)


def test_the_autocomplete_offers_one_customers_accounts(office: Client, alice: User, bob: User) -> None:
    AccountFactory(user=alice, profile_name="Everyday")
    AccountFactory(user=bob, profile_name="Everyday")
    field = {"app_label": "finance", "model_name": "financialtransaction", "field_name": "financial_profile"}
    response = office.get("/admin/autocomplete/", {"term": "alice every", **field})
    assert [found["text"] for found in response.json()["results"]] == ["Everyday"]
    assert response.json()["pagination"] == {"more": False}
