"""The sidebar and the front page offer what a colleague may open, and everything that there is."""

import re

import pytest
from django.contrib.auth.models import Permission
from django.test import Client

from tests.admin.conftest import SignedIn
from tests.admin.pages import REGISTERED, address
from users.models import User

pytestmark = pytest.mark.django_db


def offered(client: Client) -> set[str]:
    """The addresses of the lists that the front page links to."""
    return set(re.findall(r'href="(/admin/[a-z]+/[a-z]+/)"', client.get("/admin/").content.decode()))


def test_an_administrator_is_offered_every_list(office: Client) -> None:
    assert offered(office) == {address(model, "changelist") for model in REGISTERED}


def test_a_colleague_is_offered_what_he_may_see(staff: User, signed_in: SignedIn) -> None:
    staff.user_permissions.set(Permission.objects.filter(codename="view_financialtransaction"))
    assert offered(signed_in(staff)) == {"/admin/finance/financialtransaction/"}


def test_the_front_page_finds_a_customer(office: Client) -> None:
    text = office.get("/admin/").content.decode()
    assert 'action="/admin/users/user/"' in text
    assert 'name="q"' in text
