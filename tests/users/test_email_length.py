"""Email addresses of more than 254 characters are refused with the field, and never cut."""

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from tests.account_api import BROWSER, log_in_again, send, with_session
from tests.admin.conftest import office, signed_in  # noqa: F401 - fixtures
from users import services
from users.models import User

STRONG = "Zebra-crossing-42"
LABELS = ".".join(["d" * 60] * 4)
LIMIT = 254


def address(length: int) -> str:
    """Return a valid address of `length` characters."""
    return f"{'a' * (length - len(LABELS) - 1)}@{LABELS}"


TOO_LONG = [address(LIMIT + 1), address(300), f"{'a' * 64}@{'.'.join(['d' * 60] * 4)}.eu.example"]
# the first is one character too long in lower case only
FOLDED = [f"{'a' * (LIMIT - len(LABELS) - 2)}@İ{LABELS}"]


@pytest.mark.django_db
@pytest.mark.parametrize("email", [*TOO_LONG, *FOLDED])
@pytest.mark.parametrize("path", ["auth/signup", "auth/password/request"])
def test_the_account_api_names_the_field(email: str, path: str) -> None:
    response = send(path, {"email": email, "password": STRONG})
    assert response.status_code == 400
    [error] = response.json()["errors"]
    assert error["attr"] == "email"
    assert "254" in error["detail"]
    assert not User.objects.exists()


@pytest.mark.django_db
@pytest.mark.parametrize("email", [*TOO_LONG, *FOLDED])
def test_a_login_with_it_fails_like_with_any_unknown_address(email: str) -> None:
    assert send("auth/login", {"email": email, "password": STRONG}).status_code in (400, 401)
    assert Client().post("/admin/login/", {"login": email, "password": STRONG}).status_code == 200


@pytest.mark.parametrize("email", [*TOO_LONG, *FOLDED])
def test_a_change_of_the_address_names_the_field(alice: User, email: str) -> None:
    services.verify_email_by_staff(alice)
    session = log_in_again(alice.email)
    changed = send("account/email", {"email": email}, session)
    patched = with_session(session).patch("/api/v1/users/me/", {"email": email})
    for response in (changed, patched):
        assert (response.status_code, response.json()["errors"][0]["attr"]) == (400, "email")
    assert User.objects.get().email == "alice@example.com"


@pytest.mark.parametrize("email", [*TOO_LONG, *FOLDED])
def test_the_back_office_names_the_field(office: Client, email: str) -> None:  # noqa: F811
    body = {"email": email, "password1": STRONG, "password2": STRONG, "usable_password": "true"}
    response = office.post("/admin/users/user/add/", body)
    assert response.status_code == 200
    assert "254 characters" in response.content.decode()
    assert User.objects.count() == 1


@pytest.mark.django_db
@pytest.mark.parametrize("email", [*TOO_LONG, *FOLDED])
def test_a_command_explains_it(email: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DJANGO_SUPERUSER_PASSWORD", STRONG)
    with pytest.raises(CommandError, match="254 characters"):
        call_command("createsuperuser", interactive=False, email=email)
    assert not User.objects.exists()


@pytest.mark.django_db
def test_the_longest_address_is_stored_whole() -> None:
    email = address(LIMIT)
    assert send("auth/signup", {"email": email, "password": STRONG}).status_code == 401
    assert User.objects.get().email == email


@pytest.mark.django_db
def test_a_browser_gets_the_same_error() -> None:
    response = Client().post(f"{BROWSER}auth/signup", {"email": TOO_LONG[0], "password": STRONG}, "application/json")
    assert (response.status_code, response.json()["errors"][0]["attr"]) == (400, "email")
