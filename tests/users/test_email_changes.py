"""Changes of the email address: by the owner only, effective when confirmed, undone by the former address."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
import time_machine
from allauth.account.models import EmailAddress
from django.core import mail
from django.http import HttpResponse
from django.test import Client
from pytest_django import Settings
from rest_framework.test import APIClient

from core import clock
from dev.factories import PASSWORD, UserFactory
from tests.account_api import BROWSER, key_in, log_in, log_in_again, mailed_verification_key, send, with_session
from tests.conftest import ClientFor
from users import services
from users.models import User
from users.tasks import send_reset_mail

ME = "/api/v1/users/me/"
FORMER, NEW, THIRD = "alice@example.com", "new@example.com", "third@example.com"


@pytest.fixture
def session(alice: User) -> str:
    """Return a session of an app that has just been reauthenticated."""
    services.verify_email_by_staff(alice)
    return log_in_again(alice.email)


def change(session: str, email: str = NEW) -> HttpResponse:
    """Request a change of the address and confirm it with the mailed key."""
    assert with_session(session).patch(ME, {"email": email}).status_code == 200
    return send("auth/email/verify", {"key": mailed_verification_key()})


def undo_key(to: str = FORMER) -> str:
    """Return the key in the mail to a former address."""
    [message] = [message for message in mail.outbox if message.to == [to] and "restores this address" in message.body]
    return key_in(message)


def undo(key: str) -> HttpResponse:
    return send("auth/email/undo", {"key": key})


def address(user: User) -> str:
    user.refresh_from_db()
    return user.email


def codes(response: Any) -> list[str]:
    return [error["code"] for error in response.json()["errors"]]


def test_a_token_does_not_change_the_address(as_alice: APIClient) -> None:
    refused = as_alice.patch(ME, {"email": NEW})
    assert (refused.status_code, codes(refused)) == (403, ["session_required"])
    assert mail.outbox == []


def test_a_session_must_reauthenticate_first(alice: User) -> None:
    session = log_in(alice.email)
    refused = with_session(session).patch(ME, {"email": NEW})
    assert (refused.status_code, codes(refused)) == (403, ["reauthentication_required"])
    assert "auth/reauthenticate" in refused.json()["errors"][0]["detail"]
    assert send("auth/reauthenticate", {"password": PASSWORD}, session).status_code == 200
    assert with_session(session).patch(ME, {"email": NEW}).status_code == 200


def test_a_reauthentication_lasts_five_minutes(session: str) -> None:
    with time_machine.travel(clock.now() + timedelta(minutes=6)):
        refused = with_session(session).patch(ME, {"email": NEW})
    assert codes(refused) == ["reauthentication_required"]


def test_a_browser_must_reauthenticate_too(alice: User) -> None:
    browser = Client()
    browser.post(f"{BROWSER}auth/login", {"email": FORMER, "password": PASSWORD}, content_type="application/json")
    refused = browser.patch(ME, {"email": NEW}, content_type="application/json")
    assert codes(refused) == ["reauthentication_required"]
    browser.post(f"{BROWSER}auth/reauthenticate", {"password": PASSWORD}, content_type="application/json")
    assert browser.patch(ME, {"email": NEW}, content_type="application/json").status_code == 200


@pytest.mark.parametrize(
    ("method", "body"), [("post", {"email": NEW}), ("patch", {"email": FORMER, "primary": True}), ("delete", {"email": THIRD})]
)
def test_the_account_api_requires_reauthentication(method: str, body: dict[str, Any], alice: User) -> None:
    session = log_in(alice.email)
    EmailAddress.objects.create(user=alice, email=THIRD)
    assert send("account/email", body, session, method).status_code == 401
    assert EmailAddress.objects.filter(user=alice).count() == 2


@pytest.mark.parametrize("path", ["account/password/change", "account/authenticators/recovery-codes"])
def test_a_session_alone_changes_no_password_or_factor(path: str, alice: User) -> None:
    session = log_in(alice.email)
    User.objects.filter(pk=alice.pk).update(password="!")  # an account without a password would not be asked for one
    refused = send(path, {"new_password": "Another-zebra-43"}, session)
    assert refused.status_code in (400, 401)
    alice.refresh_from_db()
    assert alice.password == "!"


def test_an_unconfirmed_address_gets_no_reset_mail(alice: User, session: str) -> None:
    with_session(session).patch(ME, {"email": NEW})
    send_reset_mail(email=NEW, code=str(uuid4()))
    assert mail.outbox[-1].to == [NEW]
    assert "There is no account with this address" in mail.outbox[-1].body
    send_reset_mail(email=FORMER, code=str(uuid4()))
    assert "/password/reset/key/" in mail.outbox[-1].body


def test_an_unconfirmed_address_does_not_become_the_primary_one(alice: User, session: str) -> None:
    EmailAddress.objects.filter(user=alice).update(verified=False)
    EmailAddress.objects.create(user=alice, email=NEW)
    refused = send("account/email", {"email": NEW, "primary": True}, session, "patch")
    assert refused.status_code == 400
    assert address(alice) == FORMER


def test_both_apis_change_the_address_alike(alice: User, session: str) -> None:
    UserFactory(email="taken@example.com")
    assert send("account/email", {"email": "taken@example.com"}, session).status_code == 200
    assert "already" in mail.outbox[-1].body
    assert send("account/email", {"email": NEW}, session).status_code == 200
    send("auth/email/verify", {"key": mailed_verification_key()})
    assert address(alice) == NEW


def test_the_former_address_gets_a_link(alice: User, session: str) -> None:
    change(session)
    [to_former] = [message for message in mail.outbox[1:] if message.to == [FORMER]]
    assert "/account/email/undo/" in to_former.body
    assert "72 hours" in to_former.body
    assert not [message for message in mail.outbox if message.to == [NEW] and "undo" in message.body]


def test_the_link_restores_the_address_and_ends_all_access(alice: User, session: str, api: ClientFor) -> None:
    change(session)
    stranger, program = log_in(NEW), api(alice)
    done = undo(undo_key())
    assert (done.status_code, done.json()["data"]) == (200, {"email": FORMER})
    assert address(alice) == FORMER
    assert [with_session(token).get(ME).status_code for token in (session, stranger)] == [401, 401]
    assert program.get(ME).status_code == 401
    assert list(EmailAddress.objects.filter(user=alice).values_list("email", "verified", "primary")) == [(FORMER, True, True)]
    assert {message.to[0] for message in mail.outbox[-2:]} == {FORMER}
    assert "/password/reset/key/" in mail.outbox[-1].body
    assert with_session(log_in(FORMER)).get(ME).status_code == 200


def test_an_address_is_not_pending_after_its_removal_or_an_undo(session: str) -> None:
    change(session)
    with_session(session).patch(ME, {"email": THIRD})
    assert send("account/email", {"email": THIRD}, session, "delete").status_code == 200
    assert with_session(session).get(ME).json()["pending_email"] is None
    with_session(session).patch(ME, {"email": THIRD})
    undo(undo_key())
    assert with_session(log_in(FORMER)).get(ME).json()["pending_email"] is None


def test_a_link_works_once(alice: User, session: str) -> None:
    change(session)
    key = undo_key()
    refused = [undo(key) for _ in range(2)][1]
    assert (refused.status_code, codes(refused)) == (400, ["invalid_or_expired_key"])


@pytest.mark.parametrize(("hours", "status"), [(71, 200), (73, 400)])
def test_a_link_is_valid_for_72_hours(hours: int, status: int, session: str) -> None:
    change(session)
    with time_machine.travel(clock.now() + timedelta(hours=hours)):
        assert undo(undo_key()).status_code == status


@pytest.mark.parametrize("damage", [lambda key: key[:-1], lambda key: "x" + key, lambda key: "", lambda key: "a:b:c\x00"])
def test_a_forged_key_is_refused(damage: Callable[[str], str], alice: User, session: str) -> None:
    change(session)
    assert undo(damage(undo_key())).status_code == 400
    assert address(alice) == NEW


def test_a_second_change_does_not_void_the_first_link(alice: User, session: str) -> None:
    change(session)
    change(session, THIRD)
    thiefs_key = undo_key(NEW)
    assert undo(undo_key()).status_code == 200
    assert address(alice) == FORMER
    # the link that the thief's first address got must not give the account back to them
    assert undo(thiefs_key).status_code == 400
    assert address(alice) == FORMER


def test_a_sign_up_with_the_former_address_does_not_block_the_link(alice: User, session: str) -> None:
    change(session)
    send("auth/signup", {"email": FORMER, "password": "Zebra-crossing-42"})
    assert User.objects.filter(email=FORMER).exists()
    assert undo(undo_key()).status_code == 200
    assert address(alice) == FORMER


def test_an_address_that_another_account_has_verified_is_a_conflict(alice: User, session: str) -> None:
    change(session)
    UserFactory(email=FORMER)
    refused = undo(undo_key())
    assert (refused.status_code, codes(refused)) == (409, ["address_taken"])
    assert address(alice) == NEW


def test_a_sign_up_with_the_new_address_does_not_block_the_confirmation(alice: User, session: str) -> None:
    with_session(session).patch(ME, {"email": NEW})
    key = mailed_verification_key()
    send("auth/signup", {"email": NEW, "password": "Zebra-crossing-42"})
    assert send("auth/email/verify", {"key": key}).status_code in (200, 401)
    assert address(alice) == NEW


def test_an_address_that_was_never_verified_gets_no_link(alice: User, session: str) -> None:
    User.objects.filter(pk=alice.pk).update(is_verified=False)
    change(session)
    assert not [message for message in mail.outbox if message.to == [FORMER]]


def test_guesses_at_the_change_of_the_password_are_counted(session: str, settings: Settings) -> None:
    settings.ACCOUNT_RATE_LIMITS = False
    body = {"current_password": "wrong", "new_password": "Another-zebra-43"}
    assert [send("account/password/change", body, session).status_code for _ in range(5)] == [400] * 5
    assert send("account/password/change", body | {"current_password": PASSWORD}, session).status_code == 400
