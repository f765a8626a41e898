"""Errors in responses and logs, without secrets."""

import io
import logging
import logging.config

import pytest
from django.conf import settings
from django.test import Client
from rest_framework.test import APIClient

from dev.factories import AccountFactory, TokenFactory
from tests.security.secret_values import BODY, NUMBER, PERSON, TEXT
from users.models import User

SECRETS = [NUMBER, PERSON, "a-password-in-a-body"]


@pytest.fixture
def broken(settings: pytest.FixtureRequest, alice: User) -> Client:
    settings.ROOT_URLCONF = "tests.security.broken_urls"
    settings.DEBUG = False
    AccountFactory(user=alice, account_number=NUMBER, profile_name=TEXT)
    return Client(raise_request_exception=False)


@pytest.mark.parametrize(("path", "secrets"), [("/fails/", SECRETS), ("/fails-in-sql/", [*SECRETS, TEXT])])
def test_a_response_has_only_the_id_of_a_failure(
    path: str, secrets: list[str], broken: Client, alice: User, console: io.StringIO
) -> None:
    token = TokenFactory(user=alice).text
    response = broken.generic("POST", path, BODY, "application/json", headers={"Authorization": f"Bearer {token}"})
    shown = response.content.decode() + str(response.headers)
    assert response.status_code == 500
    assert response.json()["errors"][0]["code"] == "error"
    assert [secret for secret in [*secrets, token, TEXT, "Traceback", "RuntimeError", "finance"] if secret in shown] == []
    assert response.headers["X-Request-Id"] in console.getvalue()
    assert "Traceback" in console.getvalue()
    assert [secret for secret in [*secrets, token] if secret in console.getvalue()] == []


def test_secret_values_are_masked_in_the_log(broken: Client, console: io.StringIO) -> None:
    broken.generic("POST", "/fails/", BODY, "application/json", headers={"Authorization": "Bearer mgs_" + "1" * 64})
    assert "<encrypted>" in console.getvalue()
    assert "<email>" in console.getvalue()
    assert "1" * 64 not in console.getvalue()


@pytest.mark.django_db
def test_a_failed_login_and_a_wrong_token_log_no_secrets(console: io.StringIO) -> None:
    body = {"email": PERSON, "password": "a-password-in-a-body"}
    assert APIClient().post("/_allauth/app/v1/auth/login", body).status_code in (400, 401)
    assert APIClient().post("/_allauth/app/v1/auth/password/request", {"email": PERSON}).status_code in (200, 401)
    assert (
        APIClient().get(f"/api/v1/users/me/?email={PERSON}", headers={"Authorization": "Bearer mgs_" + "2" * 64}).status_code
        == 401
    )
    logging.getLogger("other").warning("X-Session-Token: %s and sessionid=%s", "abcdefsecret", "ghijklsecret")
    assert [secret for secret in [*SECRETS, "2" * 64, "abcdefsecret", "ghijklsecret"] if secret in console.getvalue()] == []


def test_no_log_handler_sends_mail() -> None:
    """Exclude Django's AdminEmailHandler, which would send the whole request with cookies and body."""
    kinds = [found["class"] for found in settings.LOGGING["handlers"].values()]
    assert kinds == ["logging.StreamHandler"]
