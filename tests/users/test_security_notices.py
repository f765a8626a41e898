"""Security notices to the user by alert and email."""

import re

import pytest
from django.core import mail
from django.test import Client

from core import clock
from dev.factories import PASSWORD, FeatureAccessFactory, PreferenceFactory, SessionFactory
from system.models import SystemAlert
from tests.account_api import APP, BROWSER, log_in, log_in_again, mailed_reset_key, mailed_verification_key, send, with_session
from tests.sign_in import code, give_factor, sign_in
from users import approvals, services
from users.models import Approval, User

NEW = "Another-zebra-43"

pytestmark = pytest.mark.usefixtures("stopped_clock")  # for the one-time codes


def notices(user: User) -> list[str]:
    """Return the titles of the user's security alerts, oldest first, after checking that each was sent by email too."""
    alerts = SystemAlert.objects.filter(user=user, alert_type="security").order_by("created_at", "pk")
    subjects = {message.subject for message in mail.outbox}
    assert {f"[MINGUS] {alert.title}" for alert in alerts} <= subjects
    return [alert.title for alert in alerts]


def test_a_security_email_cannot_be_turned_off(alice: User) -> None:
    PreferenceFactory(user=alice, notification_type="security", email_enabled=False)
    services.end_access(alice)
    assert notices(alice) == ["Your password was changed"]


def log_in_from(user: User, agent: str, ip: str) -> None:
    body = {"email": user.email, "password": PASSWORD}
    client = Client(headers={"User-Agent": agent}, REMOTE_ADDR=ip)
    client.post(f"{APP}auth/login", body, content_type="application/json")


def test_the_first_login_has_no_notice(alice: User) -> None:
    log_in_from(alice, "Firefox", "203.0.113.1")
    assert notices(alice) == []


def test_a_known_device_has_no_notice_after_a_logout(alice: User) -> None:
    log_in_from(alice, "Firefox", "203.0.113.1")
    alice.usersession_set.end()
    log_in_from(alice, "Firefox", "203.0.113.1")
    assert notices(alice) == []


@pytest.mark.parametrize(("agent", "ip"), [("Chromium", "203.0.113.1"), ("Firefox", "203.0.113.2")])
def test_another_user_agent_or_ip_address_has_a_notice(agent: str, ip: str, alice: User) -> None:
    log_in_from(alice, "Firefox", "203.0.113.1")
    log_in_from(alice, agent, ip)
    assert notices(alice) == ["Login from a new device"]
    assert f"{agent} at {ip}" in mail.outbox[-1].body
    assert mail.outbox[-1].to == [alice.email]


def test_another_users_device_is_new(alice: User, bob: User) -> None:
    SessionFactory(user=bob, user_agent="Chromium", address="203.0.113.9")
    log_in_from(alice, "Firefox", "203.0.113.1")
    log_in_from(alice, "Chromium", "203.0.113.9")
    assert notices(alice) == ["Login from a new device"]


def test_a_changed_password(alice: User) -> None:
    send("account/password/change", {"current_password": PASSWORD, "new_password": NEW}, log_in(alice.email))
    assert notices(alice) == ["Your password was changed"]


def test_a_reset_password(alice: User) -> None:
    send("auth/password/reset", {"key": mailed_reset_key(alice.email), "password": NEW})
    assert notices(alice) == ["Your password was changed"]


def test_a_password_set_by_staff(alice: User, administrator: User) -> None:
    office = Client()
    sign_in(office, administrator)
    office.post(f"/admin/users/user/{alice.pk}/password/", {"password1": NEW, "password2": NEW})
    assert notices(alice) == ["Your password was changed"]


def test_a_new_address_is_announced_to_the_former_one_too(alice: User) -> None:
    services.verify_email_by_staff(alice)
    with_session(log_in_again(alice.email)).patch("/api/v1/users/me/", {"email": "new@example.com"})
    send("auth/email/verify", {"key": mailed_verification_key()})
    assert notices(alice) == ["Your email address was changed"]
    assert {message.to[0] for message in mail.outbox[1:]} == {"alice@example.com", "new@example.com"}


def test_a_locked_account(alice: User) -> None:
    for _ in range(5):
        send("auth/login", {"email": alice.email, "password": "wrong"})
    assert notices(alice) == ["Logins from new devices are locked"]
    assert "15 minutes" in mail.outbox[-1].body


def test_a_new_token(alice: User) -> None:
    FeatureAccessFactory(user=alice, feature_name="api_access", usage_limit=None)
    with_session(log_in_again(alice.email)).post("/api/v1/users/tokens/", {"name": "Spreadsheet"})
    assert notices(alice) == ["A new API token was created"]


def test_a_first_factor_set_up_by_a_staff_member(administrator: User) -> None:
    office = Client()
    office.post("/admin/login/", {"login": administrator.email, "password": PASSWORD})
    page = office.get("/admin/second-factor/set-up/").content.decode()
    secret = re.search(r'id="secret">(\w+)<', page)[1]
    office.post("/admin/second-factor/set-up/", {"code": code(secret)})
    assert notices(administrator) == ["A second factor was added"]


def test_factors_removed_by_support(alice: User, administrator: User, staff: User) -> None:
    give_factor(alice)
    office, as_alice = Client(), with_session(with_factor(alice))
    sign_in(office, administrator)
    form = {"_form_submitted": "True", "email": alice.email, "reason": "Ticket 4711"}
    office.post(f"/admin/users/user/{alice.pk}/remove_second_factors/", form)
    approvals.decide(Approval.objects.get(), is_approved=True, by=staff, now=clock.now())
    assert notices(alice) == ["A second factor was removed"]
    assert as_alice.get("/api/v1/users/me/").status_code == 401


def with_factor(user: User) -> str:
    """Return the session token of an app after its second factor."""
    session = log_in(user.email)
    return send("auth/2fa/authenticate", {"code": code()}, session).json()["meta"].get("session_token", session)


def test_an_unverified_address_gets_no_mail(alice: User) -> None:
    User.objects.filter(pk=alice.pk).update(is_verified=False)
    for _ in range(5):
        send("auth/login", {"email": alice.email, "password": "wrong"})
    assert SystemAlert.objects.filter(user=alice).count() == 1
    assert mail.outbox == []


def test_a_login_in_a_browser_has_a_notice_too(alice: User) -> None:
    SessionFactory(user=alice)
    body = {"email": alice.email, "password": PASSWORD}
    Client().post(f"{BROWSER}auth/login", body, content_type="application/json")
    assert notices(alice) == ["Login from a new device"]
