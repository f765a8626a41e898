"""What every answer carries, whatever it answers."""

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
from tests.security.probes import CLIENT, NOBODYS, Probe
from tests.security.tenants import Tenant

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
ELSEWHERE = ["/", "/nowhere", "/api/v1/nowhere/", "/_allauth/app/v1/auth/session", "/admin/", "/admin/login/", "/healthz/live"]


def what_is_missing(answer: Any) -> dict[str, Any]:
    wrong = {name: answer.headers.get(name) for name, value in ALWAYS.items() if answer.headers.get(name) != value}
    wrong |= {name: answer.headers[name] for name in NEVER if name in answer.headers}
    return wrong | {name: None for name in ("Content-Security-Policy", "Permissions-Policy") if name not in answer.headers}


@pytest.mark.parametrize("route", ROUTES, ids=str)
def test_an_answer_of_the_api_is_kept_by_nobody_and_can_do_nothing(route: Route, victim: Tenant) -> None:
    unsigned, found = ("get", NOBODYS, ""), ("get", victim.id, victim.token)
    for method, key, token in (unsigned, found, *((method, NOBODYS, victim.token) for method in METHODS)):
        answer = Probe(method, route.path(key), body={} if method in ("post", "put", "patch") else None).send(token, key)
        assert what_is_missing(answer) == {}, method
        assert answer.headers["Cache-Control"] == "no-store"
        assert set(answer.headers["Content-Security-Policy"].split("; ")) == NOTHING
        assert not answer.cookies


@pytest.mark.django_db
@pytest.mark.parametrize(
    "path", [*ELSEWHERE, "/api/docs/", "/api/docs/?script=", "/api/schema/", "/.well-known/security.txt", *FILES]
)
def test_every_other_answer_has_the_same_headers(path: str) -> None:
    assert what_is_missing(CLIENT.get(path)) == {}


@pytest.mark.django_db
@pytest.mark.parametrize("path", ELSEWHERE)
def test_what_may_be_about_a_person_is_not_kept(path: str) -> None:
    assert "no-store" in CLIENT.get(path).headers["Cache-Control"]


def test_no_page_may_run_or_style_what_is_written_into_it_or_made_of_text() -> None:
    allowed = {source for sources in PAGE_POLICY.values() for source in sources}
    assert allowed == {"'none'", "'self'", "data:"}
    assert PAGE_POLICY["default-src"] == PAGE_POLICY["base-uri"] == PAGE_POLICY["frame-ancestors"] == ["'none'"]
    assert PAGE_POLICY["script-src"] == PAGE_POLICY["style-src"] == ["'self'"]


def test_a_login_sets_no_cookie_that_a_script_can_read_but_the_one_against_forgery(alice: Any) -> None:
    client = APIClient()
    EmailAddress.objects.create(user=alice, email=alice.email, verified=True, primary=True)
    client.get("/admin/login/")
    client.post("/_allauth/browser/v1/auth/login", {"email": alice.email, "password": PASSWORD})
    cookies = {name: (bool(found["httponly"]), found["samesite"], found["path"]) for name, found in client.cookies.items()}
    assert cookies == {
        settings.SESSION_COOKIE_NAME: (True, "Lax", "/"),
        settings.CSRF_COOKIE_NAME: (False, "Lax", "/"),
    }


def test_behind_tls_the_cookies_are_this_hosts_and_nothing_goes_without_tls() -> None:
    asked = (
        "SESSION_COOKIE_NAME CSRF_COOKIE_NAME SESSION_COOKIE_SECURE CSRF_COOKIE_SECURE SECURE_SSL_REDIRECT SECURE_HSTS_SECONDS"
    )
    code = f"from mingus import settings; print(*[getattr(settings, name) for name in {asked.split()}])"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=settings.BASE_DIR, env=SOUND, capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["__Host-sessionid", "__Host-csrftoken", "True", "True", "True", "31536000"]


@pytest.mark.django_db
def test_security_txt_says_where_to_report_and_is_never_stale() -> None:
    answer = CLIENT.get("/.well-known/security.txt")
    fields = dict(line.split(": ", 1) for line in answer.content.decode().splitlines())
    assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert set(fields) == {"Contact", "Expires", "Preferred-Languages", "Canonical", "Policy"}
    assert fields["Contact"] == settings.SECURITY_CONTACT
    assert fields["Canonical"] == f"{settings.SITE_URL}/.well-known/security.txt"
    assert timedelta(days=60) < datetime.fromisoformat(fields["Expires"]) - datetime.now(UTC) < timedelta(days=365)
    assert "How to report" in CLIENT.get(fields["Policy"].removeprefix(settings.SITE_URL)).content.decode()


def test_the_contact_is_the_one_of_security_md() -> None:
    text = (settings.BASE_DIR / "SECURITY.md").read_text()
    assert settings.SECURITY_CONTACT.removeprefix("mailto:") in text
