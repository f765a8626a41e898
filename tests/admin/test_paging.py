"""Pages follow each other without a count: one row more is read than shown."""

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
    """Five transactions on pages of two."""
    monkeypatch.setattr(admin.site.get_model_admin(FinancialTransaction), "list_per_page", 2)
    TransactionFactory.create_batch(5, user=alice, financial_profile=AccountFactory(user=alice))


def links(client: Client, page: object) -> tuple[bool, bool]:
    """Whether a page links to the one before and to the next."""
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


def test_a_page_says_which_rows_it_shows(office: Client) -> None:
    assert "3 to 4" in office.get(LIST, {"p": 2}).content.decode()


@pytest.mark.parametrize("number", ["0", "-1", str(LAST_PAGE + 1)])
def test_a_page_that_can_not_be_leads_back_to_the_list(office: Client, number: str) -> None:
    answer = office.get(LIST, {"p": number})
    assert answer.status_code == 302
    assert answer.headers["Location"] == f"{LIST}?e=1"


def test_words_for_a_page_number_show_the_first_page(office: Client) -> None:
    assert links(office, "second") == (False, True)
