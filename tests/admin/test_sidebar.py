"""Links on the front page of the back office."""

import re

import pytest
from django.contrib.auth.models import Permission
from django.test import Client

from tests.admin.conftest import SignedIn
from tests.admin.pages import REGISTERED, page_url
from users.models import User

pytestmark = pytest.mark.django_db


def offered(client: Client) -> set[str]:
    """Return the paths of the lists that the front page links to."""
    return set(re.findall(r'href="(/admin/[a-z]+/[a-z]+/)"', client.get("/admin/").content.decode()))


def test_an_administrator_is_offered_every_list(office: Client) -> None:
    assert offered(office) == {page_url(model, "changelist") for model in REGISTERED}


def test_staff_are_offered_the_lists_that_they_may_view(staff: User, signed_in: SignedIn) -> None:
    staff.user_permissions.set(Permission.objects.filter(codename="view_financialtransaction"))
    assert offered(signed_in(staff)) == {"/admin/finance/financialtransaction/"}


def test_the_front_page_has_a_search_for_customers(office: Client) -> None:
    text = office.get("/admin/").content.decode()
    assert 'action="/admin/users/user/"' in text
    assert 'name="q"' in text
