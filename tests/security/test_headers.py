"""Headers of every response."""

import subprocess
import sys
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.conf import settings
from rest_framework.test import APIClient

from dev.factories import PASSWORD
from dev.routes import ROUTES, Route
from mingus.security_headers import PAGE_POLICY
from tests.core.test_checks import SOUND
from tests.security.probes import CLIENT, UNKNOWN_ID, Probe
from tests.security.tenants import Tenant
from users import devices

ALWAYS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
NEVER = {"Server", "X-Powered-By", "Access-Control-Allow-Origin", "Content-Security-Policy-Report-Only"}
METHODS = ["get", "post", "put", "patch", "delete", "options", "head"]
NOTHING = {"default-src 'none'", "base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'"}
FILES = ["/static/mingus/theme.css", "/static/unfold/js/app.js"]
PATHS = ["/", "/nowhere", "/api/v1/nowhere/", "/_allauth/app/v1/auth/session", "/admin/", "/admin/login/", "/healthz/live"]


def wrong_headers(response: Any) -> dict[str, Any]:
    wrong = {name: response.headers.get(name) for name, value in ALWAYS.items() if response.headers.get(name) != value}
    wrong |= {name: response.headers[name] for name in NEVER if name in response.headers}
    return wrong | {name: None for name in ("Content-Security-Policy", "Permissions-Policy") if name not in response.headers}


@pytest.mark.parametrize("route", ROUTES, ids=str)
def test_api_responses_are_not_stored_and_run_nothing(route: Route, victim: Tenant) -> None:
    anonymous, found = ("get", UNKNOWN_ID, ""), ("get", victim.id, victim.token)
    for method, key, token in (anonymous, found, *((method, UNKNOWN_ID, victim.token) for method in METHODS)):
        response = Probe(method, route.path(key), body={} if method in ("post", "put", "patch") else None).send(token, key)
        assert wrong_headers(response) == {}, method
        assert response.headers["Cache-Control"].removeprefix("private, ") == "no-store"
        assert set(response.headers["Content-Security-Policy"].split("; ")) == NOTHING
        assert not response.cookies


@pytest.mark.django_db
@pytest.mark.parametrize(
    "path", [*PATHS, "/api/docs/", "/api/docs/?script=", "/api/schema/", "/.well-known/security.txt", *FILES]
)
def test_every_other_response_has_the_same_headers(path: str) -> None:
    assert wrong_headers(CLIENT.get(path)) == {}


@pytest.mark.django_db
@pytest.mark.parametrize("path", PATHS)
def test_personal_responses_are_not_stored(path: str) -> None:
    assert "no-store" in CLIENT.get(path).headers["Cache-Control"]


def test_the_content_security_policy_forbids_inline_code() -> None:
    allowed = {source for sources in PAGE_POLICY.values() for source in sources}
    assert allowed == {"'none'", "'self'", "data:"}
    assert PAGE_POLICY["default-src"] == PAGE_POLICY["base-uri"] == PAGE_POLICY["frame-ancestors"] == ["'none'"]
    assert PAGE_POLICY["script-src"] == PAGE_POLICY["style-src"] == ["'self'"]


def test_a_script_can_read_only_the_csrf_cookie(alice: Any) -> None:
    client = APIClient()
    EmailAddress.objects.create(user=alice, email=alice.email, verified=True, primary=True)
    client.get("/admin/login/")
    client.post("/_allauth/browser/v1/auth/login", {"email": alice.email, "password": PASSWORD})
    cookies = {name: (bool(found["httponly"]), found["samesite"], found["path"]) for name, found in client.cookies.items()}
    assert cookies == {
        settings.SESSION_COOKIE_NAME: (True, "Lax", "/"),
        settings.CSRF_COOKIE_NAME: (False, "Lax", "/"),
        devices.COOKIE: (True, "Lax", "/"),
    }


def test_production_settings_require_tls_and_host_cookies() -> None:
    names = (
        "SESSION_COOKIE_NAME CSRF_COOKIE_NAME SESSION_COOKIE_SECURE CSRF_COOKIE_SECURE SECURE_SSL_REDIRECT SECURE_HSTS_SECONDS"
    )
    code = f"from mingus import settings; print(*[getattr(settings, name) for name in {names.split()}])"
    result = subprocess.run(
        [sys.executable, "-c", code], cwd=settings.BASE_DIR, env=SOUND, capture_output=True, text=True, check=True
    )
    assert result.stdout.split() == ["__Host-sessionid", "__Host-csrftoken", "True", "True", "True", "31536000"]


@pytest.mark.django_db
def test_security_txt_has_a_contact_and_never_expires() -> None:
    response = CLIENT.get("/.well-known/security.txt")
    fields = dict(line.split(": ", 1) for line in response.content.decode().splitlines())
    assert response.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert set(fields) == {"Contact", "Expires", "Preferred-Languages", "Canonical", "Policy"}
    assert fields["Contact"] == settings.SECURITY_CONTACT
    assert fields["Canonical"] == f"{settings.SITE_URL}/.well-known/security.txt"
    assert timedelta(days=60) < datetime.fromisoformat(fields["Expires"]) - datetime.now(UTC) < timedelta(days=365)
    assert "How to report" in CLIENT.get(fields["Policy"].removeprefix(settings.SITE_URL)).content.decode()


def test_the_contact_is_in_security_md() -> None:
    text = (settings.BASE_DIR / "SECURITY.md").read_text()
    assert settings.SECURITY_CONTACT.removeprefix("mailto:") in text
