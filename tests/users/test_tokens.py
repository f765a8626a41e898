"""Personal access tokens."""

from datetime import timedelta

import pytest
import time_machine
from django.conf import settings
from rest_framework.test import APIClient

from core import clock
from dev.factories import PASSWORD, FeatureAccessFactory, TokenFactory
from tests.account_api import BROWSER, log_in, with_session
from tests.conftest import ClientFor
from users.models import PersonalAccessToken, User

TOKENS = "/api/v1/users/tokens/"


@pytest.fixture
def browser(alice: User) -> APIClient:
    """Return alice's browser after a login and a reauthentication. The plan includes API access."""
    FeatureAccessFactory(user=alice, feature_name="api_access", usage_limit=None)
    client = APIClient()
    client.force_login(alice, backend=settings.AUTHENTICATION_BACKENDS[0])
    assert client.post(f"{BROWSER}auth/reauthenticate", {"password": PASSWORD}).status_code == 200
    return client


def test_a_token_is_shown_once_and_stored_as_a_hash(browser: APIClient) -> None:
    created = browser.post(TOKENS, {"name": "Spreadsheet"})
    assert created.status_code == 201
    assert created.json()["scope"] == "read"
    text = created.json()["token"]
    assert text not in str(browser.get(TOKENS).json())
    assert text not in str(PersonalAccessToken.objects.values().get())


def test_a_token_authenticates_and_stores_its_use(browser: APIClient) -> None:
    text = browser.post(TOKENS, {"name": "Spreadsheet"}).json()["token"]
    response = APIClient().get("/api/v1/users/me/", headers={"Authorization": f"Bearer {text}"})
    assert response.json()["email"] == "alice@example.com"
    assert browser.get(TOKENS).json()["results"][0]["last_used_at"] is not None


def test_a_read_token_only_reads(alice: User, api: ClientFor) -> None:
    client = api(alice, "read")
    assert client.get("/api/v1/finance/accounts/").status_code == 200
    response = client.post("/api/v1/finance/accounts/", {"profile_name": "X", "profile_type": "checking"})
    assert response.status_code == 403
    assert response.json()["errors"][0]["code"] == "token_read_only"


def test_a_token_creates_no_tokens(alice: User, api: ClientFor) -> None:
    response = api(alice).post(TOKENS, {"name": "Successor"})
    assert response.status_code == 403
    assert response.json()["errors"][0]["code"] == "session_required"


def test_a_token_revokes_no_tokens(alice: User, api: ClientFor) -> None:
    client = api(alice)
    refused = client.delete(f"{TOKENS}{PersonalAccessToken.objects.get().pk}/")
    assert refused.json()["errors"][0]["code"] == "session_required"
    assert client.get("/api/v1/users/me/").status_code == 200


@pytest.mark.parametrize("method", ["post", "delete"])
def test_a_login_alone_changes_no_tokens(method: str, alice: User) -> None:
    token = TokenFactory(user=alice)
    path = TOKENS if method == "post" else f"{TOKENS}{token.pk}/"
    refused = getattr(with_session(log_in(alice.email)), method)(path, {"name": "X"})
    assert (refused.status_code, refused.json()["errors"][0]["code"]) == (403, "reauthentication_required")
    assert list(PersonalAccessToken.objects.values_list("pk", flat=True)) == [token.pk]


def test_a_revoked_token_is_refused(browser: APIClient, alice: User, api: ClientFor) -> None:
    client = api(alice)
    key = PersonalAccessToken.objects.get().pk
    assert browser.delete(f"{TOKENS}{key}/").status_code == 204
    assert client.get("/api/v1/users/me/").status_code == 401


def test_an_expired_token_is_refused(alice: User, api: ClientFor) -> None:
    client = api(alice)
    with time_machine.travel(clock.now() + timedelta(days=91)):
        assert client.get("/api/v1/users/me/").status_code == 401


@pytest.mark.parametrize("days", [-1, 0, 367])
def test_an_expiry_in_the_past_or_too_far_away_is_refused(days: int, browser: APIClient) -> None:
    response = browser.post(TOKENS, {"name": "X", "expires_at": (clock.now() + timedelta(days=days)).isoformat()})
    assert response.status_code == 400
    assert response.json()["errors"][0]["attr"] == "expires_at"


@pytest.mark.parametrize(("field", "value"), [("scope", "admin"), ("name", ""), ("name", "n" * 101), ("digest", "x")])
def test_an_invalid_token_is_refused_at_its_field(field: str, value: str, browser: APIClient) -> None:
    response = browser.post(TOKENS, {"name": "X"} | {field: value})
    assert response.status_code == 400
    assert response.json()["errors"][0]["attr"] == field


@pytest.mark.django_db
@pytest.mark.parametrize("header", ["Bearer", "Bearer a b", "Bearer \xe9", "Bearer mgs_", "Basic eDp5"])
def test_a_header_that_is_no_token_is_a_401(header: str) -> None:
    assert APIClient().get("/api/v1/users/me/", HTTP_AUTHORIZATION=header).status_code == 401


def test_a_cookie_needs_the_csrf_token_to_write(alice: User) -> None:
    client = APIClient(enforce_csrf_checks=True)
    client.force_login(alice, backend=settings.AUTHENTICATION_BACKENDS[0])
    assert client.get("/api/v1/users/me/").status_code == 200
    response = client.post(TOKENS, {"name": "X"})
    assert response.status_code == 403
    assert response.json()["errors"][0]["attr"] is None


def test_the_last_use_is_written_once_a_minute(alice: User) -> None:
    token = TokenFactory(user=alice)
    token.record_use()
    first = PersonalAccessToken.objects.get().last_used_at
    PersonalAccessToken.objects.get().record_use()
    assert PersonalAccessToken.objects.get().last_used_at == first


def test_a_new_password_ends_every_token(alice: User, browser: APIClient, api: ClientFor) -> None:
    client = api(alice)
    body = {"current_password": PASSWORD, "new_password": "Another-zebra-43"}
    changed = browser.post("/_allauth/browser/v1/account/password/change", body, format="json")
    assert changed.status_code in {200, 401}
    assert client.get("/api/v1/users/me/").status_code == 401
