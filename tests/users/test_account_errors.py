"""Codes of the account API's responses: what has happened, and what to do next."""

from typing import Any

import pytest

from dev.factories import PASSWORD
from tests.account_api import log_in, log_in_again, mailed_reset_key, mailed_verification_key, send
from tests.sign_in import give_factor
from users import services
from users.models import User

NEW = {"email": "carol@example.com", "password": "Zebra-crossing-42"}
STRONG = "Another-zebra-43"
TOTP = "account/authenticators/totp"


@pytest.fixture
def known(alice: User) -> User:
    services.verify_email_by_staff(alice)
    return alice


def outcome(response: Any) -> tuple[int, str]:
    [error] = response.json()["errors"]
    assert error["attr"] is None
    return response.status_code, error["code"]


def detail(response: Any) -> str:
    return str(response.json()["errors"][0]["detail"])


@pytest.mark.django_db
def test_a_sign_up_waits_for_verification() -> None:
    response = send("auth/signup", NEW)
    assert outcome(response) == (401, "email_not_verified")
    assert "/auth/email/verify" in detail(response)


@pytest.mark.django_db
def test_a_verified_address_and_then_nothing_more() -> None:
    send("auth/signup", NEW)
    key = mailed_verification_key()
    assert outcome(send("auth/email/verify", {"key": key})) == (401, "email_verified")
    assert send("auth/email/verify", {"key": key}).json()["errors"][0]["code"] == "invalid_or_expired_key"


def test_a_new_password_is_set_by_a_link_and_by_a_change(known: User) -> None:
    assert outcome(send("auth/password/reset", {"key": mailed_reset_key(known.email), "password": STRONG}))[1] == "password_set"
    changed = {"current_password": STRONG, "new_password": "Third-zebra-44"}
    assert outcome(send("account/password/change", changed, log_in(known.email, STRONG))) == (401, "password_set")


def test_an_action_that_needs_a_fresh_password_says_how(known: User) -> None:
    response = send("account/email", {"email": "new@example.com"}, log_in(known.email))
    assert outcome(response) == (401, "reauthentication_required")
    assert "POST /_allauth/app/v1/auth/reauthenticate" in detail(response)


def test_a_login_with_a_second_factor_says_how_to_go_on(known: User) -> None:
    give_factor(known)
    response = send("auth/login", {"email": known.email, "password": "correct horse battery staple"})
    assert outcome(response) == (401, "second_factor_required")
    assert "/auth/2fa/authenticate" in detail(response)


def test_an_authenticator_app_that_is_not_set_up(known: User) -> None:
    response = send(TOTP, {}, log_in_again(known.email), "get")
    assert outcome(response) == (404, "not_set_up")
    assert response.json()["meta"]["secret"]


def test_a_logout(known: User) -> None:
    assert outcome(send("auth/session", {}, log_in(known.email), "delete")) == (401, "logged_out")


@pytest.mark.parametrize(
    ("method", "path", "expected"),
    [
        ("get", "auth/session", (401, "not_authenticated")),
        ("get", "account/email", (401, "not_authenticated")),
        ("get", "account/authenticators", (401, "not_authenticated")),
        ("post", "auth/email/verify/resend", (409, "nothing_to_verify")),
    ],
)
@pytest.mark.django_db
def test_a_caller_without_a_session(method: str, path: str, expected: tuple[int, str]) -> None:
    assert outcome(send(path, {}, method=method)) == expected


@pytest.mark.parametrize("path", ["auth/login", "auth/signup"])
def test_a_second_login_in_the_same_session(path: str, known: User) -> None:
    session = log_in(known.email)
    body = {"email": known.email, "password": PASSWORD} if path == "auth/login" else NEW
    assert outcome(send(path, body, session)) == (409, "already_logged_in")


@pytest.mark.parametrize(
    ("method", "path", "allowed"), [("get", "auth/login", "POST"), ("patch", "auth/session", "GET"), ("put", "config", "GET")]
)
@pytest.mark.django_db
def test_a_method_that_is_not_allowed(method: str, path: str, allowed: str) -> None:
    response = send(path, {}, method=method)
    assert outcome(response) == (405, "method_not_allowed")
    assert allowed in response["Allow"]
    assert allowed in detail(response)


@pytest.mark.django_db
def test_an_ended_session() -> None:
    assert outcome(send("auth/session", {}, "nonsense", "get")) == (410, "session_ended")
