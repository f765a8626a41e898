"""Second factors in the account API."""

import re
from base64 import b64decode
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
import time_machine
from allauth.mfa.models import Authenticator
from django.core import mail
from django.core.cache import cache
from django.db import connections, transaction
from django.test import Client
from pytest_django import DjangoCaptureOnCommitCallbacks, Settings

from core import clock, rls
from core.encryption import data_keys, key_ring
from dev.factories import PASSWORD
from tests.account_api import log_in, send, with_session
from tests.conftest import ClientFor, use_staff_role
from tests.sign_in import SECRET, code, give_factor, recovery_codes
from users import services
from users.models import User

pytestmark = pytest.mark.usefixtures("stopped_clock")  # for the one-time codes
ME = "/api/v1/users/me/"
TOTP = "account/authenticators/totp"
ANOTHER_SECRET = "KRSXG5CTMVRXEZLUKRSXG5CTMVRXEZLU"


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


def next_step(number: int = 1) -> time_machine.travel:
    """Travel to the time of another code of the app."""
    return time_machine.travel(clock.now() + timedelta(seconds=30 * number), tick=False)


def finish(user: User, shown: str) -> int:
    """Return the status of a login with a code, in a process that knows of no other."""
    token = log_in(user.email)
    cache.clear()
    return send("auth/2fa/authenticate", {"code": shown}, token).status_code


def test_an_authenticator_app_is_required_after_its_setup(alice: User, session: str) -> None:
    secret = activate(session)
    half = send("auth/login", {"email": alice.email, "password": PASSWORD})
    token = half.json()["meta"]["session_token"]
    assert half.status_code == 401
    assert {"id": "mfa_authenticate", "is_pending": True, "types": ["recovery_codes", "totp"]} in half.json()["data"]["flows"]
    assert with_session(token).get(ME).status_code == 401
    with next_step():
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


def test_a_code_works_once_in_all_processes(alice: User) -> None:
    give_factor(alice)
    shown = code()
    assert [finish(alice, shown) for _ in range(2)] == [200, 400]
    with next_step():
        assert [finish(alice, code()), finish(alice, shown)] == [200, 400]


def test_an_earlier_code_is_refused_after_a_later_one(alice: User) -> None:
    give_factor(alice)
    with next_step():
        assert finish(alice, code()) == 200
    assert finish(alice, code()) == 400


def test_the_code_of_the_setup_does_not_log_in(alice: User, session: str) -> None:
    shown = code(activate(session))
    assert finish(alice, shown) == 400


def test_a_used_code_is_refused_by_every_check_of_a_code(alice: User, session: str, settings: Settings) -> None:
    settings.RATE_LIMITS = False
    give_factor(alice)
    shown = code()
    assert finish(alice, shown) == 200
    cache.clear()
    assert send("auth/2fa/reauthenticate", {"code": shown}, session).status_code == 400
    assert send("auth/login", {"email": alice.email, "password": PASSWORD, "code": shown}).status_code == 401
    office = Client()
    User.objects.filter(pk=alice.pk).update(is_staff=True)
    office.post("/admin/login/", {"login": alice.email, "password": PASSWORD})
    assert office.post("/admin/second-factor/", {"code": shown}).status_code == 200  # the page again


def finish_at_once(user: User, shown: list[str]) -> list[int]:
    """Return the sorted statuses of logins at the same time, one with each of the codes."""

    def one(login: tuple[str, str]) -> int:
        try:
            cache.clear()
            return send("auth/2fa/authenticate", {"code": login[1]}, login[0]).status_code
        finally:
            connections.close_all()

    tokens = [log_in(user.email) for _ in shown]
    with ThreadPoolExecutor(len(shown), initializer=use_staff_role) as threads:
        return sorted(threads.map(one, zip(tokens, shown, strict=True)))


@pytest.mark.django_db(transaction=True)
def test_a_code_works_once_for_logins_at_the_same_time(alice: User) -> None:
    give_factor(alice)
    assert finish_at_once(alice, [code()] * 6) == [200, 400, 400, 400, 400, 400]


@pytest.mark.django_db(transaction=True)
def test_recovery_codes_work_once_for_logins_at_the_same_time(alice: User, settings: Settings) -> None:
    settings.ACCOUNT_RATE_LIMITS = False
    give_factor(alice)
    recovery = recovery_codes(alice)[:5]
    assert finish_at_once(alice, recovery[:1] * 6) == [200, 400, 400, 400, 400, 400]
    assert finish_at_once(alice, recovery[1:]) == [200] * 4
    assert finish_at_once(alice, recovery) == [400] * 5


def move(source: Authenticator, target: Authenticator) -> None:
    """Copy the secrets of a row to another one, as a person could who can write to the database only."""
    with rls.as_accounts():
        Authenticator.objects.filter(pk=target.pk).update(data=source.data)


def test_a_secret_in_another_users_row_opens_nothing(alice: User, bob: User) -> None:
    mine = give_factor(alice)
    theirs = give_factor(bob, ANOTHER_SECRET)
    move(mine, theirs)
    assert finish(bob, code()) == 400
    with rls.as_accounts():
        Authenticator.objects.filter(pk=theirs.pk).delete()
        Authenticator.objects.filter(pk=mine.pk).update(user=bob)
    assert finish(bob, code()) == 400


def test_a_secret_in_another_row_of_its_user_opens_nothing(alice: User) -> None:
    former = give_factor(alice)
    with rls.as_accounts():
        Authenticator.objects.filter(pk=former.pk).delete()
    present = give_factor(alice, ANOTHER_SECRET)
    move(former, present)
    assert finish(alice, code()) == 400


def test_recovery_codes_are_bound_to_their_row_too(alice: User, bob: User) -> None:
    give_factor(alice)
    give_factor(bob)
    [stolen, *_] = recovery_codes(alice)
    recovery_codes(bob)
    with rls.as_accounts():
        mine, theirs = [Authenticator.objects.get(user=user, type="recovery_codes") for user in (alice, bob)]
    move(mine, theirs)
    assert finish(bob, stolen) == 400


def test_a_secret_is_encrypted_with_the_users_data_key(alice: User) -> None:
    factor = give_factor(alice)
    with transaction.atomic():
        data_keys.destroy(alice)
    assert finish(alice, code()) == 400
    stored = b64decode(factor.data["secret"])
    assert key_ring.is_encrypted_with_data_key(stored)


def test_a_new_factor_offers_to_end_what_came_before(
    alice: User, session: str, api: ClientFor, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    program, other = api(alice), log_in(alice.email)
    secret = send(TOTP, {}, session, "get").json()["meta"]["secret"]
    with django_capture_on_commit_callbacks(execute=True):
        added = send(TOTP, {"code": code(secret)}, session)
    assert added.json()["meta"]["other_access"] == {"sessions": 1, "tokens": 1}
    assert [program.get(ME).status_code, with_session(other).get(ME).status_code] == [200, 200]
    assert "from before continue" in mail.outbox[-1].body
    assert with_session(session).post("/api/v1/users/tokens/revoke-all/").json() == {"ended": 1}
    assert with_session(session).post("/api/v1/users/sessions/end-others/").json() == {"ended": 1}
    assert [program.get(ME).status_code, with_session(other).get(ME).status_code] == [401, 401]


def test_a_new_factor_ends_what_came_before_if_wanted(alice: User, session: str, api: ClientFor) -> None:
    program, other = api(alice), log_in(alice.email)
    secret = send(TOTP, {}, session, "get").json()["meta"]["secret"]
    added = send(TOTP, {"code": code(secret), "end_other_access": True}, session)
    assert added.json()["meta"]["other_access"] == {"sessions": 0, "tokens": 0}
    statuses = [client.get(ME).status_code for client in (program, with_session(other), with_session(session))]
    assert statuses == [401, 401, 200]


def test_a_session_from_before_must_show_the_factor_to_change_credentials(alice: User, session: str) -> None:
    former = log_in(alice.email)
    secret = activate(session)
    send("auth/reauthenticate", {"password": PASSWORD}, former)
    requests = [
        (TOTP, {}, "delete"),
        ("account/password/change", {"current_password": PASSWORD, "new_password": "Another-zebra-43"}, "post"),
        ("account/authenticators/recovery-codes", {}, "post"),
    ]
    for path, body, method in requests:
        refused = send(path, body, former, method)
        [error] = refused.json()["errors"]
        assert (refused.status_code, error["code"]) == (403, "second_factor_required"), path
        assert "auth/2fa/reauthenticate" in error["detail"]
    [error] = with_session(former).patch(ME, {"email": "new@example.com"}).json()["errors"]
    assert error["code"] == "second_factor_required"
    with next_step():
        assert send("auth/2fa/reauthenticate", {"code": code(secret)}, former).status_code == 200
        assert send(TOTP, {}, former, "delete").status_code == 200


def test_a_first_factor_of_staff_ends_what_came_before_if_wanted(administrator: User, api: ClientFor) -> None:
    program, office = api(administrator), Client()
    office.post("/admin/login/", {"login": administrator.email, "password": PASSWORD})
    page = office.get("/admin/second-factor/set-up/").content.decode()
    assert "End my other sessions and API tokens" in page
    secret = re.search(r'id="secret">(\w+)<', page)[1]
    office.post("/admin/second-factor/set-up/", {"code": code(secret), "end_other_access": "on"})
    assert program.get(ME).status_code == 401
    assert office.get("/admin/").status_code == 200


def test_secrets_are_encrypted_in_the_table(alice: User) -> None:
    give_factor(alice)
    recovery_codes(alice)
    with rls.as_accounts():
        stored = str(list(Authenticator.objects.values_list("data", flat=True)))
    assert SECRET not in stored


def test_removing_the_last_factor_ends_other_sessions(alice: User, session: str) -> None:
    secret = activate(session)
    other = log_in(alice.email)
    with next_step():
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
