"""Sorting and filters by year of a list, which need a chosen customer: only those queries have an index."""

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from dev.factories import TransactionFactory
from users.models import User

pytestmark = pytest.mark.django_db
LIST = "/admin/finance/financialtransaction/"


def order_of(client: Client, **query: str) -> str:
    """Return the ORDER BY of the statement that reads the list."""
    with CaptureQueriesContext(connection) as queries:
        assert client.get(LIST, query).status_code == 200
    statement = next(query["sql"] for query in queries if "LIMIT 51" in query["sql"])
    return str(statement.split("ORDER BY")[1].replace('"finance_financialtransaction".', "").replace('"', "")).strip()


def test_rows_of_all_customers_are_ordered_by_key(office: Client) -> None:
    assert order_of(office) == "id DESC LIMIT 51"


def test_rows_of_one_customer_are_ordered_by_day(office: Client, alice: User) -> None:
    assert order_of(office, user__id__exact=str(alice.pk)) == "transaction_date DESC, id DESC LIMIT 51"


def test_rows_of_all_customers_can_not_be_sorted(office: Client) -> None:
    assert order_of(office, o="1") == "id DESC LIMIT 51"


def test_rows_of_one_customer_can_be_sorted_by_day(office: Client, alice: User) -> None:
    assert order_of(office, user__id__exact=str(alice.pk), o="1").startswith("transaction_date ASC")


def test_a_column_without_an_index_can_not_be_sorted(office: Client, alice: User) -> None:
    assert order_of(office, user__id__exact=str(alice.pk), o="6").startswith("transaction_date DESC")


def test_the_years_are_offered_for_one_customer_only(office: Client, alice: User) -> None:
    TransactionFactory(user=alice, transaction_date="2025-05-01")
    TransactionFactory(user=alice, transaction_date="2026-05-01")
    assert "transaction_date__year=2025" in office.get(LIST, {"q": "alice"}).content.decode()
    assert "transaction_date__year" not in office.get(LIST).content.decode()


def test_rows_of_one_customer_can_be_filtered_by_year(office: Client, alice: User) -> None:
    TransactionFactory(user=alice, transaction_date="2025-05-01", merchant_name="Early Bird")
    TransactionFactory(user=alice, transaction_date="2026-05-01", merchant_name="Late Riser")
    page = office.get(LIST, {"q": "alice", "transaction_date__year": "2025"}).content.decode()
    assert "Early Bird" in page
    assert "Late Riser" not in page
