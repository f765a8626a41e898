"""Logins of apps from different networks and devices."""

import pytest
from django.http import HttpResponse
from django.test import Client
from pytest_django import Settings

from dev.factories import PASSWORD
from tests.account_api import APP
from users.models import User

STRANGER, OWNER = "203.0.113.1", "198.51.100.7"
WRONG = "wrong"
ME = "/api/v1/users/me/"


@pytest.fixture
def no_rates(settings: Settings) -> None:
    """Switch off the rate limits of addresses and networks, which come before these limits."""
    settings.RATE_LIMITS = False


def attempt(user: User, password: str = WRONG, *, ip: str = STRANGER, device: str = "", factor: str = "") -> HttpResponse:
    """Return the response to a login of an app, with a device token and the code of a second factor if there are any."""
    body = {"email": user.email, "password": password} | ({"code": factor} if factor else {})
    headers = {"X-Device-Token": device} if device else {}
    return Client(headers=headers, REMOTE_ADDR=ip).post(f"{APP}auth/login", body, content_type="application/json")


def fail(user: User, times: int, *, ip: str = STRANGER, device: str = "", factor: str = "") -> None:
    """Send wrong passwords, and require that each is refused."""
    assert [attempt(user, ip=ip, device=device, factor=factor).status_code for _ in range(times)] == [400] * times


def log_in_on_device(user: User, *, factor: str = "") -> str:
    """Log in, and return the device token that an app stores."""
    response = attempt(user, PASSWORD, ip=OWNER, factor=factor)
    assert response.status_code == 200
    return response.headers["X-Device-Token"]
