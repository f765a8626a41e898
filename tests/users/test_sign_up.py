"""Sign-up from an email address to a working token."""

import re

import pytest
from django.core import mail
from django.core.cache import cache
from rest_framework.test import APIClient

from dev.factories import FeatureAccessFactory
from tests.account_api import log_in, mailed_reset_key, send
from users.models import User
from users.models.onboarding import FIRST_STEPS

ACCOUNT = "/_allauth/app/v1/auth/"
CREDENTIALS = {"email": "Carol@Example.com", "password": "Zebra-crossing-42"}


@pytest.fixture
def carol(client: APIClient, db: None) -> str:
    """Sign up and return the verification key from the mail."""
    response = client.post(f"{ACCOUNT}signup", CREDENTIALS, content_type="application/json")
    assert response.status_code == 401  # created, but the email address is not verified yet
    return re.search(r"^([^/\s]+:[^/\s]+:[^/\s]+)$", mail.outbox[0].body, re.MULTILINE)[1]


def test_a_user_signs_up_verifies_logs_in_and_creates_a_token(carol: str, client: APIClient) -> None:
    verified = client.post(f"{ACCOUNT}email/verify", {"key": carol}, content_type="application/json")
    assert verified.status_code in {200, 401}
    session = client.post(f"{ACCOUNT}login", CREDENTIALS, content_type="application/json").json()["meta"]["session_token"]
    send("auth/reauthenticate", {"password": CREDENTIALS["password"]}, session)
    FeatureAccessFactory(user=User.objects.get(email="carol@example.com"), feature_name="api_access", usage_limit=None)
    body = {"name": "curl", "scope": "read-write"}
    token = APIClient().post("/api/v1/users/tokens/", body, headers={"X-Session-Token": session}).json()["token"]
    me = APIClient().get("/api/v1/users/me/", headers={"Authorization": f"Bearer {token}"}).json()
    assert (me["email"], me["is_verified"]) == ("carol@example.com", True)
    assert me["last_login_at"] is not None


def test_a_password_keeps_its_spaces(alice: User) -> None:
    spaced = "  Zebra crossing 42 "
    send("auth/password/reset", {"key": mailed_reset_key(alice.email), "password": spaced})
    session = log_in(alice.email, spaced)
    assert send("auth/reauthenticate", {"password": spaced}, session).status_code == 200
    assert send("auth/login", {"email": alice.email, "password": spaced.strip()}).status_code == 400
    changed = {"current_password": spaced, "new_password": spaced + " "}
    assert send("account/password/change", changed, session).status_code in (200, 401)
    alice.refresh_from_db()
    assert alice.check_password(spaced + " ")
    send("auth/signup", {"email": "spaces@example.com", "password": spaced})
    assert User.objects.get(email="spaces@example.com").check_password(spaced)


def test_a_new_account_has_its_onboarding_steps(carol: str) -> None:
    user = User.objects.get(email="carol@example.com")
    assert tuple(user.onboardingprogress_set.values_list("step_name", flat=True)) == FIRST_STEPS
    assert not user.is_verified


def test_an_unverified_address_cannot_log_in(carol: str, client: APIClient) -> None:
    response = client.post(f"{ACCOUNT}login", CREDENTIALS, content_type="application/json")
    assert response.status_code == 401
    assert "verify_email" in {flow["id"] for flow in response.json()["data"]["flows"]}


def test_a_verification_key_works_once(carol: str, client: APIClient) -> None:
    client.post(f"{ACCOUNT}email/verify", {"key": carol}, content_type="application/json")
    second = APIClient().post(f"{ACCOUNT}email/verify", {"key": carol}, format="json")
    assert second.status_code in {400, 409}


def test_a_taken_address_gets_the_same_response_as_a_free_one(carol: str, client: APIClient) -> None:
    client.post(f"{ACCOUNT}email/verify", {"key": carol}, content_type="application/json")
    cache.clear()  # as after three minutes, in which an address gets one mail
    taken = APIClient().post(f"{ACCOUNT}signup", CREDENTIALS, format="json")
    free = APIClient().post(f"{ACCOUNT}signup", CREDENTIALS | {"email": "dora@example.com"}, format="json")
    assert taken.status_code == free.status_code == 401
    assert taken.json()["data"] == free.json()["data"]
    assert "with this address already" in mail.outbox[1].body


BAD = [
    ({"email": "carol", "password": "Zebra-crossing-42"}, "email"),
    ({"email": "carol@example.com", "password": "12345678"}, "password"),
    ({"email": "carol@example.com"}, "password"),
    ({"email": "a\x00@example.com", "password": "Zebra-crossing-42"}, "email"),
]


@pytest.mark.parametrize(("body", "field"), BAD)
@pytest.mark.django_db
def test_an_invalid_sign_up_has_the_common_error_format(body: dict[str, str], field: str) -> None:
    response = APIClient().post(f"{ACCOUNT}signup", body, format="json")
    assert response.status_code == 400
    assert field in {error["attr"] for error in response.json()["errors"]}
    assert {"code", "detail", "attr"} <= set(response.json()["errors"][0])


@pytest.mark.django_db
@pytest.mark.parametrize("body", [b"{", b"[]", b"\xff", b""])
def test_an_invalid_body_has_the_common_error_format(body: bytes) -> None:
    response = APIClient().post(f"{ACCOUNT}login", body, content_type="application/json")
    assert response.status_code == 400
    assert response.json()["errors"][0]["detail"]


def test_a_forgotten_password_is_reset_by_mail(carol: str, client: APIClient) -> None:
    client.post(f"{ACCOUNT}email/verify", {"key": carol}, content_type="application/json")
    body = {"key": mailed_reset_key("carol@example.com"), "password": "Another-zebra-43"}
    assert APIClient().post(f"{ACCOUNT}password/reset", body, format="json").status_code in {200, 401}
    assert APIClient().post(f"{ACCOUNT}password/reset", body, format="json").status_code == 400
    changed = CREDENTIALS | {"password": "Another-zebra-43"}
    assert APIClient().post(f"{ACCOUNT}login", CREDENTIALS, format="json").status_code == 400
    assert APIClient().post(f"{ACCOUNT}login", changed, format="json").status_code == 200


def test_an_invalid_session_token_is_refused(db: None) -> None:
    response = APIClient().get("/api/v1/users/me/", headers={"X-Session-Token": "nonsense"})
    assert response.status_code == 401
