"""Rate limits by IP address, user and kind of request, with the seconds to wait."""

from collections.abc import Iterator

import pytest
import time_machine
from django.http import HttpResponse
from django.test import Client
from pytest_django import Settings
from rest_framework.test import APIClient

from core.rate_limits import Rate, seconds_to_wait
from dev.factories import PASSWORD
from tests.account_api import send
from tests.conftest import ClientFor
from users.models import User

ME = "/api/v1/users/me/"
PLANS = "/api/v1/billing/plans/"
STEPS = "/api/v1/users/onboarding/"
NEVER = "1000000/m"


@pytest.fixture(autouse=True)
def at_20_seconds(settings: Settings) -> Iterator[None]:
    """Freeze the clock twenty seconds into a minute, and remove all limits but those that a test sets."""
    settings.RATES = dict.fromkeys(settings.RATES, NEVER)
    with time_machine.travel("2026-11-22T12:00:20Z", tick=False):
        yield


def limit(settings: Settings, **rates: str) -> None:
    settings.RATES = settings.RATES | rates


def test_a_users_reads_and_writes_are_counted_separately(as_alice: APIClient, settings: Settings) -> None:
    limit(settings, reads="2/m")
    assert [as_alice.get(ME).status_code for _ in range(3)] == [200, 200, 429]
    assert as_alice.post(STEPS, {"step_name": "x", "step_order": 1}).status_code == 201


def test_writes_are_refused_with_the_seconds_to_wait(as_alice: APIClient, settings: Settings) -> None:
    limit(settings, writes="1/m")
    as_alice.post(STEPS, {"step_name": "x", "step_order": 1})
    refused = as_alice.post(STEPS, {"step_name": "y", "step_order": 2})
    assert (refused.status_code, refused.headers["Retry-After"]) == (429, "40")
    assert refused.json()["errors"][0]["code"] == "throttled"


def test_requests_are_accepted_after_that_time(as_alice: APIClient, settings: Settings) -> None:
    limit(settings, reads="1/m")
    assert [as_alice.get(ME).status_code for _ in range(2)] == [200, 429]
    with time_machine.travel("2026-11-22T12:01:00Z"):
        assert as_alice.get(ME).status_code == 200


def test_limits_of_users_are_independent(alice: User, bob: User, api: ClientFor, settings: Settings) -> None:
    limit(settings, reads="1/m")
    assert [api(user).get(ME).status_code for user in (alice, alice, bob)] == [200, 429, 200]


def test_files_have_a_separate_limit(as_alice: APIClient, settings: Settings) -> None:
    limit(settings, files="1/m")
    export = "/api/v1/finance/transactions/export/"
    assert [as_alice.get(export).status_code for _ in range(2)] == [200, 429]
    assert as_alice.get(ME).status_code == 200


@pytest.mark.django_db
def test_anonymous_requests_are_counted_by_ip_address(settings: Settings) -> None:
    limit(settings, anonymous="1/m")
    here, there = APIClient(REMOTE_ADDR="203.0.113.1"), APIClient(REMOTE_ADDR="203.0.113.2")
    assert [client.get(PLANS).status_code for client in (here, here, there)] == [200, 429, 200]


@pytest.mark.parametrize("path", [ME, "/_allauth/app/v1/config", "/admin/login/"])
@pytest.mark.django_db
def test_an_ip_address_is_limited_on_every_path(path: str, settings: Settings) -> None:
    limit(settings, address="1/m")
    client = Client(headers={"accept": "application/json"})
    client.get(path)
    refused = client.get(path)
    assert (refused.status_code, refused.headers["Retry-After"]) == (429, "40")
    assert refused.json()["errors"][0]["code"] == "throttled"
    assert client.get("/healthz/live").status_code == 200


def test_logins_of_an_ip_address_are_limited_before_they_count(alice: User, settings: Settings) -> None:
    limit(settings, logins="2/m")
    refused = [log_in_at("203.0.113.1", alice) for _ in range(7)][-1]
    assert (refused.status_code, refused.headers["Retry-After"]) == (429, "40")
    assert refused.json()["errors"][0]["code"] == "too_many_login_attempts"
    alice.refresh_from_db()
    assert alice.login_attempts == 2
    assert log_in_at("203.0.113.2", alice).status_code == 400


def test_logins_of_a_network_are_limited(alice: User, settings: Settings) -> None:
    limit(settings, network_logins="2/m")
    statuses = [log_in_at(f"203.0.113.{number}", alice).status_code for number in (1, 2, 3)]
    assert statuses == [400, 400, 429]
    assert log_in_at("203.0.114.1", alice).status_code == 400


def test_logins_to_the_back_office_are_limited(administrator: User, settings: Settings) -> None:
    limit(settings, logins="1/m")
    office, body = Client(), {"login": administrator.email, "password": "wrong"}
    office.post("/admin/login/", body)
    refused = office.post("/admin/login/", body)
    assert (refused.status_code, refused.headers["Retry-After"]) == (429, "40")
    assert "Too many attempts" in refused.content.decode()


def test_no_limit_of_an_email_address_locks_its_owner_out(alice: User, settings: Settings) -> None:
    settings.LOGIN_ATTEMPT_LIMIT = 20
    for number in range(12):
        log_in_at(f"203.0.{number}.1", alice)
    assert log_in_at("198.51.100.1", alice, PASSWORD).status_code == 200


def log_in_at(ip: str, user: User, password: str = "wrong") -> HttpResponse:
    body = {"email": user.email, "password": password}
    return Client(REMOTE_ADDR=ip).post("/_allauth/app/v1/auth/login", body, content_type="application/json")


def test_without_limits_nothing_is_counted(settings: Settings) -> None:
    settings.RATE_LIMITS = False
    settings.RATES = {"reads": "1/m"}
    assert [seconds_to_wait("reads", "x") for _ in range(3)] == [0, 0, 0]


def test_rates_are_parsed() -> None:
    assert (Rate.parse("5/s"), Rate.parse("600/m"), Rate.parse("1/d")) == (Rate(5, 1), Rate(600, 60), Rate(1, 86_400))


def test_allauths_limit_returns_the_seconds_to_wait(alice: User) -> None:
    body = {"email": alice.email}
    for _ in range(5):
        send("auth/password/request", body)
    with time_machine.travel("2026-11-22T12:00:30Z", tick=False):
        refused = send("auth/password/request", body)
    assert (refused.status_code, refused.headers["Retry-After"]) == (429, "50")


def test_a_users_limit_returns_the_seconds_to_an_app_too(alice: User) -> None:
    token = send("auth/login", {"email": alice.email, "password": PASSWORD}).json()["meta"]["session_token"]
    body = {"current_password": "wrong", "new_password": "Another-zebra-43"}
    for _ in range(5):
        send("account/password/change", body, token)
    with time_machine.travel("2026-11-22T12:00:45Z", tick=False):
        refused = send("account/password/change", body, token)
    assert (refused.status_code, refused.headers["Retry-After"]) == (429, "35")
