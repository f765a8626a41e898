"""The pages of the links in emails, in a browser."""

import re

import pytest
from django.core import mail
from playwright.sync_api import expect

from tests.account_api import mailed_reset_key, send
from tests.e2e.conftest import Visit
from users.models import User

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]


def path_in_mail() -> str:
    return re.search(r"^https?://[^/\s]+(/account/\S+)$", mail.outbox[-1].body, re.MULTILINE)[1]


def test_a_click_verifies_an_address(visit: Visit) -> None:
    send("auth/signup", {"email": "carol@example.com", "password": "Zebra-crossing-42"})
    visit.open(path_in_mail())
    visit.page.get_by_role("button", name="Verify the address").click()
    expect(visit.page.get_by_text("Your address is verified")).to_be_visible()
    assert User.objects.get(email="carol@example.com").is_verified
    assert visit.problems == []


def test_a_new_password_is_set(visit: Visit, alice: User) -> None:
    mailed_reset_key(alice.email)
    visit.open(path_in_mail())
    visit.page.get_by_label("New password").fill("Another-zebra-43")
    visit.page.get_by_role("button", name="Set the password").click()
    expect(visit.page.get_by_text("Your new password is set")).to_be_visible()
    assert visit.hosts == {visit.server.removeprefix("http://")}
    assert visit.problems == []
