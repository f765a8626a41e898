"""A new password ends every session and token, however it is set."""

from collections.abc import Callable

import pytest
from django.contrib.auth.hashers import make_password
from django.core.management import call_command
from django.test import Client

from dev.factories import PASSWORD
from tests.account_api import BROWSER, log_in, mailed_reset_key, send, with_session
from tests.conftest import ClientFor
from tests.sign_in import sign_in
from users import services
from users.models import User

ME = "/api/v1/users/me/"
NEW = "Another-zebra-43"


@pytest.fixture
def statuses(alice: User, api: ClientFor) -> Callable[[], list[int]]:
    """Return a function that requests with alice's browser, app and token, and returns the status codes."""
    browser, app, program = Client(), with_session(log_in(alice.email)), api(alice)
    body = {"email": alice.email, "password": PASSWORD}
    browser.post(f"{BROWSER}auth/login", body, content_type="application/json")
    clients = (browser, app, program)
    assert [client.get(ME).status_code for client in clients] == [200, 200, 200]
    return lambda: [client.get(ME).status_code for client in clients]


def test_a_change_ends_all_sessions_and_tokens(alice: User, statuses: Callable[[], list[int]]) -> None:
    changing = log_in(alice.email)
    changed = send("account/password/change", {"current_password": PASSWORD, "new_password": NEW}, changing)
    assert changed.status_code == 401  # the session of the request ended too
    assert statuses() == [401, 401, 401]
    assert with_session(changing).get(ME).status_code == 401
    assert with_session(log_in(alice.email, NEW)).get(ME).status_code == 200


def test_a_reset_ends_all_sessions_and_starts_none(alice: User, statuses: Callable[[], list[int]]) -> None:
    reset = send("auth/password/reset", {"key": mailed_reset_key(alice.email), "password": NEW})
    assert (reset.status_code, reset.json()["meta"]["is_authenticated"]) == (401, False)
    assert statuses() == [401, 401, 401]


def test_a_reset_ends_a_lock(alice: User) -> None:
    services.verify_email_by_staff(alice)
    key = mailed_reset_key(alice.email)
    for _ in range(5):
        send("auth/login", {"email": alice.email, "password": "wrong"})
    send("auth/password/reset", {"key": key, "password": NEW})
    assert with_session(log_in(alice.email, NEW)).get(ME).status_code == 200


def test_a_password_set_by_staff_ends_all_sessions(alice: User, administrator: User, statuses: Callable[[], list[int]]) -> None:
    office = Client()
    sign_in(office, administrator)
    office.post(f"/admin/users/user/{alice.pk}/password/", {"password1": NEW, "password2": NEW})
    assert statuses() == [401, 401, 401]
    assert office.get("/admin/").status_code == 200


def test_a_password_set_by_a_command_ends_all_sessions(
    alice: User, statuses: Callable[[], list[int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("getpass.getpass", lambda **_: NEW)
    call_command("changepassword", alice.email)
    assert statuses() == [401, 401, 401]


def test_other_users_sessions_stay(bob: User, alice: User) -> None:
    as_bob = with_session(log_in(bob.email))
    alice.set_password(NEW)
    alice.save()
    assert as_bob.get(ME).status_code == 200


def test_a_better_hash_of_the_same_password_ends_nothing(alice: User, api: ClientFor) -> None:
    client = api(alice)
    User.objects.filter(pk=alice.pk).update(password=make_password(PASSWORD, hasher="pbkdf2_sha256"))
    session = with_session(log_in(alice.email))
    alice.refresh_from_db()
    assert alice.password.startswith("argon2")
    assert [client.get(ME).status_code, session.get(ME).status_code] == [200, 200]
