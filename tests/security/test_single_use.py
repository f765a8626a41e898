"""Single use of mailed keys under concurrency, and counting of password guesses before they are checked.

`REDEMPTIONS=50 RESET_KEYS=20 GUESSES=200` are the acceptance figures.
"""

import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from unittest.mock import patch

import pytest
from allauth.account.models import EmailAddress
from django.contrib.auth import authenticate
from django.core.cache import cache
from django.db import connections
from django.http import HttpResponse
from pytest_django import Settings

from dev.factories import UserFactory
from system.models import SystemAlert
from tests.account_api import log_in, mailed_reset_key, mailed_verification_key, send, with_session
from tests.conftest import use_staff_role
from users import services
from users.models import User

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("production_hasher")]
REDEMPTIONS = int(os.environ.get("REDEMPTIONS", "8"))
RESET_KEYS = int(os.environ.get("RESET_KEYS", "1"))
GUESSES = int(os.environ.get("GUESSES", "40"))


@pytest.fixture(autouse=True)
def _no_limits(settings: Settings) -> Iterator[None]:
    """Switch off the rate limits of IP addresses, which would refuse most of the requests."""
    settings.ACCOUNT_RATE_LIMITS = settings.RATE_LIMITS = False
    yield
    cache.clear()


def at_once(number: int, work: Callable[[int], int]) -> list[int]:
    """Return the results of `number` threads that start together."""

    def one(index: int) -> int:
        try:
            return work(index)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(min(number, 50), initializer=use_staff_role) as threads:
        return list(threads.map(one, range(number)))


def redeem(key: str, number: int) -> HttpResponse:
    return send("auth/password/reset", {"key": key, "password": f"Another-zebra-{number}"})


@pytest.mark.parametrize("repetition", range(RESET_KEYS))
def test_a_reset_key_sets_one_password(repetition: int, alice: User) -> None:
    key = mailed_reset_key(alice.email)
    statuses = at_once(REDEMPTIONS, lambda number: redeem(key, number).status_code)
    assert sorted(statuses) == [400] * (REDEMPTIONS - 1) + [401]
    winner = statuses.index(401)
    assert with_session(log_in(alice.email, f"Another-zebra-{winner}")).get("/api/v1/users/me/").status_code == 200


def test_a_verification_key_verifies_once(db: None) -> None:
    send("auth/signup", {"email": "carol@example.com", "password": "Zebra-crossing-42"})
    key = mailed_verification_key()
    statuses = at_once(REDEMPTIONS, lambda _: send("auth/email/verify", {"key": key}).status_code)
    assert [status for status in statuses if status not in (400, 409)] == [401]
    assert EmailAddress.objects.get(email="carol@example.com").verified


def test_concurrent_guesses_check_five_passwords_and_lock_once(alice: User) -> None:
    signed_in = with_session(log_in(alice.email))
    with patch.object(User, "check_password", autospec=True, return_value=False) as checked:
        at_once(GUESSES, lambda _: bool(authenticate(None, email=alice.email, password="wrong")))
    alice.refresh_from_db()
    assert checked.call_count == 5
    assert alice.is_locked
    assert SystemAlert.objects.filter(user=alice, title="Logins from new devices are locked").count() == 1
    assert signed_in.get("/api/v1/users/me/").status_code == 200


def test_guesses_over_http_lock_once(alice: User) -> None:
    body = {"email": alice.email, "password": "wrong"}
    statuses = at_once(REDEMPTIONS, lambda _: send("auth/login", body).status_code)
    alice.refresh_from_db()
    assert set(statuses) == {400}
    assert (alice.login_attempts, alice.is_locked) == (5, True)
    assert SystemAlert.objects.filter(user=alice, title="Logins from new devices are locked").count() == 1


def test_a_key_ends_with_the_next_login(alice: User) -> None:
    key = mailed_reset_key(alice.email)
    log_in(alice.email)
    assert redeem(key, 1).status_code == 400


def test_a_key_does_not_work_for_another_account(alice: User) -> None:
    key = mailed_reset_key(alice.email)
    other = UserFactory()
    services.verify_email_by_staff(other)
    assert redeem(f"{other.pk.hex}-{key.partition('-')[2]}", 1).status_code == 400
