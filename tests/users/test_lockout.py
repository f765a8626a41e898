"""Five wrong passwords in a row lock an account for half an hour."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from unittest.mock import patch

import pytest
import time_machine
from django.contrib.auth import authenticate
from django.db import connections

from core import clock
from dev.factories import PASSWORD
from tests.conftest import use_staff_role
from users.models import User


def guess(email: str, password: str = "wrong") -> User | None:
    return authenticate(None, email=email, password=password)


def fail(email: str, times: int) -> None:
    for _ in range(times):
        guess(email)


def test_a_right_password_logs_in_and_stores_the_time(alice: User) -> None:
    assert guess("ALICE@example.com ", PASSWORD) == alice
    alice.refresh_from_db()
    assert alice.last_login_at is not None


def test_the_fifth_wrong_password_locks(alice: User) -> None:
    fail(alice.email, 5)
    alice.refresh_from_db()
    assert (alice.login_attempts, alice.is_locked) == (5, True)
    assert guess(alice.email, PASSWORD) is None


def test_four_wrong_passwords_do_not_lock_and_a_right_one_resets(alice: User) -> None:
    fail(alice.email, 4)
    assert guess(alice.email, PASSWORD) == alice
    alice.refresh_from_db()
    assert (alice.login_attempts, alice.locked_until) == (0, None)


def test_a_right_password_as_the_fifth_attempt_does_not_lock(alice: User) -> None:
    fail(alice.email, 4)
    guess(alice.email, PASSWORD)
    assert guess(alice.email, PASSWORD) == alice


def test_a_lock_ends_after_half_an_hour_and_counts_from_zero(alice: User) -> None:
    fail(alice.email, 5)
    with time_machine.travel(clock.now() + timedelta(minutes=31)):
        guess(alice.email)
        alice.refresh_from_db()
        assert (alice.login_attempts, alice.is_locked) == (1, False)
        assert guess(alice.email, PASSWORD) == alice


def test_support_can_unlock(alice: User) -> None:
    fail(alice.email, 5)
    alice.refresh_from_db()
    alice.unlock()
    assert guess(alice.email, PASSWORD) == alice


@pytest.mark.parametrize("email", ["unknown@example.com", "", "a\x00b"])
def test_an_unknown_account_cannot_log_in(email: str, db: None) -> None:
    assert guess(email) is None


def test_an_inactive_account_cannot_log_in(alice: User) -> None:
    User.objects.filter(pk=alice.pk).update(is_active=False)
    assert guess(alice.email, PASSWORD) is None


def test_an_unknown_address_costs_a_hash_too(db: None) -> None:
    with patch("users.backends.make_password") as hashed:
        guess("unknown@example.com")
    assert hashed.call_count == 1


@pytest.mark.django_db(transaction=True)
def test_forty_guesses_at_once_check_five_passwords(alice: User) -> None:
    def guess_in_a_thread(_: int) -> None:
        guess(alice.email)
        connections.close_all()

    with (
        patch.object(User, "check_password", autospec=True, return_value=False) as checked,
        ThreadPoolExecutor(8, initializer=use_staff_role) as threads,
    ):
        list(threads.map(guess_in_a_thread, range(40)))
    assert checked.call_count == 5
