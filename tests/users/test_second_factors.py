"""Second factors in the account API."""

import pytest
import time_machine
from allauth.mfa.models import Authenticator

from core import rls
from dev.factories import PASSWORD
from tests.account_api import log_in, send, with_session
from tests.sign_in import SECRET, code, give_factor, recovery_codes
from users import services
from users.models import User

pytestmark = pytest.mark.usefixtures("stopped_clock")  # for the one-time codes
ME = "/api/v1/users/me/"
TOTP = "account/authenticators/totp"


@pytest.fixture
def session(alice: User) -> str:
    """Return a session that has just been reauthenticated, as required for a change of factors."""
    services.verify_email_by_staff(alice)
    token = log_in(alice.email)
    assert send("auth/reauthenticate", {"password": PASSWORD}, token).status_code == 200
    return token


def activate(session: str) -> str:
    """Set up an authenticator app and return its secret."""
    secret = send(TOTP, {}, session, "get").json()["meta"]["secret"]
    assert send(TOTP, {"code": code(secret)}, session).status_code == 200
    return str(secret)


def test_an_authenticator_app_is_required_after_its_setup(alice: User, session: str) -> None:
    secret = activate(session)
    half = send("auth/login", {"email": alice.email, "password": PASSWORD})
    token = half.json()["meta"]["session_token"]
    assert half.status_code == 401
    assert {"id": "mfa_authenticate", "is_pending": True, "types": ["recovery_codes", "totp"]} in half.json()["data"]["flows"]
    assert with_session(token).get(ME).status_code == 401
    done = send("auth/2fa/authenticate", {"code": code(secret)}, token)
    assert done.status_code == 200
    assert with_session(done.json()["meta"].get("session_token", token)).get(ME).status_code == 200


def test_a_factor_needs_reauthentication(alice: User) -> None:
    services.verify_email_by_staff(alice)
    token = log_in(alice.email)
    secret = send(TOTP, {}, token, "get").json()["meta"]["secret"]
    assert send(TOTP, {"code": code(secret)}, token).status_code == 401
    assert not Authenticator.objects.exists()


def test_recovery_codes_are_shown_once(session: str) -> None:
    activate(session)
    first = send("account/authenticators/recovery-codes", {}, session, "get").json()["data"]
    again = send("account/authenticators/recovery-codes", {}, session, "get").json()["data"]
    assert len(first["unused_codes"]) == 10
    assert "unused_codes" not in again


def test_a_recovery_code_works_once(alice: User) -> None:
    give_factor(alice)
    [recovery, *_] = recovery_codes(alice)
    statuses = [send("auth/2fa/authenticate", {"code": recovery}, log_in(alice.email)).status_code for _ in range(2)]
    assert statuses == [200, 400]


def test_a_code_works_once(alice: User) -> None:
    give_factor(alice)
    with time_machine.travel("2026-11-22T12:00:00Z", tick=False):
        shown = code()
        statuses = [send("auth/2fa/authenticate", {"code": shown}, log_in(alice.email)).status_code for _ in range(2)]
    assert statuses == [200, 400]


def test_secrets_are_encrypted_in_the_table(alice: User) -> None:
    give_factor(alice)
    recovery_codes(alice)
    with rls.as_accounts():
        stored = str(list(Authenticator.objects.values_list("data", flat=True)))
    assert SECRET not in stored


def test_removing_the_last_factor_ends_other_sessions(alice: User, session: str) -> None:
    secret = activate(session)
    other = log_in(alice.email)
    done = send("auth/2fa/authenticate", {"code": code(secret)}, other)
    other = done.json()["meta"].get("session_token", other)
    assert send(TOTP, {}, session, "delete").status_code == 200
    assert with_session(session).get(ME).status_code == 200
    assert with_session(other).get(ME).status_code == 401


def test_a_security_key_is_offered_a_challenge(session: str) -> None:
    options = send("account/authenticators/webauthn", {}, session, "get").json()["data"]["creation_options"]["publicKey"]
    assert options["rp"] == {"id": "testserver", "name": "testserver"}
    assert options["user"]["name"] == "alice@example.com"


def test_a_forged_security_key_is_refused(session: str) -> None:
    send("account/authenticators/webauthn", {}, session, "get")
    forged = {"id": "x", "rawId": "x", "type": "public-key", "response": {"clientDataJSON": "e30", "attestationObject": "e30"}}
    refused = send("account/authenticators/webauthn", {"name": "Key", "credential": forged}, session)
    assert refused.status_code == 400
    assert not Authenticator.objects.exists()
