"""When something breaks, the caller learns an id, and the log learns what broke, but neither learns a secret."""

import io
import logging
import logging.config
from collections.abc import Iterator

import pytest
from django.conf import settings
from django.test import Client
from rest_framework.test import APIClient

from dev.factories import AccountFactory, TokenFactory
from tests.security.secret_values import BODY, NUMBER, PERSON, TEXT
from users.models import User

SECRETS = [NUMBER, PERSON, "a-password-in-a-body"]


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """What the console of a process would show."""
    shown = io.StringIO()
    [handler] = [found for found in logging.getLogger().handlers if found.name == "console"]
    before = handler.setStream(shown)
    yield shown
    handler.setStream(before)


@pytest.fixture
def broken(settings: pytest.FixtureRequest, alice: User) -> Client:
    settings.ROOT_URLCONF = "tests.security.broken_urls"
    settings.DEBUG = False
    AccountFactory(user=alice, account_number=NUMBER, profile_name=TEXT)
    return Client(raise_request_exception=False)


@pytest.mark.parametrize(("path", "secrets"), [("/fails/", SECRETS), ("/fails-in-sql/", [*SECRETS, TEXT])])
def test_a_failure_gives_away_nothing_but_its_id(
    path: str, secrets: list[str], broken: Client, alice: User, log: io.StringIO
) -> None:
    token = TokenFactory(user=alice).text
    answer = broken.generic("POST", path, BODY, "application/json", headers={"Authorization": f"Bearer {token}"})
    shown = answer.content.decode() + str(answer.headers)
    assert answer.status_code == 500
    assert answer.json()["errors"][0]["code"] == "error"
    assert [secret for secret in [*secrets, token, TEXT, "Traceback", "RuntimeError", "finance"] if secret in shown] == []
    assert answer.headers["X-Request-Id"] in log.getvalue()
    assert "Traceback" in log.getvalue()
    assert [secret for secret in [*secrets, token] if secret in log.getvalue()] == []


def test_a_sealed_value_shows_as_sealed_where_it_is_logged(broken: Client, log: io.StringIO) -> None:
    broken.generic("POST", "/fails/", BODY, "application/json", headers={"Authorization": "Bearer mgs_" + "1" * 64})
    assert "<sealed>" in log.getvalue()
    assert "<e-mail>" in log.getvalue()
    assert "1" * 64 not in log.getvalue()


@pytest.mark.django_db
def test_a_failed_login_and_a_wrong_token_leave_no_name_in_the_log(log: io.StringIO) -> None:
    body = {"email": PERSON, "password": "a-password-in-a-body"}
    assert APIClient().post("/_allauth/app/v1/auth/login", body).status_code in (400, 401)
    assert APIClient().post("/_allauth/app/v1/auth/password/request", {"email": PERSON}).status_code in (200, 401)
    assert (
        APIClient().get(f"/api/v1/users/me/?email={PERSON}", headers={"Authorization": "Bearer mgs_" + "2" * 64}).status_code
        == 401
    )
    logging.getLogger("anybody").warning("X-Session-Token: %s and sessionid=%s", "abcdefsecret", "ghijklsecret")
    assert [secret for secret in [*SECRETS, "2" * 64, "abcdefsecret", "ghijklsecret"] if secret in log.getvalue()] == []


def test_nobody_is_mailed_a_page_of_settings() -> None:
    """Django's own handler would send the whole request, its cookies and its body."""
    kinds = [found["class"] for found in settings.LOGGING["handlers"].values()]
    assert kinds == ["logging.StreamHandler"]
