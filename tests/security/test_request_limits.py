"""Limits on the length of a URL and on the size of all headers."""

import pytest
from django.conf import settings
from django.http import HttpResponse

from mingus.checks import request_limits_fit
from tests.security.probes import CLIENT
from tests.security.tenants import Tenant

PATHS = [
    "/api/v1/finance/accounts/",
    "/admin/login/",
    "/_allauth/app/v1/config",
    "/nowhere",
    "/static/x.css",
    "/metrics",
    "/webhooks/stripe/",
]
pytestmark = pytest.mark.django_db


def error_of(response: HttpResponse) -> dict[str, str | None]:
    assert response.headers["Content-Type"] == "application/json"
    assert response.headers["X-Request-Id"]
    assert response.headers["Content-Security-Policy"]
    [error] = response.json()["errors"]
    return error


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("method", ["GET", "POST", "OPTIONS", "HEAD"])
def test_a_long_path_or_query_is_a_414(path: str, method: str) -> None:
    for url in (path + "x" * settings.MAX_URL_BYTES, f"{path}?search=" + "x" * settings.MAX_URL_BYTES):
        response = CLIENT.generic(method, url, headers={"Accept": "application/json"})
        assert response.status_code == 414
        if method != "HEAD":
            assert error_of(response)["code"] == "uri_too_long"
            assert f"at most {settings.MAX_URL_BYTES:,} bytes" in str(error_of(response)["detail"])


def test_path_and_query_are_counted_together(attacker: Tenant) -> None:
    path, headers = "/api/v1/finance/accounts/", {"Authorization": f"Bearer {attacker.token}"}
    longest = "x" * (settings.MAX_URL_BYTES - len(path) - len("?search="))
    assert CLIENT.get(f"{path}?search={longest}", headers=headers).status_code == 200
    assert CLIENT.get(f"{path}?search={longest}x", headers=headers).status_code == 414


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(
    "headers",
    [
        {"X-Anything": "x"},
        {"Cookie": "sessionid="},
        {"User-Agent": "x"},
        {"Authorization": "Bearer "},
        {"Content-Type": "text/plain; a="},
    ],
    ids=lambda headers: next(iter(headers)),
)
def test_large_headers_are_a_431(path: str, headers: dict[str, str]) -> None:
    large = {name: value + "x" * settings.MAX_HEADER_BYTES for name, value in headers.items()}
    response = CLIENT.get(path, headers={"Accept": "application/json"} | large)
    assert response.status_code == 431
    assert error_of(response)["code"] == "headers_too_large"
    assert f"at most {settings.MAX_HEADER_BYTES:,} bytes" in str(error_of(response)["detail"])


def test_many_small_headers_are_counted_together() -> None:
    headers = {f"X-Header-{number}": "x" * 80 for number in range(settings.MAX_HEADER_BYTES // 80)}
    assert CLIENT.get("/api/v1/finance/accounts/", headers=headers).status_code == 431


def test_headers_below_the_limit_are_accepted(attacker: Tenant) -> None:
    headers = {"Authorization": f"Bearer {attacker.token}", "Cookie": "a=" + "x" * (settings.MAX_HEADER_BYTES - 300)}
    assert CLIENT.get("/api/v1/finance/accounts/", headers=headers).status_code == 200


def test_the_server_accepts_what_the_limits_allow(settings: pytest.FixtureRequest) -> None:
    assert request_limits_fit() == []
    settings.MAX_HEADER_BYTES = 60_000
    [error] = request_limits_fit()
    assert error.id == "mingus.E024"
    assert "at most 64,512" in str(error.hint)
