"""Limits of the emails that strangers can cause to one address, shared by all processes, with the same response."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
import time_machine
from allauth.account.models import EmailAddress
from allauth.core.context import request_context
from django.core import mail
from django.core.cache import cache
from django.db import connection
from procrastinate.contrib.django.models import ProcrastinateJob
from pytest_django import Settings
from rest_framework.test import APIClient

from core import clock, rls
from core.errors import ConflictError
from tests.account_api import log_in_again, send
from users import mail_limits, services
from users.models import SentMail, User
from users.tasks import delete_old_mail_counts, send_reset_mail

STRONG = "Zebra-crossing-42"
START = "2026-11-22T12:00:00Z"


@pytest.fixture(autouse=True)
def frozen() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(START, tick=False) as traveller:
        yield traveller


@pytest.fixture
def known(alice: User) -> User:
    services.verify_email_by_staff(alice)
    return alice


def request_reset(email: str) -> object:
    """Request a reset, as after the limits of other processes, and run its job."""
    cache.clear()
    response = send("auth/password/request", {"email": email})
    send_reset_mail(**ProcrastinateJob.objects.filter(task_name="users.tasks.send_reset_mail").latest("pk").args)
    body = response.json()
    body["meta"].pop("session_token")
    return response.status_code, body


def sign_up(email: str) -> object:
    cache.clear()
    response = send("auth/signup", {"email": email, "password": STRONG})
    body = response.json()
    body.get("meta", {}).pop("session_token", None)
    return response.status_code, body


def received(email: str = "alice@example.com") -> int:
    return len([message for message in mail.outbox if email in message.recipients()])


def verification_key() -> str:
    """Return the key in the first mail."""
    [key] = [line for line in mail.outbox[0].body.splitlines() if line.count(":") == 2 and not set(" /") & set(line)]
    return key


def counted() -> int:
    with rls.as_accounts():
        return SentMail.objects.count()


@pytest.mark.parametrize("email", ["alice@example.com", "unknown@example.com"])
def test_eight_requests_for_a_reset_are_three_mails(known: User, email: str) -> None:
    responses = [request_reset(email) for _ in range(8)]
    assert received(email) == 3
    assert responses == responses[:1] * 8


def test_case_and_spaces_are_one_address(known: User) -> None:
    for email in ("alice@example.com", "ALICE@example.com", "Alice@Example.com", " alice@example.com ", "alice@EXAMPLE.com"):
        request_reset(email)
    assert received() == 3


def test_mails_are_sent_again_after_a_quarter_of_an_hour(known: User, frozen: time_machine.Traveller) -> None:
    for _ in range(4):
        request_reset(known.email)
    frozen.shift(timedelta(minutes=15, seconds=1))
    request_reset(known.email)
    assert received() == 4


def test_another_address_is_not_affected(known: User, bob: User) -> None:
    for _ in range(4):
        request_reset(known.email)
    request_reset(bob.email)
    assert received(bob.email) == 1


def test_the_first_link_stays_valid(known: User) -> None:
    for _ in range(5):
        request_reset(known.email)
    key = mail.outbox[0].body.split("/key/")[1].split()[0]
    assert send("auth/password/reset", {"key": key, "password": "Another-zebra-43"}).status_code in (200, 401)


@pytest.mark.parametrize("email", ["alice@example.com", "new@example.com"])
def test_eight_sign_ups_are_three_mails(known: User, email: str) -> None:
    responses = [sign_up(email) for _ in range(8)]
    assert received(email) == 3
    assert responses == responses[:1] * 8


def test_eight_logins_of_an_unverified_account_are_three_mails(db: None) -> None:
    sign_up("new@example.com")
    for _ in range(7):
        cache.clear()
        send("auth/login", {"email": "new@example.com", "password": STRONG})
    assert received("new@example.com") == 3


def test_changes_to_a_strangers_address_are_three_mails(known: User, as_owner: APIClient) -> None:
    for _ in range(8):
        cache.clear()
        assert as_owner.patch("/api/v1/users/me/", {"email": "victim@example.com"}).status_code == 200
    assert received("victim@example.com") == 3


def test_repeated_changes_keep_the_first_link_valid(known: User, as_owner: APIClient) -> None:
    for _ in range(5):  # allauth sends one mail in three minutes, but removed the address of the first link each time
        assert as_owner.patch("/api/v1/users/me/", {"email": "new@example.com"}).status_code == 200
    assert received("new@example.com") == 1
    assert send("auth/email/verify", {"key": verification_key()}).status_code in (200, 401)
    known.refresh_from_db()
    assert known.email == "new@example.com"


def test_the_total_of_a_day_is_limited_but_never_ends(known: User, frozen: time_machine.Traveller, settings: Settings) -> None:
    """A stranger could otherwise keep the owner from setting a new password for a day."""
    settings.MAILS_PER_ADDRESS_AND_DAY = 6
    for _ in range(4):
        for _ in range(4):
            request_reset(known.email)
        frozen.shift(timedelta(minutes=16))
    assert received() == 6
    frozen.shift(timedelta(minutes=45))
    for _ in range(4):
        request_reset(known.email)
    assert received() == 7
    frozen.shift(timedelta(hours=25))
    request_reset(known.email)
    assert received() == 8


def test_staff_are_told_that_the_limit_is_reached(alice: User, rf: object) -> None:
    alice.is_verified = False
    with request_context(rf.get("/")):
        for _ in range(3):
            services.resend_verification(request=rf.get("/"), user=alice)
        with pytest.raises(ConflictError, match="3 emails of this kind"):
            services.resend_verification(request=rf.get("/"), user=alice)
    assert received() == 3


def test_without_limits_every_mail_is_sent(known: User, settings: Settings) -> None:
    settings.RATE_LIMITS = False
    for _ in range(5):
        request_reset(known.email)
    assert received() == 5
    assert counted() == 0


def test_the_table_has_no_address(known: User) -> None:
    request_reset(known.email)
    with rls.as_accounts(), connection.cursor() as cursor:
        cursor.execute("SELECT users_sentmail::text FROM users_sentmail")
        rows = str(cursor.fetchall())
    assert "code" in rows
    assert "alice" not in rows
    assert b"alice".hex() not in rows


def test_counts_are_deleted_after_a_day(known: User, frozen: time_machine.Traveller) -> None:
    request_reset(known.email)
    frozen.shift(timedelta(hours=23))
    delete_old_mail_counts(0)
    assert counted() == 2  # the email and its code
    frozen.shift(timedelta(hours=2))
    delete_old_mail_counts(0)
    assert counted() == 0


@pytest.mark.django_db(transaction=True)
def test_parallel_requests_do_not_exceed_the_limit() -> None:
    def reserve(_: int) -> bool:
        try:
            with rls.as_accounts():
                return mail_limits.reserve("reset", "alice@example.com", now=clock.now())
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(reserve, range(16))) == 3


def test_a_pending_change_to_another_address_is_replaced(known: User, as_owner: APIClient) -> None:
    as_owner.patch("/api/v1/users/me/", {"email": "first@example.com"})
    as_owner.patch("/api/v1/users/me/", {"email": "second@example.com"})
    with rls.as_accounts():
        assert set(EmailAddress.objects.values_list("email", flat=True)) == {"alice@example.com", "second@example.com"}


def test_repeated_changes_by_the_account_api_keep_the_first_link_valid(known: User) -> None:
    session = log_in_again(known.email)
    for _ in range(3):
        send("account/email", {"email": "new@example.com"}, session)
    assert received("new@example.com") == 1
    assert send("auth/email/verify", {"key": verification_key()}).status_code in (200, 401)
