"""Pagination of lists without a count: each page reads one row more than it shows."""

import pytest
from django.contrib import admin
from django.test import Client

from core.admin.lists import LAST_PAGE
from dev.factories import AccountFactory, TransactionFactory
from finance.models import FinancialTransaction
from users.models import User

LIST = "/admin/finance/financialtransaction/"


@pytest.fixture(autouse=True)
def five(alice: User, monkeypatch: pytest.MonkeyPatch) -> None:
    """Create five transactions and show two on a page."""
    monkeypatch.setattr(admin.site.get_model_admin(FinancialTransaction), "list_per_page", 2)
    TransactionFactory.create_batch(5, user=alice, financial_profile=AccountFactory(user=alice))


def links(client: Client, page: object) -> tuple[bool, bool]:
    """Return whether a page links to the previous page and to the next."""
    text = client.get(LIST, {"p": page}).content.decode()
    return 'rel="prev"' in text, 'rel="next"' in text


def test_the_first_page_has_a_next_one_only(office: Client) -> None:
    assert links(office, 1) == (False, True)


def test_a_page_in_the_middle_has_both(office: Client) -> None:
    assert links(office, 2) == (True, True)


def test_the_last_page_has_no_next_one(office: Client) -> None:
    assert links(office, 3) == (True, False)


def test_a_full_last_page_has_no_next_one(office: Client) -> None:
    TransactionFactory(user=User.objects.get(email="alice@example.com"))
    assert links(office, 3) == (True, False)


def test_a_page_shows_the_range_of_its_rows(office: Client) -> None:
    assert "3 to 4" in office.get(LIST, {"p": 2}).content.decode()


@pytest.mark.parametrize("number", ["0", "-1", str(LAST_PAGE + 1)])
def test_a_page_number_out_of_range_redirects_to_the_list(office: Client, number: str) -> None:
    response = office.get(LIST, {"p": number})
    assert response.status_code == 302
    assert response.headers["Location"] == f"{LIST}?e=1"


def test_a_page_that_is_no_number_shows_the_first_page(office: Client) -> None:
    assert links(office, "second") == (False, True)
