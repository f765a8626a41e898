"""The endpoint `users/me/`."""

import re
from datetime import timedelta

import pytest
import time_machine
from django.core import mail
from rest_framework.test import APIClient

from core import clock
from dev.factories import UserFactory
from users.models import User

ME = "/api/v1/users/me/"


def test_it_shows_the_account_without_its_secrets(as_alice: APIClient) -> None:
    me = as_alice.get(ME).json()
    assert me["email"] == "alice@example.com"
    assert not {"password", "login_attempts", "is_superuser"} & set(me)


@pytest.mark.parametrize("field", ["is_staff", "is_active", "is_verified", "is_locked"])
def test_a_user_cannot_change_their_own_status(field: str, as_owner: APIClient) -> None:
    before = as_owner.get(ME).json()
    assert as_owner.patch(ME, {field: not before[field]}).json() == before


def test_a_new_address_is_used_after_its_confirmation(alice: User, as_alice: APIClient, as_owner: APIClient) -> None:
    assert as_owner.get(ME).json()["pending_email"] is None
    changed = as_owner.patch(ME, {"email": "New@Example.com"}).json()
    assert (changed["email"], changed["pending_email"]) == ("alice@example.com", "new@example.com")
    assert as_owner.get(ME).json() == changed
    assert mail.outbox[0].to == ["new@example.com"]
    key = re.search(r"^([^/\s]+:[^/\s]+:[^/\s]+)$", mail.outbox[0].body, re.MULTILINE)[1]
    APIClient().post("/_allauth/app/v1/auth/email/verify", {"key": key}, format="json")
    me = as_alice.get(ME).json()
    assert (me["email"], me["pending_email"]) == ("new@example.com", None)


def test_a_pending_address_is_shown_until_it_expires(as_owner: APIClient) -> None:
    as_owner.patch(ME, {"email": "new@example.com"})
    with time_machine.travel(clock.now() + timedelta(days=2, hours=23)):
        assert as_owner.get(ME).json()["pending_email"] == "new@example.com"
    with time_machine.travel(clock.now() + timedelta(days=3, minutes=1)):
        assert as_owner.get(ME).json()["pending_email"] is None


def test_a_taken_address_gets_the_same_response_as_a_free_one(as_owner: APIClient) -> None:
    UserFactory(email="taken@example.com")
    taken = as_owner.patch(ME, {"email": "taken@example.com"})
    free = as_owner.patch(ME, {"email": "free@example.com"})
    same = {"pending_email": "", "updated_at": ""}
    assert (taken.status_code, taken.json() | same) == (free.status_code, free.json() | same)
    assert [taken.json()["pending_email"], free.json()["pending_email"]] == ["taken@example.com", "free@example.com"]
    assert "already" in mail.outbox[0].body


def test_the_same_address_sends_no_mail(as_owner: APIClient) -> None:
    as_owner.patch(ME, {"email": "ALICE@example.com"})
    assert mail.outbox == []


def test_an_account_shows_nothing_when_printed(alice: User) -> None:
    assert repr(alice) == f"<User {alice.pk}>"
    assert "password" not in alice.to_dict()
