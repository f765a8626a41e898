"""The owner of an account learns what happens to its security: by an alert and by mail."""

import re

import pytest
from django.core import mail
from django.test import Client

from dev.factories import PASSWORD, SessionFactory
from system.models import SystemAlert
from tests.account_api import APP, BROWSER, ask, log_in, mailed_reset_key, mailed_verification_key, with_session
from tests.sign_in import code, give_factor, sign_in
from users import services
from users.models import User

NEW = "Another-zebra-43"

pytestmark = pytest.mark.usefixtures("stopped_clock")  # for the one-time codes


def told(user: User) -> list[str]:
    """The titles of the user's security alerts, oldest first; each of them went out as a mail too."""
    alerts = SystemAlert.objects.filter(user=user, alert_type="security").order_by("created_at", "pk")
    subjects = {message.subject for message in mail.outbox}
    assert {f"[MINGUS] {alert.title}" for alert in alerts} <= subjects
    return [alert.title for alert in alerts]


def log_in_from(user: User, agent: str, address: str) -> None:
    body = {"email": user.email, "password": PASSWORD}
    client = Client(headers={"User-Agent": agent}, REMOTE_ADDR=address)
    client.post(f"{APP}auth/login", body, content_type="application/json")


def test_the_first_login_is_no_news(alice: User) -> None:
    log_in_from(alice, "Firefox", "203.0.113.1")
    assert told(alice) == []


def test_a_known_device_is_no_news_after_logging_out_either(alice: User) -> None:
    log_in_from(alice, "Firefox", "203.0.113.1")
    alice.usersession_set.end()
    log_in_from(alice, "Firefox", "203.0.113.1")
    assert told(alice) == []


@pytest.mark.parametrize(("agent", "address"), [("Chromium", "203.0.113.1"), ("Firefox", "203.0.113.2")])
def test_another_program_or_address_is(agent: str, address: str, alice: User) -> None:
    log_in_from(alice, "Firefox", "203.0.113.1")
    log_in_from(alice, agent, address)
    assert told(alice) == ["Login from a new device"]
    assert f"{agent} at {address}" in mail.outbox[-1].body
    assert mail.outbox[-1].to == [alice.email]


def test_somebody_elses_device_is_new_to_alice(alice: User, bob: User) -> None:
    SessionFactory(user=bob, user_agent="Chromium", address="203.0.113.9")
    log_in_from(alice, "Firefox", "203.0.113.1")
    log_in_from(alice, "Chromium", "203.0.113.9")
    assert told(alice) == ["Login from a new device"]


def test_a_changed_password(alice: User) -> None:
    ask("account/password/change", {"current_password": PASSWORD, "new_password": NEW}, log_in(alice.email))
    assert told(alice) == ["Your password was changed"]


def test_a_reset_password(alice: User) -> None:
    ask("auth/password/reset", {"key": mailed_reset_key(alice.email), "password": NEW})
    assert told(alice) == ["Your password was changed"]


def test_a_password_that_a_colleague_has_set(alice: User, administrator: User) -> None:
    office = Client()
    sign_in(office, administrator)
    office.post(f"/admin/users/user/{alice.pk}/password/", {"password1": NEW, "password2": NEW})
    assert told(alice) == ["Your password was changed"]


def test_a_new_address_is_told_to_the_former_one_too(alice: User) -> None:
    services.verify_address_by_staff(alice)
    with_session(log_in(alice.email)).patch("/api/v1/users/me/", {"email": "new@example.com"})
    ask("auth/email/verify", {"key": mailed_verification_key()})
    assert told(alice) == ["Your e-mail address was changed"]
    assert {message.to[0] for message in mail.outbox[1:]} == {"alice@example.com", "new@example.com"}


def test_a_locked_account(alice: User) -> None:
    for _ in range(5):
        ask("auth/login", {"email": alice.email, "password": "wrong"})
    assert told(alice) == ["Your account was locked"]
    assert "30 minutes" in mail.outbox[-1].body


def test_a_new_token(alice: User) -> None:
    with_session(log_in(alice.email)).post("/api/v1/users/tokens/", {"name": "Spreadsheet"})
    assert told(alice) == ["A new API token was made"]


def test_a_first_factor_that_a_colleague_sets_up(administrator: User) -> None:
    office = Client()
    office.post("/admin/login/", {"login": administrator.email, "password": PASSWORD})
    page = office.get("/admin/second-factor/set-up/").content.decode()
    secret = re.search(r'id="secret">(\w+)<', page)[1]
    office.post("/admin/second-factor/set-up/", {"code": code(secret)})
    assert told(administrator) == ["A second factor was added"]


def test_factors_that_support_takes_away(alice: User, administrator: User) -> None:
    give_factor(alice)
    office, hers = Client(), with_session(with_factor(alice))
    sign_in(office, administrator)
    office.post(f"/admin/users/user/{alice.pk}/no_factors/", {"_form_submitted": "True"})
    assert told(alice) == ["A second factor was removed"]
    assert hers.get("/api/v1/users/me/").status_code == 401


def with_factor(user: User) -> str:
    """The session token of an app that has shown its second factor."""
    session = log_in(user.email)
    return ask("auth/2fa/authenticate", {"code": code()}, session).json()["meta"].get("session_token", session)


def test_an_address_that_is_not_known_to_be_theirs_gets_no_mail(alice: User) -> None:
    User.objects.filter(pk=alice.pk).update(is_verified=False)
    for _ in range(5):
        ask("auth/login", {"email": alice.email, "password": "wrong"})
    assert SystemAlert.objects.filter(user=alice).count() == 1
    assert mail.outbox == []


def test_a_browser_is_told_of_like_an_app(alice: User) -> None:
    SessionFactory(user=alice)
    body = {"email": alice.email, "password": PASSWORD}
    Client().post(f"{BROWSER}auth/login", body, content_type="application/json")
    assert told(alice) == ["Login from a new device"]
