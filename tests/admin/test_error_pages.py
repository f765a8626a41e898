"""Errors in the back office are pages in its look, with the status, a request id and a link back; the API keeps JSON."""

import re
from collections.abc import Iterator

import pytest
from django.db import OperationalError
from django.http import HttpRequest, HttpResponse
from django.test import Client, override_settings
from django.urls import path
from pytest_django import Settings

from core.api.errors import unavailable
from mingus.urls import handler400, handler403, handler404, handler500, urlpatterns
from tests.admin.conftest import SignedIn
from users.models import User

pytestmark = pytest.mark.django_db
INLINE = re.compile(r"<style|\sstyle=|<script(?![^>]*\ssrc=)|\son[a-z]+=", re.IGNORECASE)


def fails(request: HttpRequest) -> HttpResponse:
    raise RuntimeError("a secret in a message")


def has_no_database(request: HttpRequest) -> HttpResponse:
    raise OperationalError("a secret in a message")


def is_unavailable(request: HttpRequest) -> HttpResponse:
    return unavailable(request)


urlpatterns = [
    path("admin/login/fails/", fails, name="admin_login"),
    path("admin/login/database/", has_no_database, name="admin_login"),
    path("admin/login/unavailable/", is_unavailable, name="admin_login"),
    *urlpatterns,
]
__all__ = ["handler400", "handler403", "handler404", "handler500", "urlpatterns"]


@pytest.fixture
def browser() -> Client:
    return Client(raise_request_exception=False, headers={"accept": "text/html,application/xhtml+xml,*/*;q=0.8"})


@pytest.fixture
def broken(browser: Client) -> Iterator[Client]:
    with override_settings(ROOT_URLCONF=__name__):
        yield browser


def text_of(response: HttpResponse, status: int) -> str:
    """Return the page of an error after checks that hold for each of them."""
    page = response.content.decode()
    assert (response.status_code, response.headers["Content-Type"]) == (status, "text/html; charset=utf-8")
    assert response.headers["Content-Length"] == str(len(response.content))
    assert response.headers["X-Request-Id"] in page
    assert 'href="/admin/"' in page
    assert "mingus/theme.css" in page
    assert INLINE.search(page) is None
    assert "script-src 'self'" in response.headers["Content-Security-Policy"]
    assert "no-store" in response.headers["Cache-Control"]
    assert not {"errors", "Traceback", "a secret"} & set(re.findall(r"\w+|a secret", page))
    return " ".join(re.sub("<[^>]*>", " ", page).split())


def test_a_page_that_the_role_may_not_open(staff: User, signed_in: SignedIn) -> None:
    page = text_of(signed_in(staff).get("/admin/users/user/"), 403)
    assert "Your role does not allow this." in page
    assert "Roles and permissions" in page


@pytest.mark.parametrize("url", ["/admin/nowhere/", "/admin/users/nowhere/", "/admin/users/user"])
def test_a_page_that_does_not_exist(office: Client, url: str) -> None:
    assert "Page not found" in text_of(office.get(url), 404)


def test_a_page_that_does_not_exist_in_development(office: Client, settings: Settings) -> None:
    settings.DEBUG = True
    page = office.get("/admin/nowhere/").content.decode()
    assert "The address is wrong" in page
    assert "URLconf" not in page


def test_the_address_without_a_slash_is_redirected(browser: Client) -> None:
    response = browser.get("/admin")
    assert (response.status_code, response.headers["Location"]) == (302, "/admin/")


@pytest.mark.parametrize(
    ("url", "status", "sentence"),
    [
        ("/admin/login/fails/", 500, "Something went wrong"),
        ("/admin/login/database/", 503, "The database is unavailable. Retry in a moment. Nothing was changed."),
        ("/admin/login/unavailable/", 503, "The database is unavailable. Retry in a moment. Nothing was changed."),
    ],
)
def test_a_failure(broken: Client, url: str, status: int, sentence: str) -> None:
    response = broken.get(url)
    assert sentence in text_of(response, status)
    assert ("Retry-After" in response.headers) == (status == 503)


def test_a_form_without_its_token(administrator: User) -> None:
    browser = Client(enforce_csrf_checks=True)
    page = text_of(browser.post("/admin/login/", {"login": "x", "password": "y"}), 403)
    assert "reload the page" in page


def test_a_host_that_is_not_allowed(browser: Client) -> None:
    text_of(browser.get("/admin/login/", headers={"host": "evil.example"}), 400)


def test_too_many_fields(browser: Client) -> None:
    text_of(browser.post("/admin/login/", {f"f{number}": "" for number in range(1_100)}), 400)


def test_a_large_body(browser: Client) -> None:
    assert "2,621,440" in text_of(browser.post("/admin/login/", {"login": "x" * 3_000_000}), 413)


def test_a_body_without_a_length(browser: Client) -> None:
    text_of(browser.post("/admin/login/", {}, CONTENT_LENGTH="", HTTP_TRANSFER_ENCODING="chunked"), 411)


def test_too_many_requests(browser: Client, settings: Settings) -> None:
    settings.RATES = settings.RATES | {"address": "1/d"}
    browser.get("/admin/login/")
    response = browser.get("/admin/login/")
    assert "Wait" in text_of(response, 429)
    assert int(response.headers["Retry-After"]) > 0


@pytest.mark.parametrize("accept", ["application/json", "application/json, text/javascript, */*; q=0.01"])
def test_a_script_gets_json(staff: User, signed_in: SignedIn, accept: str) -> None:
    response = signed_in(staff).get("/admin/users/user/", headers={"accept": accept})
    assert response.json()["errors"][0]["code"] == "permission_denied"


@pytest.mark.parametrize("url", ["/api/v1/nowhere/", "/nowhere/", "/adminx/", "/_allauth/nowhere"])
def test_other_paths_get_json(browser: Client, url: str) -> None:
    response = browser.get(url)
    assert (response.status_code, response.json()["errors"][0]["code"]) == (404, "not_found")
