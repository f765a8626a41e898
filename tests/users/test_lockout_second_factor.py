"""A code of a second factor gets its owner in during a lock."""

from datetime import timedelta

import pytest
import time_machine
from django.test import Client
from pytest_django import Settings

from core import clock
from dev.factories import PASSWORD
from tests.account_api import with_session
from tests.sign_in import code, give_factor, recovery_codes
from tests.users.login_attempts import ME, OWNER, STRANGER, attempt, fail, log_in_on_device, no_rates
from users.models import User

__all__ = ["no_rates"]

pytestmark = pytest.mark.usefixtures("no_rates")


@pytest.mark.usefixtures("stopped_clock")
class TestSecondFactor:
    """A code beside the password gets in during a lock."""

    @pytest.fixture(autouse=True)
    def locked(self, alice: User) -> None:
        give_factor(alice)
        self.recovery_code = recovery_codes(alice)[0]
        fail(alice, 5)

    def test_a_code_of_an_app_gets_in(self, alice: User) -> None:
        done = attempt(alice, PASSWORD, factor=code())
        assert done.status_code == 200
        assert with_session(done.json()["meta"]["session_token"]).get(ME).status_code == 200

    def test_a_recovery_code_gets_in(self, alice: User) -> None:
        assert attempt(alice, PASSWORD, factor=self.recovery_code).status_code == 200

    def test_a_code_gets_in_once(self, alice: User) -> None:
        assert [attempt(alice, PASSWORD, factor=self.recovery_code).status_code for _ in range(2)] == [200, 400]

    def test_a_code_without_the_password_does_not(self, alice: User) -> None:
        assert attempt(alice, factor=code()).status_code == 400

    def test_a_wrong_code_does_not(self, alice: User) -> None:
        assert attempt(alice, PASSWORD, factor="000000").status_code == 400

    def test_a_network_has_five_codes(self, alice: User) -> None:
        fail(alice, 5, factor="000000")
        assert attempt(alice, PASSWORD, factor=code()).status_code == 400
        assert attempt(alice, PASSWORD, factor=code(), ip=OWNER).status_code == 200

    def test_a_known_device_without_attempts_gets_in_too(self, alice: User) -> None:
        User.objects.filter(pk=alice.pk).update(locked_until=None)
        device = log_in_on_device(alice, factor=self.recovery_code)
        fail(alice, 5, device=device)
        assert attempt(alice, PASSWORD, device=device).status_code == 400
        assert attempt(alice, PASSWORD, device=device, factor=code()).status_code == 200

    def test_codes_are_limited_for_all_networks_together(self, alice: User, settings: Settings) -> None:
        settings.LOGIN_ACCOUNT_LIMIT = 6
        for ip in ("192.0.2.1", STRANGER):  # of a stranger who knows the password
            assert [attempt(alice, PASSWORD, ip=ip, factor="000000").status_code for _ in range(3)] == [400] * 3
        assert attempt(alice, PASSWORD, ip=OWNER, factor=code()).status_code == 400
        with time_machine.travel(clock.now() + timedelta(minutes=16), tick=False):
            fail(alice, 5)
            assert attempt(alice, PASSWORD, ip=OWNER, factor=code()).status_code == 200

    def test_a_stranger_without_the_password_does_not_use_them_up(self, alice: User, settings: Settings) -> None:
        settings.LOGIN_ACCOUNT_LIMIT = 6
        for ip in ("192.0.2.1", "192.0.3.1", STRANGER):
            fail(alice, 4, ip=ip, factor="000000")
        assert attempt(alice, PASSWORD, ip=OWNER, factor=code()).status_code == 200

    def test_a_code_beside_a_wrong_password_stays_unused(self, alice: User) -> None:
        assert attempt(alice, factor=code()).status_code == 400
        assert attempt(alice, PASSWORD, factor=code()).status_code == 200

    def test_an_account_without_a_factor_stays_locked(self, bob: User) -> None:
        fail(bob, 5)
        assert attempt(bob, PASSWORD, factor=code()).status_code == 400


@pytest.mark.usefixtures("stopped_clock")
def test_a_code_beside_the_password_completes_any_login(alice: User) -> None:
    give_factor(alice)
    assert attempt(alice, PASSWORD, factor="000000").status_code == 401  # asks for the code, as without one
    done = attempt(alice, PASSWORD, factor=code())
    assert done.status_code == 200
    with time_machine.travel(clock.now() + timedelta(minutes=1), tick=False):  # on a device that is known by now
        assert attempt(alice, PASSWORD, factor=code(), device=done.headers["X-Device-Token"]).status_code == 200


@pytest.mark.usefixtures("stopped_clock")
def test_a_code_gets_staff_into_the_back_office(administrator: User) -> None:
    give_factor(administrator)
    fail(administrator, 5)
    office, body = Client(REMOTE_ADDR=OWNER), {"login": administrator.email, "password": PASSWORD}
    refused = office.post("/admin/login/", body)
    assert "a code of the second factor" in " ".join(refused.content.decode().split())
    assert office.post("/admin/login/", body | {"code": code()}).headers["Location"] == "/admin/"
    assert office.get("/admin/").status_code == 200
