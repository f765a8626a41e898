"""Six-digit codes in emails: bound to the session, counted, short-lived, and used once."""

import re
from datetime import timedelta
from threading import Barrier, Thread
from typing import Any

import pytest
import time_machine
from django.core import mail
from django.core.cache import cache
from django.db import connection
from procrastinate.contrib.django.models import ProcrastinateJob
from pytest_django import Settings

from core import clock
from dev.factories import PASSWORD
from tests.account_api import log_in_again, mailed_verification_key, send, with_session
from tests.sign_in import give_factor
from users import services
from users.models import EmailCode, User
from users.tasks import delete_old_email_codes, send_reset_mail

NEW = {"email": "carol@example.com", "password": "Zebra-crossing-42"}
STRONG = "Another-zebra-43"


def mailed_code() -> str:
    return re.search(r"^(\d{6})$", mail.outbox[-1].body, re.MULTILINE)[1]


def wrong(code: str) -> str:
    return f"{(int(code) + 1) % 1_000_000:06}"


def code_of(response: Any) -> tuple[int, str, str]:
    [error] = response.json()["errors"]
    return response.status_code, error["code"], error["attr"]


def signed_up() -> str:
    """Sign up and return the session's token."""
    return send("auth/signup", NEW).json()["meta"]["session_token"]


def ask_for_reset(email: str, session: str = "") -> str:
    """Ask for a new password, run the job, and return the session's token."""
    response = send("auth/password/request", {"email": email}, session)
    assert response.status_code == 200
    send_reset_mail(**ProcrastinateJob.objects.filter(task_name="users.tasks.send_reset_mail").latest("pk").args)
    return session or response.json()["meta"]["session_token"]


@pytest.mark.django_db
class TestVerification:
    def test_the_code_verifies_and_logs_in_the_session_that_signed_up(self) -> None:
        session = signed_up()
        response = send("auth/email/verify", {"code": mailed_code()}, session)
        assert response.status_code == 200
        token = response.json()["meta"].get("session_token", session)
        me = with_session(token).get("/api/v1/users/me/").json()
        assert (me["email"], me["is_verified"]) == (NEW["email"], True)

    def test_another_session_cannot_use_the_code(self) -> None:
        signed_up()
        code = mailed_code()
        other = send("auth/signup", {**NEW, "email": "dora@example.com"}).json()["meta"]["session_token"]
        assert code_of(send("auth/email/verify", {"code": code}, other)) == (400, "wrong_code", "code")
        assert code_of(send("auth/email/verify", {"code": code})) == (400, "wrong_code", "code")
        assert not User.objects.get(email=NEW["email"]).is_verified

    def test_the_link_of_the_same_email_logs_in_no_other_session(self) -> None:
        signed_up()
        response = send("auth/email/verify", {"key": mailed_verification_key()})
        assert response.status_code == 401
        assert User.objects.get(email=NEW["email"]).is_verified

    def test_it_never_logs_in_past_a_second_factor(self) -> None:
        session = signed_up()
        give_factor(User.objects.get(email=NEW["email"]))
        response = send("auth/email/verify", {"code": mailed_code()}, session)
        assert response.status_code == 401
        assert "mfa_authenticate" in {flow["id"] for flow in response.json()["data"]["flows"] if flow.get("is_pending")}
        token = response.json()["meta"].get("session_token", session)
        assert with_session(token).get("/api/v1/users/me/").status_code == 401

    def test_a_deactivated_account_does_not_get_in(self) -> None:
        session = signed_up()
        User.objects.filter(email=NEW["email"]).update(is_active=False)
        response = send("auth/email/verify", {"code": mailed_code()}, session)
        token = response.json().get("meta", {}).get("session_token", session)
        assert with_session(token).get("/api/v1/users/me/").status_code == 401

    def test_it_works_once(self) -> None:
        session = signed_up()
        code = mailed_code()
        send("auth/email/verify", {"code": code}, session)
        assert send("auth/email/verify", {"code": code}, session).status_code == 410  # the login has replaced the session

    def test_a_new_code_replaces_the_former_one(self) -> None:
        session = signed_up()
        former = mailed_code()
        with time_machine.travel(clock.now() + timedelta(seconds=61)):
            assert send("auth/email/verify/resend", {}, session).status_code == 200
            newer = mailed_code()
            assert former == newer or send("auth/email/verify", {"code": former}, session).status_code == 400
            assert send("auth/email/verify", {"code": newer}, session).status_code == 200

    def test_an_unverified_account_that_logs_in_gets_a_code_for_that_session(self) -> None:
        signed_up()
        cache.clear()  # as after three minutes
        session = send("auth/login", NEW).json()["meta"]["session_token"]
        assert send("auth/email/verify", {"code": mailed_code()}, session).status_code == 200

    def test_a_session_without_an_email_can_ask_for_one(self) -> None:
        signed_up()
        session = send("auth/login", NEW).json()["meta"]["session_token"]  # too early for another email
        assert send("auth/email/verify/resend", {}, session).status_code == 200
        assert send("auth/email/verify", {"code": mailed_code()}, session).status_code == 200

    def test_a_session_without_an_account_has_nothing_to_verify(self) -> None:
        assert code_of(send("auth/email/verify/resend", {})) == (409, "nothing_to_verify", None)

    @pytest.mark.parametrize("body", [{}, {"code": ""}, {"key": "a:b:c", "code": "123456"}])
    def test_either_a_code_or_a_key_is_sent(self, body: dict[str, str]) -> None:
        assert code_of(send("auth/email/verify", body))[:2] == (400, "key_or_code")

    def test_a_change_of_the_address_is_confirmed_by_a_code(self, alice: User) -> None:
        services.verify_email_by_staff(alice)
        session = log_in_again(alice.email)
        assert with_session(session).patch("/api/v1/users/me/", {"email": "new@example.com"}, format="json").status_code == 200
        assert send("auth/email/verify", {"code": mailed_code()}, session).status_code == 200
        alice.refresh_from_db()
        assert alice.email == "new@example.com"

    def test_a_code_of_a_change_is_of_no_use_to_another_user(self, alice: User, bob: User) -> None:
        for user in (alice, bob):
            services.verify_email_by_staff(user)
        session = log_in_again(alice.email)
        with_session(session).patch("/api/v1/users/me/", {"email": "new@example.com"}, format="json")
        assert send("auth/email/verify", {"code": mailed_code()}, log_in_again(bob.email)).status_code == 400


@pytest.mark.django_db
class TestLimits:
    def test_five_wrong_codes_end_the_right_one(self) -> None:
        session = signed_up()
        code = mailed_code()
        for _ in range(5):
            assert code_of(send("auth/email/verify", {"code": wrong(code)}, session)) == (400, "wrong_code", "code")
        assert code_of(send("auth/email/verify", {"code": code}, session)) == (400, "wrong_code", "code")

    @pytest.mark.parametrize(("minutes", "status"), [(14, 200), (15, 400)])
    def test_a_code_is_valid_for_fifteen_minutes(self, minutes: int, status: int, alice: User) -> None:
        session = ask_for_reset(alice.email)
        body = {"code": mailed_code(), "password": STRONG}
        with time_machine.travel(clock.now() + timedelta(minutes=minutes)):
            expected = 401 if status == 200 else status  # a new password does not log in
            assert send("auth/password/reset", body, session).status_code == expected

    @pytest.mark.parametrize("email", ["alice@example.com", "unknown@example.com"])
    def test_a_new_code_is_sent_every_minute_at_most(self, email: str, alice: User) -> None:
        session = ask_for_reset(email)
        response = send("auth/password/request", {"email": email}, session)
        assert code_of(response) == (429, "too_many_codes", None)
        assert 0 < int(response["Retry-After"]) <= 60

    @pytest.mark.parametrize("email", ["alice@example.com", "unknown@example.com"])
    def test_a_session_gets_five_codes_a_day(self, email: str, alice: User) -> None:
        session = ask_for_reset(email)
        for minutes in (20, 40, 60, 80):
            with time_machine.travel(clock.now() + timedelta(minutes=minutes)):
                ask_for_reset(email, session)
        with time_machine.travel(clock.now() + timedelta(minutes=100)):
            response = send("auth/password/request", {"email": email}, session)
        assert code_of(response)[1] == "too_many_codes"
        assert int(response["Retry-After"]) > 20 * 3600

    def test_too_many_emails_to_an_address_leave_the_former_code_valid(self, settings: Settings, alice: User) -> None:
        settings.RATE_LIMITS, settings.MAILS_PER_ADDRESS = True, 1
        session = ask_for_reset(alice.email)
        code = mailed_code()
        with time_machine.travel(clock.now() + timedelta(minutes=2)):
            ask_for_reset(alice.email, session)
            assert send("auth/password/reset", {"code": code, "password": STRONG}, session).status_code == 401

    def test_an_address_gets_five_codes_a_day_over_all_sessions(self, settings: Settings, alice: User) -> None:
        settings.RATE_LIMITS, settings.MAILS_PER_ADDRESS = True, 100
        for number in range(6):
            with time_machine.travel(clock.now() + timedelta(hours=number)):
                ask_for_reset(alice.email)
            assert "/reset/key/" in mail.outbox[-1].body
            assert bool(re.search(r"^\d{6}$", mail.outbox[-1].body, re.MULTILINE)) is (number < 5)
        with time_machine.travel(clock.now() + timedelta(hours=25)):
            ask_for_reset(alice.email)
        assert mailed_code()

    def test_codes_are_deleted_after_a_day(self, alice: User) -> None:
        ask_for_reset(alice.email)
        with time_machine.travel(clock.now() + timedelta(hours=23)):
            delete_old_email_codes(0)
        assert EmailCode.objects.count() == 1
        with time_machine.travel(clock.now() + timedelta(hours=25)):
            delete_old_email_codes(0)
        assert not EmailCode.objects.exists()


@pytest.mark.django_db
class TestReset:
    def test_a_code_sets_a_new_password(self, alice: User) -> None:
        session = ask_for_reset(alice.email)
        assert send("auth/password/reset", {"code": mailed_code(), "password": STRONG}, session).status_code == 401
        alice.refresh_from_db()
        assert alice.check_password(STRONG)

    def test_a_weak_password_does_not_use_up_the_code(self, alice: User) -> None:
        session = ask_for_reset(alice.email)
        for _ in range(6):
            response = send("auth/password/reset", {"code": mailed_code(), "password": "12345678"}, session)
            assert {error["attr"] for error in response.json()["errors"]} == {"password"}
        assert send("auth/password/reset", {"code": mailed_code(), "password": STRONG}, session).status_code == 401

    def test_a_code_works_once(self, alice: User) -> None:
        session = ask_for_reset(alice.email)
        body = {"code": mailed_code(), "password": STRONG}
        send("auth/password/reset", body, session)
        assert code_of(send("auth/password/reset", body, session)) == (400, "wrong_code", "code")

    def test_another_session_cannot_use_the_code(self, alice: User) -> None:
        ask_for_reset(alice.email)
        code = mailed_code()
        other = ask_for_reset("unknown@example.com")
        assert code_of(send("auth/password/reset", {"code": code, "password": STRONG}, other))[1] == "wrong_code"

    def test_an_address_without_an_account_gets_the_same_responses(self, alice: User) -> None:
        for email in (alice.email, "unknown@example.com"):
            session = ask_for_reset(email)
            response = send("auth/password/reset", {"code": "abcdef", "password": STRONG}, session)
            assert code_of(response) == (400, "wrong_code", "code")

    def test_a_code_for_a_new_password_verifies_no_address(self) -> None:
        session = signed_up()
        ask_for_reset(NEW["email"], session)
        assert code_of(send("auth/email/verify", {"code": mailed_code()}, session))[1] == "wrong_code"

    def test_only_a_keyed_hash_is_stored(self, alice: User) -> None:
        ask_for_reset(alice.email)
        with connection.cursor() as cursor:
            cursor.execute("SELECT users_emailcode::text FROM users_emailcode")
            [[row]] = cursor.fetchall()
        assert mailed_code() not in row.split(",")[1]
        assert alice.email not in row


@pytest.mark.django_db(transaction=True)
def test_parallel_guesses_are_counted(alice: User) -> None:
    session = ask_for_reset(alice.email)
    code, begin, statuses = mailed_code(), Barrier(20), []

    def guess(typed: str) -> None:
        begin.wait()
        statuses.append(send("auth/password/reset", {"code": typed, "password": PASSWORD}, session).status_code)
        connection.close()

    guesses = [Thread(target=guess, args=[wrong(code)]) for _ in range(20)]
    for each in guesses:
        each.start()
    for each in guesses:
        each.join()
    assert statuses == [400] * 20
    assert EmailCode.objects.get().attempts == 5
