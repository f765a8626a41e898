"""The pages of the links in emails: none ends in a 404, none does anything before a click, and none logs in."""

import logging
import re

import pytest
from django.core import mail
from django.test import Client
from procrastinate.contrib.django.models import ProcrastinateJob

from mingus.log_redaction import RedactingFormatter
from tests.account_api import log_in_again, mailed_reset_key, send, with_session
from users import services
from users.models import User
from users.tasks import send_reset_mail

NEW = {"email": "carol@example.com", "password": "Zebra-crossing-42"}
STRONG = "Another-zebra-43"


@pytest.fixture
def browser(db: None) -> Client:
    return Client(enforce_csrf_checks=True)


def link() -> str:
    """Return the path of the link in the last email."""
    return re.search(r"^https?://[^/\s]+(/\S+)$", mail.outbox[-1].body, re.MULTILINE)[1]


def click(browser: Client, path: str, **typed: str) -> tuple[int, str]:
    """Open a page and send its form. Return the status and the text."""
    page = browser.get(path).content.decode()
    token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page)[1]
    response = browser.post(path, {"csrfmiddlewaretoken": token, **typed})
    return response.status_code, response.content.decode()


def test_the_link_of_a_sign_up_verifies_after_a_click(browser: Client) -> None:
    send("auth/signup", NEW)
    path = link()
    assert "carol@example.com" in browser.get(path).content.decode()
    assert not User.objects.get(email=NEW["email"]).is_verified
    status, text = click(browser, path)
    assert (status, "Your address is verified" in text) == (200, True)
    assert User.objects.get(email=NEW["email"]).is_verified
    assert set(browser.cookies) == {"csrftoken"}
    assert browser.get(path).status_code == 410


def test_the_link_of_a_new_address_changes_it(browser: Client, alice: User) -> None:
    services.verify_email_by_staff(alice)
    with_session(log_in_again(alice.email)).patch("/api/v1/users/me/", {"email": "new@example.com"}, format="json")
    assert click(browser, link())[0] == 200
    alice.refresh_from_db()
    assert alice.email == "new@example.com"


def test_the_link_of_a_reset_sets_a_password_once(browser: Client, alice: User) -> None:
    mailed_reset_key(alice.email)
    path = link()
    assert click(browser, path, password="12345678")[0] == 400
    assert click(browser, path, password=STRONG)[0] == 200
    alice.refresh_from_db()
    assert alice.check_password(STRONG)
    assert browser.get(path).status_code == 410


def test_a_reset_can_be_asked_for_on_a_page(browser: Client, alice: User) -> None:
    for email in (alice.email, "unknown@example.com"):
        assert click(browser, "/account/password/reset", email=email)[0] == 200
        send_reset_mail(**ProcrastinateJob.objects.filter(task_name="users.tasks.send_reset_mail").latest("pk").args)
        assert browser.get(link()).status_code == 200  # the second leads to the sign-up
    assert click(browser, "/account/password/reset", email="nonsense")[0] == 400


def test_the_link_of_a_change_restores_the_address(browser: Client, alice: User) -> None:
    services.verify_email_by_staff(alice)
    former = alice.email
    with_session(log_in_again(former)).patch("/api/v1/users/me/", {"email": "new@example.com"}, format="json")
    click(browser, link())
    [path] = [re.search(r"(/account/email/undo/\S+)", each.body)[1] for each in mail.outbox if "/email/undo/" in each.body]
    assert browser.get(path).status_code == 200
    assert click(browser, path)[0] == 200
    assert click(browser, path)[0] == 410
    alice.refresh_from_db()
    assert alice.email == former


def test_the_link_after_the_end_of_a_subscription_has_a_page(browser: Client) -> None:
    assert browser.get("/billing/checkout?plan=").status_code == 200


@pytest.mark.parametrize(
    "path", ["verify-email/a:b:c", "password/reset/key/nonsense", "password/reset/key/a-b", "verify-email/%00"]
)
def test_a_wrong_link_says_so(browser: Client, path: str) -> None:
    response = browser.get(f"/account/{path}")
    assert response.status_code == 410
    assert "Ask for a new one" in response.content.decode()


def test_requests_for_a_reset_are_limited(browser: Client) -> None:
    statuses = [click(browser, "/account/password/reset", email=f"user{number}@example.com")[0] for number in range(21)]
    assert statuses == [200] * 20 + [429]
    assert ProcrastinateJob.objects.filter(task_name="users.tasks.send_reset_mail").count() == 20


def test_guesses_of_a_key_are_limited(browser: Client) -> None:
    token = re.search(r'value="(\w+)"', browser.get("/account/password/reset").content.decode())[1]
    sent = {"csrfmiddlewaretoken": token, "password": STRONG}
    statuses = [browser.post("/account/password/reset/key/nonsense", sent).status_code for _ in range(21)]
    assert statuses == [410] * 20 + [429]


def test_a_form_without_its_token_is_refused(browser: Client, alice: User) -> None:
    mailed_reset_key(alice.email)
    assert browser.post(link(), {"password": STRONG}).status_code == 403


def test_a_page_does_not_reveal_its_key(browser: Client, alice: User) -> None:
    mailed_reset_key(alice.email)
    response = browser.get(link())
    assert response["Referrer-Policy"] == "same-origin"
    assert response["Cache-Control"] == "no-store"
    assert "default-src 'none'" in response["Content-Security-Policy"]


@pytest.mark.parametrize("path", ["verify-email/", "password/reset/key/", "email/undo/"])
def test_a_key_is_not_logged(path: str) -> None:
    record = logging.LogRecord("django.request", logging.WARNING, "", 1, f"Gone: /account/{path}MQ:1abc:secret-part", (), None)
    assert "secret-part" not in RedactingFormatter("%(message)s").format(record)
