"""Apps in browsers on other origins (CORS), and compressed responses."""

import gzip
from collections.abc import Iterator
from typing import Any

import pytest
from django.conf import settings
from django.test import Client, override_settings
from rest_framework.test import APIClient

from dev.factories import CategoryFactory, TransactionFactory
from mingus.checks import cors_origins_are_safe
from tests.conftest import ClientFor
from users.models import User

APP, STRANGER = "https://app.example.com", "https://evil.example.com"
TRANSACTIONS = "/api/v1/finance/transactions/"
CORS = "corsheaders.middleware.CorsMiddleware"


@pytest.fixture
def app() -> Iterator[None]:
    """Permit the origin of an app, as the setting does at start-up."""
    place = settings.MIDDLEWARE.index("mingus.security_headers.HeadersMiddleware") + 1
    middleware = [*settings.MIDDLEWARE[:place], CORS, *settings.MIDDLEWARE[place:]]
    with override_settings(MIDDLEWARE=middleware, CORS_ALLOWED_ORIGINS=[APP]):
        yield


def preflight(origin: str, path: str = TRANSACTIONS) -> Any:
    headers = {"Origin": origin, "Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "idempotency-key"}
    return Client().options(path, headers=headers)


def test_no_other_origin_is_permitted_by_default(as_alice: APIClient) -> None:
    assert CORS not in settings.MIDDLEWARE
    assert "Access-Control-Allow-Origin" not in preflight(APP)
    assert "Access-Control-Allow-Origin" not in as_alice.get(TRANSACTIONS, headers={"Origin": APP})


@pytest.mark.django_db
@pytest.mark.usefixtures("app")
def test_a_preflight_is_answered_without_credentials() -> None:
    response = preflight(APP)
    assert (response.status_code, response["Access-Control-Allow-Origin"]) == (200, APP)
    assert "PATCH" in response["Access-Control-Allow-Methods"]
    permitted = set(response["Access-Control-Allow-Headers"].split(", "))
    assert {"authorization", "idempotency-key", "if-match", "x-session-token"} <= permitted
    assert "Access-Control-Allow-Credentials" not in response


@pytest.mark.django_db
@pytest.mark.usefixtures("app")
@pytest.mark.parametrize("path", [TRANSACTIONS, "/_allauth/app/v1/auth/login", "/api/v1/nowhere/"])
def test_a_stranger_gets_no_permission(path: str) -> None:
    assert "Access-Control-Allow-Origin" not in preflight(STRANGER, path)


@pytest.mark.django_db
@pytest.mark.usefixtures("app")
def test_the_back_office_permits_no_origin() -> None:
    assert "Access-Control-Allow-Origin" not in Client().get("/admin/login/", headers={"Origin": APP})


@pytest.mark.usefixtures("app")
@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("get", TRANSACTIONS, 200),
        ("get", f"{TRANSACTIONS}?limit=0", 400),
        ("get", "/api/v1/nowhere/", 404),
        ("post", TRANSACTIONS, 400),
    ],
)
def test_a_script_can_read_responses_and_errors(alice: User, api: ClientFor, method: str, path: str, status: int) -> None:
    TransactionFactory(user=alice)
    client = api(alice)
    for _ in range(2):  # the second response may be a compiled one
        response = getattr(client, method)(path, headers={"Origin": APP})
        assert (response.status_code, response["Access-Control-Allow-Origin"]) == (status, APP)
        assert "origin" in response["Vary"]
        assert {"etag", "retry-after", "x-request-id"} <= set(response["Access-Control-Expose-Headers"].split(", "))


@pytest.mark.django_db
@pytest.mark.usefixtures("app")
def test_a_refused_login_can_be_read() -> None:
    response = Client().get("/_allauth/app/v1/auth/session", headers={"Origin": APP})
    assert (response.status_code, response["Access-Control-Allow-Origin"]) == (401, APP)


@override_settings(DEBUG=False, CORS_ALLOWED_ORIGINS=[APP, "http://app.example.com"])
def test_an_origin_without_encryption_is_reported() -> None:
    assert [message.id for message in cors_origins_are_safe()] == ["mingus.E033"]


def test_json_is_compressed_for_clients_that_accept_it(as_alice: APIClient, alice: User) -> None:
    TransactionFactory.create_batch(20, user=alice)
    plain = as_alice.get(TRANSACTIONS)
    for _ in range(2):  # the second response may be a compiled one
        response = as_alice.get(TRANSACTIONS, headers={"Accept-Encoding": "gzip"})
        assert response["Content-Encoding"] == "gzip"
        assert len(response.content) < len(plain.content) / 4
        assert "Accept-Encoding" in response["Vary"]
        assert gzip.decompress(response.content) == plain.content
    assert "Content-Encoding" not in plain


def test_an_export_is_compressed_while_it_is_sent(as_alice: APIClient, alice: User) -> None:
    TransactionFactory.create_batch(20, user=alice)
    response = as_alice.get(f"{TRANSACTIONS}export/", headers={"Accept-Encoding": "gzip"})
    assert gzip.decompress(response.getvalue()).count(b"\n") == 21


def test_the_tag_of_a_compressed_response_permits_a_change(as_alice: APIClient, alice: User) -> None:
    row = CategoryFactory(user=alice, name="a" * 60)  # a body of random letters would not be compressed
    path = f"/api/v1/finance/categories/{row.pk}/"
    tag = as_alice.get(path, headers={"Accept-Encoding": "gzip"})["ETag"]
    assert tag.startswith("W/")
    assert as_alice.get(path, headers={"If-None-Match": tag, "Accept-Encoding": "gzip"}).status_code == 304
    assert as_alice.patch(path, {"name": "New"}, headers={"If-Match": tag}).status_code == 200
    assert as_alice.patch(path, {"name": "Newer"}, headers={"If-Match": tag}).status_code == 412
