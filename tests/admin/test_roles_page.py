"""The page "Roles and permissions" and its filters by words and by caller."""

import re

import pytest
from django.test import Client

from mingus.roles_table import operations, registered_admins
from tests.admin.conftest import SignedIn
from users.models import User

pytestmark = pytest.mark.django_db
PAGE = "/admin/roles/"


def counted(client: Client, **query: str) -> tuple[int, int]:
    """Return the numbers of pages and of operations that are shown."""
    text = client.get(PAGE, query).content.decode()
    shown = re.findall(r"<h2[^>]*>(?:Pages of the back office|Operations of the API) \((\d+)\)", text)
    assert not re.search(r"<script(?! src)|style=|\son\w+=", text[text.index("Roles of staff</h2>") :].split("</main>")[0])
    return int(shown[0]), int(shown[1])


def test_it_shows_every_page_and_operation(office: Client) -> None:
    assert counted(office) == (len(registered_admins()), len(operations()))


def test_words_filter_by_route_verb_and_button(office: Client) -> None:
    assert counted(office, q="refund") == (2, 2)
    assert counted(office, q="post CHECKOUT") == (0, 1)
    assert counted(office, q="nothing of the kind") == (0, 0)


def test_a_caller_filters_by_access(office: Client) -> None:
    assert counted(office, caller="anonymous") == (0, 2)
    assert counted(office, caller="analyst", q="metrics") == (1, 2)


def test_a_button_is_shown_by_its_title(office: Client) -> None:
    text = office.get(PAGE, {"q": "users.user", "caller": "support"}).content.decode()
    assert "See as the customer" in text
    assert "see_as_customer" not in text


def test_an_unknown_caller_is_ignored(office: Client) -> None:
    assert counted(office, caller="unknown") == (len(registered_admins()), len(operations()))


def test_staff_without_a_role_may_read_it(staff: User, signed_in: SignedIn) -> None:
    client = signed_in(staff)
    assert client.get(PAGE).status_code == 200
    assert f'href="{PAGE}"' in client.get("/admin/").content.decode()


def test_a_customer_is_sent_to_the_login(alice: User, signed_in: SignedIn) -> None:
    assert signed_in(alice).get(PAGE).headers["Location"].startswith("/admin/login/")
