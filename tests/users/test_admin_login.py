"""Login to the back office with a password and a second factor, which the first login sets up."""

import re

import pytest
from allauth.mfa.models import Authenticator
from django.http import HttpResponse
from django.test import Client

from core import clock
from dev.factories import PASSWORD, UserFactory
from tests.sign_in import code, give_factor, recovery_codes, sign_in, sign_in_with_password
from users.models import User

pytestmark = pytest.mark.usefixtures("stopped_clock")  # for the one-time codes
LOGIN = "/admin/login/?next=/admin/users/user/"
CODE = "/admin/second-factor/?next=%2Fadmin%2Fusers%2Fuser%2F"
SET_UP = "/admin/second-factor/set-up/?next=%2Fadmin%2Fusers%2Fuser%2F"
WRONG = "Please enter the correct email and password for a staff account."


@pytest.fixture
def browser() -> Client:
    return Client(enforce_csrf_checks=False)


def password(browser: Client, user: User, text: str = PASSWORD) -> HttpResponse:
    return browser.post(LOGIN, {"login": user.email, "password": text})


def test_a_login_in_two_steps_opens_the_requested_page(browser: Client, administrator: User) -> None:
    give_factor(administrator)
    assert password(browser, administrator).headers["Location"] == CODE
    assert browser.get(CODE).status_code == 200
    assert browser.post(CODE, {"code": code()}).headers["Location"] == "/admin/users/user/"
    assert browser.get("/admin/users/user/").status_code == 200


def test_a_wrong_code_opens_nothing(browser: Client, administrator: User) -> None:
    give_factor(administrator)
    password(browser, administrator)
    assert "Incorrect code" in browser.post(CODE, {"code": "000000"}).content.decode()
    assert browser.get("/admin/").status_code == 302


def test_guesses_of_codes_are_limited(browser: Client, administrator: User) -> None:
    give_factor(administrator)
    password(browser, administrator)
    pages = [browser.post(CODE, {"code": "000000"}).content.decode() for _ in range(6)]
    assert "Too many failed login attempts" in pages[-1]
    assert "Too many failed login attempts" in browser.post(CODE, {"code": code()}).content.decode()


def test_a_code_works_once(administrator: User) -> None:
    give_factor(administrator)
    first, second, shown = Client(), Client(), code()
    password(first, administrator)
    password(second, administrator)
    assert first.post(CODE, {"code": shown}).status_code == 302
    assert second.post(CODE, {"code": shown}).status_code == 200


def test_a_recovery_code_works_once(administrator: User) -> None:
    give_factor(administrator)
    [recovery, *_] = recovery_codes(administrator)
    first, second = Client(), Client()
    password(first, administrator)
    assert first.post(CODE, {"code": recovery}).headers["Location"] == "/admin/users/user/"
    password(second, administrator)
    assert second.post(CODE, {"code": recovery}).status_code == 200


def test_the_first_login_sets_up_a_factor_and_shows_codes_once(browser: Client, administrator: User) -> None:
    assert password(browser, administrator).headers["Location"] == SET_UP
    page = browser.get(SET_UP).content.decode()
    secret = re.search(r'id="secret">(\w+)<', page)[1]
    done = browser.post(SET_UP, {"code": code(secret)}).content.decode()
    assert len(re.findall(r"<li>\d{8}</li>", done)) == 10
    assert "<svg" in page
    assert browser.get("/admin/users/user/").status_code == 200
    assert browser.get(SET_UP).status_code == 302


def test_the_secret_of_a_factor_is_encrypted(browser: Client, administrator: User) -> None:
    password(browser, administrator)
    secret = re.search(r'id="secret">(\w+)<', browser.get(SET_UP).content.decode())[1]
    browser.post(SET_UP, {"code": code(secret)})
    stored = str(list(Authenticator.objects.values())) + str(list(administrator.usersession_set.values()))
    assert secret not in stored


def test_a_wrong_first_code_sets_nothing_up(browser: Client, administrator: User) -> None:
    password(browser, administrator)
    browser.get(SET_UP)
    assert "Incorrect code" in browser.post(SET_UP, {"code": "000000"}).content.decode()
    assert not Authenticator.objects.exists()


def test_an_existing_factor_cannot_be_replaced_by_a_new_one(browser: Client, administrator: User) -> None:
    sign_in_with_password(browser, administrator)
    give_factor(administrator)
    assert browser.get(SET_UP).status_code == 302
    assert browser.post(SET_UP, {"code": code()}).headers["Location"].startswith("/admin/login/")


def test_a_factor_needs_a_recent_password(browser: Client, administrator: User) -> None:
    sign_in_with_password(browser, administrator)
    assert browser.get(SET_UP).headers["Location"].startswith("/admin/login/")


def test_an_older_session_needs_only_the_new_factor(browser: Client, administrator: User) -> None:
    sign_in_with_password(browser, administrator)
    give_factor(administrator)
    assert browser.post(CODE, {"code": code()}).headers["Location"] == "/admin/users/user/"
    assert browser.get("/admin/").status_code == 200


@pytest.mark.parametrize("text", [PASSWORD, "wrong"])
def test_customers_and_unknown_users_get_the_same_page(text: str, alice: User) -> None:
    known = Client().post(LOGIN, {"login": alice.email, "password": text})
    unknown = Client().post(LOGIN, {"login": "unknown@example.com", "password": text})
    assert WRONG in known.content.decode()
    assert bare(known).replace(alice.email, "?") == bare(unknown).replace("unknown@example.com", "?")
    assert known.status_code == unknown.status_code


def bare(response: HttpResponse) -> str:
    """Return a page without its random CSRF token."""
    return re.sub(r'csrfmiddlewaretoken" value="\w+"', "", response.content.decode())


def test_five_wrong_passwords_lock_the_account(browser: Client, administrator: User) -> None:
    pages = [password(browser, administrator, "wrong").content.decode() for _ in range(5)]
    administrator.refresh_from_db()
    assert administrator.is_locked
    assert all(WRONG in page for page in pages)
    assert WRONG in password(browser, administrator).content.decode()


def test_the_form_needs_its_csrf_token(administrator: User) -> None:
    strict = Client(enforce_csrf_checks=True)
    assert password(strict, administrator).status_code == 403


@pytest.mark.parametrize("target", ["//evil.example/", "https://evil.example/admin/", "/admin\\@evil.example", "/api/docs/"])
def test_the_redirect_stays_in_the_back_office(target: str, browser: Client, administrator: User) -> None:
    give_factor(administrator)
    browser.post("/admin/login/", {"login": administrator.email, "password": PASSWORD}, query_params={"next": target})
    done = browser.post("/admin/second-factor/", {"code": code()}, query_params={"next": target})
    assert done.headers["Location"] == "/admin/"


def test_an_unverified_address_is_refused(browser: Client, db: None) -> None:
    new = UserFactory(is_staff=True, is_verified=False)
    assert "not verified yet" in password(browser, new).content.decode()
    assert browser.get("/admin/").status_code == 302


def test_a_logged_in_user_is_redirected(browser: Client, administrator: User) -> None:
    sign_in(browser, administrator)
    assert browser.get(LOGIN).headers["Location"] == "/admin/users/user/"


@pytest.mark.parametrize("path", [LOGIN, CODE, SET_UP])
def test_the_pages_are_not_stored_by_the_browser(path: str, browser: Client, administrator: User) -> None:
    password(browser, administrator)
    assert "no-store" in browser.get(path).headers["Cache-Control"]


@pytest.mark.parametrize("form", [{}, {"login": "a\x00b@example.com", "password": "x"}, {"login": "x", "password": "\x00"}])
@pytest.mark.django_db
def test_an_invalid_form_is_no_error(form: dict[str, str], browser: Client) -> None:
    assert browser.post(LOGIN, form).status_code == 200


def test_the_login_time_is_stored(browser: Client, administrator: User) -> None:
    before = clock.now()
    password(browser, administrator)
    administrator.refresh_from_db()
    assert administrator.last_login_at is not None
    assert administrator.last_login_at >= before


@pytest.mark.parametrize("credential", ["", "{}", "[]", '{"id": "x", "rawId": "x", "type": "public-key", "response": {}}'])
def test_an_invalid_security_key_is_refused(credential: str, browser: Client, administrator: User) -> None:
    give_factor(administrator)
    password(browser, administrator)
    assert browser.post(CODE, {"credential": credential}).status_code == 200
    assert browser.get("/admin/").status_code == 302
