"""The user's sessions, which they can list and end."""

from base64 import b64decode
from datetime import timedelta
from unittest.mock import patch
from uuid import uuid4

import pytest
import time_machine
from django.conf import settings as configured
from django.contrib.sessions.backends.base import UpdateError
from django.core.management import call_command
from django.db import transaction
from django.test import Client
from pytest_django import Settings

from core import clock
from core.encryption import data_keys
from dev.factories import PASSWORD, SessionFactory
from tests.account_api import BROWSER, log_in, send, with_session
from tests.conftest import ClientFor
from users.models import User, UserSession
from users.sessions import SessionStore

SESSIONS = "/api/v1/users/sessions/"
ME = "/api/v1/users/me/"


@pytest.fixture
def browser(alice: User) -> Client:
    """Return alice's browser after a login with a password."""
    client = Client(headers={"User-Agent": "Firefox"}, REMOTE_ADDR="203.0.113.9")
    body = {"email": alice.email, "password": PASSWORD}
    assert client.post(f"{BROWSER}auth/login", body, content_type="application/json").status_code == 200
    return client


@pytest.fixture
def app(alice: User) -> str:
    """Return the session token of alice's app."""
    return log_in(alice.email)


def test_the_list_shows_each_device_and_the_current_one(browser: Client, app: str) -> None:
    rows = browser.get(SESSIONS).json()["results"]
    assert [(row["is_current"], row["user_agent"], row["address"]) for row in rows] == [
        (False, "", "127.0.0.1"),
        (True, "Firefox", "203.0.113.9"),
    ]


def test_an_app_sees_its_own_session_as_the_current_one(browser: Client, app: str) -> None:
    assert [row["is_current"] for row in with_session(app).get(SESSIONS).json()["results"]] == [True, False]


def test_an_ended_session_of_an_app_is_refused(browser: Client, app: str) -> None:
    [other] = [row["id"] for row in browser.get(SESSIONS).json()["results"] if not row["is_current"]]
    assert with_session(app).get(ME).status_code == 200
    assert browser.delete(f"{SESSIONS}{other}/").status_code == 204
    assert with_session(app).get(ME).status_code == 401
    assert send("auth/session", {}, app, "get").status_code == 410


def test_an_ended_session_of_a_browser_is_refused(browser: Client, app: str) -> None:
    [other] = [row["id"] for row in with_session(app).get(SESSIONS).json()["results"] if not row["is_current"]]
    assert with_session(app).delete(f"{SESSIONS}{other}/").status_code == 204
    assert browser.get(ME).status_code == 401


def test_all_other_sessions_end_and_the_current_one_stays(browser: Client, app: str, alice: User, bob: User) -> None:
    SessionFactory(user=alice)
    theirs = log_in(bob.email)
    assert with_session(app).post(f"{SESSIONS}end-others/").json() == {"ended": 2}
    assert browser.get(ME).status_code == 401
    assert with_session(app).get(ME).status_code == 200
    assert with_session(theirs).get(ME).status_code == 200


def test_a_token_ends_no_sessions(browser: Client, alice: User, api: ClientFor) -> None:
    client, row = api(alice), UserSession.objects.get(user=alice)
    refused = [client.post(f"{SESSIONS}end-others/"), client.delete(f"{SESSIONS}{row.pk}/")]
    assert [response.json()["errors"][0]["code"] for response in refused] == ["session_required"] * 2
    assert browser.get(ME).status_code == 200


def test_an_ended_session_is_not_found(browser: Client, alice: User) -> None:
    row = SessionFactory(user=alice)
    browser.delete(f"{SESSIONS}{row.pk}/")
    assert browser.get(f"{SESSIONS}{row.pk}/").status_code == 404
    assert browser.delete(f"{SESSIONS}{uuid4()}/").status_code == 404


def test_a_session_ended_during_a_request_is_not_saved(browser: Client, alice: User) -> None:
    store = SessionStore(browser.cookies[configured.SESSION_COOKIE_NAME].value)
    store["something"] = 1
    alice.usersession_set.end()
    assert browser.get(ME).status_code == 401
    with pytest.raises(UpdateError):
        store.save()
    assert browser.get(ME).status_code == 401


def test_logging_out_ends_the_session(browser: Client, alice: User) -> None:
    browser.delete(f"{BROWSER}auth/session")
    assert not UserSession.objects.for_user(alice).open(clock.now()).exists()


def test_an_expired_session_is_neither_shown_nor_open(browser: Client, app: str) -> None:
    with time_machine.travel(clock.now() + timedelta(days=15)):
        assert browser.get(ME).status_code == 401
        assert not UserSession.objects.open(clock.now()).exists()


def test_use_is_stored_once_in_five_minutes(browser: Client, alice: User) -> None:
    begun = UserSession.objects.get(user=alice).last_seen_at
    browser.get(ME)
    assert UserSession.objects.get(user=alice).last_seen_at == begun
    with time_machine.travel(begun + timedelta(minutes=6)):
        browser.get(ME)
    assert UserSession.objects.get(user=alice).last_seen_at > begun


def test_the_key_and_the_data_of_a_session_are_not_in_clear_text(browser: Client, alice: User) -> None:
    row = UserSession.objects.get(user=alice)
    assert browser.cookies[configured.SESSION_COOKIE_NAME].value not in f"{row.digest} {row.data}"
    assert b"_auth_user" not in b64decode(row.data)


def test_a_session_without_its_encryption_key_is_refused(browser: Client, alice: User, settings: Settings) -> None:
    settings.FIELD_ENCRYPTION_KEYS = ["7a" * 32]
    data_keys._cache.forget(alice.pk)
    assert browser.get(ME).status_code == 401


def test_a_session_survives_a_rotation_of_the_keys(browser: Client, alice: User, settings: Settings) -> None:
    settings.FIELD_ENCRYPTION_KEYS = ["7a" * 32, *settings.FIELD_ENCRYPTION_KEYS]
    call_command("rotate_field_keys")
    settings.FIELD_ENCRYPTION_KEYS = ["7a" * 32]
    data_keys._cache.forget(alice.pk)
    assert browser.get(ME).status_code == 200


def test_data_that_was_moved_to_another_row_is_refused(browser: Client, app: str, alice: User, bob: User) -> None:
    mine, other = UserSession.objects.filter(user=alice).order_by("created_at")
    UserSession.objects.filter(pk=other.pk).update(data=mine.data)
    assert with_session(app).get(ME).status_code == 401
    # a thief's session that is given to another user
    theirs = log_in(bob.email)
    UserSession.objects.filter(user=bob).update(user=alice)
    assert with_session(theirs).get(ME).status_code == 401
    assert browser.get(ME).status_code == 200


def test_an_anonymous_session_is_bound_to_its_row(db: None) -> None:
    first, second = SessionStore(), SessionStore()
    for number, store in enumerate((first, second)):
        store["number"] = number
        store.create()
    rows = {row.digest: row for row in UserSession.objects.all()}
    UserSession.objects.filter(digest=second.digest).update(data=rows[first.digest].data)
    assert SessionStore(first.session_key).load() == {"number": 0}
    assert SessionStore(second.session_key).load() == {}


def test_the_session_of_an_erased_user_cannot_be_read_or_saved(browser: Client, alice: User) -> None:
    store = SessionStore(browser.cookies[configured.SESSION_COOKIE_NAME].value)
    store["something"] = 1
    with transaction.atomic():
        data_keys.destroy(alice)
    with patch.object(data_keys, "_insert", return_value=0), pytest.raises(UpdateError):  # the erasure has not ended yet
        store.save()
    assert browser.get(ME).status_code == 401
